import picocolors from 'picocolors';

/** The few colours Wilson uses; each is the identity where colours are off. */
export interface Theme {
  readonly dim: (text: string) => string;
  readonly status: (text: string) => string;
  readonly notice: (text: string) => string;
  readonly error: (text: string) => string;
  readonly user: (text: string) => string;
}

/** Whether an output may be coloured: a terminal that is not `dumb`, without `NO_COLOR` (https://no-color.org). */
export function colorsAllowed(isTTY: boolean, env: NodeJS.ProcessEnv): boolean {
  const refused = env.NO_COLOR !== undefined && env.NO_COLOR !== '';
  return isTTY && !refused && env.TERM !== 'dumb';
}

export function createTheme(colors: boolean): Theme {
  const { dim, cyan, red, bold } = picocolors.createColors(colors);
  return { dim, status: cyan, notice: cyan, error: red, user: bold };
}
