/** One step of a test case, as source text of the language. */
export interface CaseStep {
  /** Runs without checking; empty when leaving the check out leaves nothing to do. */
  readonly run: string;
  /** The assertion as it stands in the test file; null for a step that only prepares. */
  readonly check: string | null;
  /** What is called and what it should give, for people and for repairs. */
  readonly call: string;
  readonly expected: string;
}

export interface TestCase {
  /** Given by whoever wrote it; null lets the template name it after its arguments. */
  readonly name: string | null;
  readonly steps: readonly CaseStep[];
}

export interface FunctionShape {
  readonly name: string;
  readonly params: readonly string[];
  /** How many of `params` may be left out. */
  readonly optional: number;
  readonly variadic: boolean;
  /** True when it prints something and returns nothing, so that no test can see its result. */
  readonly prints: boolean;
  /** True when another function of the same code uses it. */
  readonly helper: boolean;
  /** True when nothing but a docstring or a placeholder stands in it. */
  readonly empty?: boolean;
}

export interface ClassShape {
  readonly name: string;
  readonly methods: readonly string[];
}

/** What was found in a piece of code without running it. */
export interface CodeReading {
  /** Why it does not parse; null when it does. */
  readonly error: string | null;
  /** The code without tests and examples. */
  readonly clean: string;
  readonly functions: readonly FunctionShape[];
  readonly classes: readonly ClassShape[];
  readonly cases: readonly TestCase[];
  /** Packages it needs that the language does not bring along. */
  readonly outside: readonly string[];
  /** True when it waits for somebody to type. */
  readonly readsInput: boolean;
}

export interface ReadOptions {
  /** Functions and classes that test cases must be about; empty means those that the code defines. */
  readonly functions: readonly string[];
  readonly classes: readonly string[];
  /** Lines that are read one by one, so that a broken one costs only itself. */
  readonly lines?: readonly string[];
  /** True for a program, whose top-level statements are its point. */
  readonly keepStatements?: boolean;
}

/** What running one candidate against all cases showed. */
export interface Judgement {
  /** Why the code could not even be loaded; null when it could. */
  readonly loadError: string | null;
  /** For each case, for each step: null passed, text says why not, undefined was not reached. */
  readonly results: readonly (readonly (string | null | undefined)[])[];
}

export interface TestRun {
  readonly ran: number;
  readonly failed: number;
  /** End of the output, without the runner's decoration; for repairs and reports. */
  readonly output: string;
  readonly command: readonly string[];
}

export interface ProgramRun {
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly command: readonly string[];
}

export interface RenderedTests {
  readonly modulePath: string;
  readonly testPath: string;
  /** Names to import from the module. */
  readonly names: readonly string[];
  readonly cases: readonly TestCase[];
}

/** A programming language that the guided way of working knows. All paths are relative to the workspace. */
export interface Language {
  readonly id: 'python' | 'javascript';
  readonly name: string;
  /** Info word of a code fence. */
  readonly fence: string;
  readonly extensions: readonly string[];
  /** How to ask for test cases; `asserts` is the form, e.g. `assert f(1) == 2`. */
  assertionExample(call: string): string;
  defaultModulePath(name: string): string;
  defaultTestPath(modulePath: string): string;
  /** Parses without running. */
  read(code: string, options: ReadOptions): Promise<CodeReading>;
  /** Runs a candidate in a process of its own. */
  judge(code: string, cases: readonly TestCase[]): Promise<Judgement>;
  /**
   * Calls of the function `name` (defined in `code`) by which candidates can be compared: like the known `calls`, as
   * source that may hold more than the call, or plain ones where none is known. At most `limit`; the same every time.
   */
  probes(code: string, name: string, calls: readonly string[], limit: number): Promise<string[]>;
  /** What each call gives, as text; null where it gives nothing, because it fails or takes too long. */
  observe(code: string, calls: readonly string[]): Promise<(string | null)[]>;
  /**
   * Versions that differ from one of `codes` in one small place of the function `name` and meet all cases; at most
   * `limit`, the likelier slips first. None where the language is not searched.
   */
  repairs(
    codes: readonly string[],
    name: string,
    cases: readonly TestCase[],
    limit: number,
  ): Promise<readonly string[]>;
  /**
   * The text of `base` (or of the file `basePath`) with the definitions of `code` put in; the rest stays as it is.
   * Rejects with `MERGE_REFUSED` when the base cannot be read as this language.
   */
  merge(base: { readonly text: string } | { readonly path: string }, code: string): Promise<string>;
  /** The code as it is written to `path`, with what makes `names` importable. */
  finish(code: string, path: string, names: readonly string[]): string;
  renderTests(tests: RenderedTests): string;
  /** Null when the file parses, otherwise the reason. */
  checkSyntax(path: string): Promise<string | null>;
  runTests(paths: readonly string[]): Promise<TestRun>;
  /** Runs a program with empty input in the folder `cwd` (absolute), in which `name` lies. */
  runProgram(name: string, options: { readonly cwd: string; readonly timeoutMs: number }): Promise<ProgramRun>;
}
