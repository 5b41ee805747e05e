import type { ChatMessage } from '../../providers/provider.js';
import type { Language } from './language.js';
import type { CodeRequest, Target } from './request.js';
import { outlineFor } from './source-outline.js';

/** Longest existing file that a prompt shows whole, in characters. */
const existingLimit = 3_000;

/** Ends an answer at the closing fence, so that no time is spent on explanations. */
export const fenceStop: readonly string[] = ['\n```\n'];

/** The same at the start of every request, so that the prompt cache holds. */
export function systemPrompt(language: Language): ChatMessage {
  return {
    role: 'system',
    content: `You are an expert ${language.name} programmer. You answer with one ${language.name} code block and nothing else. Docstrings have one line.`,
  };
}

function signatureOf(target: Target): string {
  if (target.kind === 'class') return target.name;
  return `${target.name}(${(target.params ?? []).join(', ')})`;
}

function named(targets: readonly Target[]): string {
  return targets.map((target) => `${target.kind} \`${signatureOf(target)}\``).join(' and the ');
}

export interface CodePrompt {
  readonly request: CodeRequest;
  readonly language: Language;
  readonly modulePath: string | null;
  /** The file as it is; null for a new file. A long one is shown as an outline. */
  readonly existing: string | null;
  /** What held an earlier attempt back. */
  readonly findings: readonly string[];
  /** What the request is a part of, for a model that can tell the two apart. */
  readonly background?: string;
}

/** Asks for the code itself. */
export function codePrompt({
  request,
  language,
  modulePath,
  existing,
  findings,
  background = '',
}: CodePrompt): ChatMessage[] {
  const parts: string[] = [];
  if (existing !== null && modulePath !== null) {
    parts.push(
      `The file ${modulePath} holds:\n\`\`\`${language.fence}\n${outlineFor(existing, request.wish, existingLimit).trimEnd()}\n\`\`\``,
    );
  }
  parts.push(`${request.wish}${background}`);
  if (findings.length > 0) parts.push(`An earlier version was sent back:\n${findings.join('\n')}`);
  if (request.skeleton !== null) parts.push('Answer with the whole function.');
  else if (existing !== null) {
    const what = request.targets.length > 0 ? `the ${named(request.targets)}` : 'what is new or changed';
    parts.push(`Answer with only ${what}.`);
  } else if (request.targets.length > 0) {
    // Said again at the end: otherwise the 0.5B takes the file's name for the function's every so often.
    parts.push(`Write the ${named(request.targets)}.`);
  }
  return [systemPrompt(language), { role: 'user', content: parts.join('\n\n') }];
}

/** The worked example that shows the form of test cases. */
const shots: Readonly<Record<Language['id'], readonly ChatMessage[]>> = {
  python: [
    {
      role: 'user',
      content:
        'Write 5 assert statements for the Python function `clamp(value, low, high)`: keeps value between low and high.',
    },
    {
      role: 'assistant',
      content:
        '```python\nassert clamp(5, 0, 10) == 5\nassert clamp(-3, 0, 10) == 0\nassert clamp(12, 0, 10) == 10\nassert clamp(0, 0, 10) == 0\nassert clamp(7, 7, 7) == 7\n```',
    },
  ],
  javascript: [
    {
      role: 'user',
      content:
        'Write 5 assert statements for the JavaScript function `clamp(value, low, high)`: keeps value between low and high.',
    },
    {
      role: 'assistant',
      content:
        '```javascript\nassert.deepStrictEqual(clamp(5, 0, 10), 5);\nassert.deepStrictEqual(clamp(-3, 0, 10), 0);\nassert.deepStrictEqual(clamp(12, 0, 10), 10);\nassert.deepStrictEqual(clamp(0, 0, 10), 0);\nassert.deepStrictEqual(clamp(7, 7, 7), 7);\n```',
    },
  ],
};

/**
 * Asks for test cases of one function. Measured on the 0.5B over 14 small functions, two answers each: asked plainly, 3 of
 * 4 assertions are right at 9 s an answer, which mostly holds the function too and so makes one more draft; with a worked
 * example 2 of 3 are right at 6 s. Both are asked in turn, so that their mistakes differ.
 */
export function casesPrompt(
  language: Language,
  request: CodeRequest,
  target: Target,
  round: number,
  onlyResult: string | null,
): ChatMessage[] {
  const signature = signatureOf(target);
  const system = systemPrompt(language);
  const more = onlyResult === null ? '' : ` Include calls whose result is not ${onlyResult}.`;
  if (round % 2 === 1) {
    const content = `Write 6 assert statements for the ${language.name} function ${describe(request, target)}${more}`;
    return [system, ...shots[language.id], { role: 'user', content }];
  }
  const form = language.assertionExample(`${target.name}(...)`);
  const content = `${request.wish}\n\nWrite 6 assert statements that test the function ${signature}. One a line, in the form: ${form}${more}`;
  return [system, { role: 'user', content }];
}

/** The signature with what the request says about it, without the order to write it, which a model would obey again. */
function describe(request: CodeRequest, target: Target): string {
  const signature = `\`${signatureOf(target)}\``;
  if (request.skeleton !== null) return `${signature}:\n${request.skeleton.trim()}\n`;
  const { wish } = request;
  const at = wish.search(new RegExp(`\\b${target.name}\\b(?!\\.\\w)`));
  const after =
    at < 0
      ? ''
      : wish
          .slice(at)
          .replace(/^\w+(\([^)]*\))?`?/, '')
          .replace(/^[\s,:;-]+/, '');
  if (after.split(/\s+/).length >= 3) return `${signature}: ${after.replace(/[.\s]*$/, '.')}`;
  const before = (at < 0 ? wish : wish.slice(0, at)).replace(orderWords, ' ').trim();
  return before.split(/\s+/).filter((word) => word !== '').length < 2
    ? `${signature}.`
    : `${signature}, asked for with the words "${wish}".`;
}

const orderWords =
  /\b(please|write|create|make|add|implement|generate|i|we|need|want|me|a|an|the|in|to|with|of|for|new|python|javascript|node|file|module|function|method|called|named|containing|that|contains|has|and|schreib\w*|eine?|funktion)\b|[\w./-]+\.(py|js|mjs|cjs)\b|[`.,:;]/gi;

/** Asks for test functions of a class. */
export function classCasesPrompt(
  language: Language,
  request: CodeRequest,
  target: Target,
  methods: readonly string[],
): ChatMessage[] {
  const list = methods.length === 0 ? '' : ` with the methods ${methods.join(', ')}`;
  const content =
    `${request.wish}\n\nThe class ${target.name}${list} exists already. Write 4 short test functions for it, named test_..., ` +
    `each of which makes a new ${target.name}, uses it and checks the results with assert. Only the test functions.`;
  return [systemPrompt(language), { role: 'user', content }];
}

/** Asks again with what went wrong. */
export function repairPrompt(
  asked: readonly ChatMessage[],
  language: Language,
  code: string,
  faults: readonly string[],
): ChatMessage[] {
  return [
    ...asked,
    { role: 'assistant', content: `\`\`\`${language.fence}\n${code.trimEnd()}\n\`\`\`` },
    {
      role: 'user',
      content: `This is wrong:\n${faults.map((fault) => `- ${fault}`).join('\n')}\nWrite the whole corrected code.`,
    },
  ];
}
