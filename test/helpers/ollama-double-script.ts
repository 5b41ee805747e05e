import { fullName } from './ollama-double-models.js';

/** What the server does with one request; the first step that matches is taken. Plain data: a script file holds these. */
export interface Step {
  /** Matches all requests without it. `text` is looked for in the newest message. */
  readonly when?: { readonly path?: string; readonly model?: string; readonly text?: string };
  /** How many requests it serves; 1 by default, 0 for all. */
  readonly times?: number;
  /** The answer, streamed in these pieces (a string is cut into words). */
  readonly answer?: string | readonly string[];
  /** Calls in `message.tool_calls`, as models with a template for tools give them. */
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: Readonly<Record<string, unknown>> }[];
  readonly thinking?: readonly string[];
  readonly doneReason?: 'stop' | 'length';
  /** Lines of a stream instead, as they are; it then ends. */
  readonly lines?: readonly unknown[];
  /** A recorded answer instead, sent byte for byte. */
  readonly recording?: string;
  readonly fault?: Fault;
  /** A pull that succeeds; for the path `/api/pull`. */
  readonly pull?: PullScript;
  /** Waits before the headers: as if it were loading, or, with a machine, with the model and its slot. */
  readonly delayMs?: number;
  readonly pieceDelayMs?: number;
}

/** A pull that goes well, or nearly. */
export interface PullScript {
  /** Size of the model file in MB of 1,048,576 bytes; 100 by default. */
  readonly sizeMb?: number;
  /** In how many lines its bytes come; 4 by default. */
  readonly pieces?: number;
  /** Ends with this error, under the status 200, when the bytes are there. */
  readonly error?: string;
}

/**
 * `missing-model`, `no-tools`, `busy`, `bad-option`, `bad-json`: the recorded (or documented) status. `error-line`: the
 * recorded runner crash within a 200 stream. `cut`: the recorded stream of a killed server. `cut-within-line`: the socket
 * is destroyed in the middle of a line. `no-done`: the body ends regularly, but without its last line. `gone-after-accept`:
 * the socket is destroyed when the request is read. `gone-after-headers`: destroyed after the headers. `never-answers`: no
 * headers. `stall`: two pieces and then nothing. `overflow`: the documented 400. `html`: another web server.
 */
export type Fault =
  | 'missing-model'
  | 'no-tools'
  | 'busy'
  | 'bad-option'
  | 'bad-json'
  | 'error-line'
  | 'cut'
  | 'cut-within-line'
  | 'no-done'
  | 'gone-after-accept'
  | 'gone-after-headers'
  | 'never-answers'
  | 'stall'
  | 'overflow'
  | 'html';

/** What goes wrong in the model's own process, and so, with a machine, when the request has its slot. */
const runnerFaults: readonly Fault[] = [
  'error-line',
  'cut',
  'cut-within-line',
  'no-done',
  'gone-after-headers',
  'never-answers',
  'stall',
];

/** Whether a step is played before anybody asks for the model. */
export function isRefusal(step: Step): boolean {
  return step.fault !== undefined && !runnerFaults.includes(step.fault);
}

/** Whether a step is about this request. */
export function matches(step: Step, path: string, body: Readonly<Record<string, unknown>>): boolean {
  const { when } = step;
  const messages = Array.isArray(body.messages) ? body.messages : [];
  // Without a path a step is about generating: a load or a question about the server does not use it up.
  if (when?.path === undefined ? messages.length === 0 && !body.prompt : when.path !== path) return false;
  if (when?.model !== undefined && fullName(when.model) !== fullName(String(body.model))) return false;
  if (when?.text === undefined) return true;
  const newest = messages.at(-1) as { content?: unknown } | undefined;
  return String(newest?.content ?? body.prompt ?? '').includes(when.text);
}
