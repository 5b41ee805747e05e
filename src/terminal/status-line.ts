import type { ActiveTask } from '../supervisor/port.js';
import { sanitize } from './sanitize.js';
import { textWidth, truncateToWidth } from './text-width.js';

/** Tasks shown with a line of their own; the rest is a count (design: "Status line"). */
const shownTasks = 3;

/** Memory as people read it: `776 MB`, `8.1 GB`. */
function formatMemory(megabytes: number): string {
  return megabytes < 1000 ? `${Math.round(megabytes)} MB` : `${(megabytes / 1024).toFixed(1)} GB`;
}

function icon(active: ActiveTask): string {
  if (active.task.usedFallback) return '⚠️';
  if (active.phase === 'starting' || active.phase === 'loading') return '⏳';
  if (active.task.role === 'plan') return '📋';
  if (active.task.type === 'review' || active.task.status === 'in_review') return '🔍';
  if (active.phase === 'checking' || active.task.type === 'test') return '🧪';
  return /\bplan/i.test(active.task.progress.message) ? '📋' : '⚙️';
}

function doing(active: ActiveTask): string {
  if (active.phase === 'starting') return 'starting';
  if (active.phase === 'loading') return 'loading model...';
  const message = sanitize(active.task.progress.message).replace(/\s+/g, ' ').trim();
  if (message !== '') return message;
  if (active.task.role === 'plan') return 'planning';
  return active.phase === 'checking' ? 'checking the result' : sanitize(active.task.title).replace(/\s+/g, ' ');
}

function source(active: ActiveTask): string {
  const parts = [];
  if (active.task.modelUsed !== null) parts.push(sanitize(active.task.modelUsed));
  if (active.memoryMb !== null) parts.push(`${formatMemory(active.memoryMb)} RAM`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

function statusLine(active: ActiveTask, columns: number): string {
  const fraction = active.task.progress.fraction;
  const percent = fraction === null ? '' : ` (${Math.round(fraction * 100)}%)`;
  const head = `[Status: ${active.task.agent}${source(active)}: `;
  const tail = `${percent} ${icon(active)}]`;
  const room = columns - textWidth(head) - textWidth(tail);
  // What the task does gives way first; in a very narrow window the end of the line goes too.
  if (room >= 8) return `${head}${truncateToWidth(doing(active), room)}${tail}`;
  return truncateToWidth(`[${active.task.id}${percent} ${doing(active)} ${icon(active)}]`, columns);
}

/**
 * The lines above the prompt: one for each running task up to three, then a count, each at most `columns` wide.
 * Example: `[Status: Code Agent (qwen2.5-coder:14b, 8.1 GB RAM): implementing auth (60%) ⚙️]`.
 */
export function statusLines(active: readonly ActiveTask[], columns: number): string[] {
  const lines = active.slice(0, shownTasks).map((task) => statusLine(task, columns));
  const more = active.length - shownTasks;
  if (more > 0) lines.push(truncateToWidth(`[Status: ${more} more ${more === 1 ? 'task' : 'tasks'} running]`, columns));
  return lines;
}
