import { badArguments } from '../../tools/arguments.js';
import { objectSchema } from '../../tools/file-tools.js';
import type { Tool } from '../../tools/tool.js';

const stepLimit = 20;
const stepChars = 120;

/** The list of steps that a model keeps of its own work, so that its progress has something that is counted. */
export class PlanList {
  private steps: readonly { readonly text: string; readonly done: boolean }[] = [];

  /** What is done of the list; null while there is none. */
  progress(): { readonly fraction: number; readonly basis: string } | null {
    if (this.steps.length === 0) return null;
    const done = this.steps.filter((step) => step.done).length;
    return { fraction: done / this.steps.length, basis: `${done} of ${this.steps.length} steps of its own list` };
  }

  /** The tool with which the model writes and ticks off the list. */
  tool(): Tool {
    const step = objectSchema({ text: { type: 'string' }, done: { type: 'boolean' } }, ['text', 'done']);
    return {
      spec: {
        name: 'update_plan',
        description: 'Writes down the steps of your work, or which of them are done. Give the whole list each time.',
        parameters: objectSchema({ steps: { type: 'array', items: step, minItems: 1 } }, ['steps']),
      },
      run: async (args) => {
        const { steps } = args;
        if (!Array.isArray(steps) || steps.length === 0) throw badArguments('"steps" must be a list');
        this.steps = steps.slice(0, stepLimit).map(readStep);
        return `Noted: ${this.progress()?.basis ?? ''}.`;
      },
    };
  }
}

function readStep(step: unknown): { text: string; done: boolean } {
  if (typeof step === 'string') return { text: step.slice(0, stepChars), done: false };
  const { text, done } = (step ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof text !== 'string') throw badArguments('each step needs a "text"');
  return { text: text.slice(0, stepChars), done: done === true };
}
