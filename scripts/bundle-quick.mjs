// Part of the build: makes one file of dist/src/cli/quick.js and all that it imports at once. What is imported on demand
// (the YAML parser, the validator) stays where it is, and so do the packages.
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const entry = fileURLToPath(new URL('../dist/src/cli/quick.js', import.meta.url));
// Beside the configuration's code, which finds its files relative to itself.
const outfile = fileURLToPath(new URL('../dist/src/config/quick.bundle.js', import.meta.url));

await build({
  entryPoints: [entry],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  logLevel: 'warning',
  plugins: [
    {
      name: 'leave-what-is-imported-on-demand',
      setup({ onResolve }) {
        onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
          if (kind !== 'dynamic-import') return null;
          const target = relative(dirname(outfile), resolve(resolveDir, path));
          return { path: `./${target.replaceAll('\\', '/')}`, external: true };
        });
      },
    },
  ],
});
