/** Programs with the first arguments that may follow; what comes after those is free. */
const allowedForms: readonly (readonly [programs: readonly string[], forms: readonly (readonly string[])[]])[] = [
  [
    ['python3', 'python'],
    [['-m', 'unittest'], ['-m', 'pytest'], ['-m', 'py_compile'], ['--version']],
  ],
  [['pytest'], [[]]],
  [['node'], [['--test'], ['--check'], ['--version']]],
  [['go'], [['test'], ['vet'], ['build'], ['version']]],
  [['gofmt'], [['-l'], ['-e'], ['-d']]],
  [['bash', 'sh'], [['-n']]],
];

/** Arguments that would turn an allowed program into one that writes or runs something else. */
const forbiddenArguments: Readonly<Record<string, readonly RegExp[]>> = {
  go: [/^-{1,2}(exec|toolexec|o)(=|$)/],
  node: [/^(-r|--require|--import|--loader|--experimental-loader|-e|--eval|-p|--print)(=|$)/],
  gofmt: [/^-w/, /^-r/],
};

/**
 * Whether a command may run where nothing isolates it: syntax checks and test runs in their usual forms. This guards
 * against accidents, not against malice: a test may do anything, which is why people are told when no sandbox works.
 */
export function isAllowedUnsandboxed(argv: readonly string[]): boolean {
  const [program, ...args] = argv;
  if (program === undefined) return false;
  for (const [programs, forms] of allowedForms) {
    if (!programs.includes(program)) continue;
    if (args.some((arg) => (forbiddenArguments[program] ?? []).some((pattern) => pattern.test(arg)))) return false;
    if (forms.some((form) => form.every((part, index) => args[index] === part))) return true;
  }
  return false;
}
