/**
 * The counterpart of the Python judge for JavaScript: runs one candidate against test cases and prints one JSON line a
 * case. Each check has a time limit of its own.
 *
 * Input (JSON in argv[1]): `code` (a script without imports of its own tests; exports are taken out), `names`, `cases`,
 * `mark`, `caseTimeoutMs`.
 */
export const scriptJudgeProgram = String.raw`
const vm = require('node:vm');
const assert = require('node:assert');
const data = JSON.parse(process.argv[1]);
const say = (record) => process.stdout.write(data.mark + JSON.stringify(record) + '\n');
const short = (error) => {
  const text = String(error && error.message !== undefined ? error.message : error).split('\n');
  if (error instanceof assert.AssertionError) {
    const value = JSON.stringify(error.actual);
    return 'it gave ' + String(value).slice(0, 120);
  }
  return ((error && error.name) || 'Error') + ': ' + text[0].slice(0, 160);
};
const quiet = { log() {}, error() {}, warn() {}, info() {}, debug() {}, table() {} };
function scope() {
  const source = '(function (require, module, exports, console, assert) {' + data.code + '\n;return { run: (s) => eval(s) };})';
  const make = vm.runInThisContext(source, { timeout: data.caseTimeoutMs });
  const holder = { exports: {} };
  globalThis.__make = () => make(require, holder, holder.exports, quiet, assert.strict);
  return vm.runInThisContext('__make()', { timeout: data.caseTimeoutMs });
}
let loaded;
try {
  loaded = scope();
  say({ load: null });
} catch (error) {
  say({ load: short(error) });
  process.exit(0);
}
let endless = 0;
data.cases.forEach((steps, index) => {
  if (endless === 2) return;
  const results = [];
  let body = '';
  for (const step of steps) {
    // Earlier steps run again, since a declaration lives only as long as its eval.
    globalThis.__space = loaded;
    globalThis.__text = body + (step.check || step.run);
    try {
      vm.runInThisContext('__space.run(__text)', { timeout: data.caseTimeoutMs });
      results.push(null);
      body += (step.check || step.run) + '\n';
    } catch (error) {
      if (!(error instanceof assert.AssertionError)) {
        const late = error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
        endless += late ? 1 : 0;
        results.push(late ? 'took too long' : short(error));
        break;
      }
      results.push(short(error));
      body += step.run === '' ? '' : step.run + ';\n';
    }
  }
  say({ case: index, results });
});
`;
