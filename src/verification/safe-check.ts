import type { CheckSpec } from '../task/definition-of-done.js';

/** Programs that a check has no use for: they change the machine, reach out, or hide what is run. */
const refusedPrograms = new Set([
  ...['sh', 'bash', 'zsh', 'dash', 'fish', 'cmd', 'powershell', 'pwsh', 'env', 'xargs', 'eval', 'exec'],
  ...['sudo', 'su', 'doas', 'rm', 'rmdir', 'mv', 'dd', 'mkfs', 'chmod', 'chown', 'kill', 'pkill', 'killall'],
  ...['curl', 'wget', 'ssh', 'scp', 'rsync', 'nc', 'git', 'docker', 'npx', 'pip', 'apt', 'apt-get', 'systemctl'],
]);

/** Succeed whatever was done, so they are no evidence. */
const emptyPrograms = new Set(['true', 'echo', 'printf', 'ls', 'pwd', 'cat', 'sleep', ':']);

const partLimit = 200;

/**
 * Whether a proposed check may be added. It must stay in the workspace, run a plain program, and be one that can be run
 * from a proposal: a review is the supervisor's to order.
 */
export function isSafeCheck(check: CheckSpec): boolean {
  if (check.check === 'review_approved') return false;
  if (check.check === 'coverage_at_least' && !isPercent(check.percent)) return false;
  if ((check.paths ?? []).some((path) => !isInsidePath(path))) return false;
  if (check.check === 'file_exists') return (check.paths ?? []).length > 0;
  if (check.check !== 'command_succeeds') return true;
  const [program, ...args] = check.command ?? [];
  if (program === undefined || !isInsidePath(program)) return false;
  const name = program.split('/').at(-1) ?? '';
  if (refusedPrograms.has(name) || emptyPrograms.has(name)) return false;
  return args.length < partLimit && args.every((arg) => !arg.includes('\0') && isInsidePath(arg, true));
}

function isPercent(percent: number | undefined): boolean {
  return percent !== undefined && percent > 0 && percent <= 100;
}

function isInsidePath(path: string, argument = false): boolean {
  if (path === '' || path.includes('\0') || path.includes('\\')) return argument && !path.includes('\0');
  if (path.startsWith('/') || path.startsWith('~') || /^[a-z]:/i.test(path)) return false;
  return !path.split('/').includes('..');
}
