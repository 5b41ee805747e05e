/** Reporter of `node --test`: every event that matters, one JSON object a line. It runs outside the test's process. */
const reporter = `
export default async function* (source) {
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    yield JSON.stringify({
      type, name: data.name, file: data.file, kind: data.details?.type,
      skip: data.skip !== undefined, todo: data.todo !== undefined,
      error: String(data.details?.error?.cause?.message ?? data.details?.error?.message ?? '').slice(0, 1500),
    }) + '\\n';
  }
}`;

export const javascriptReporter = `data:text/javascript,${encodeURIComponent(reporter)}`;

/**
 * Replaces each module named in the arguments (root, variant, modules…) by one with the same exports whose functions
 * and classes do nothing, so that tests which pass all the same are seen to check nothing.
 */
export const javascriptHollow = `
const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const [root, variant, ...modules] = process.argv.slice(1);
// The other one is the same each time: two calls that are compared with each other differ in nothing.
const value = variant === 'returns-none' ? 'undefined' : 'stubValue';
const stub = 'function () { return ' + value + '; }';
function stubOf(original) {
  if (typeof original !== 'function') {
    if (original !== null && typeof original === 'object') {
      const entries = Object.keys(original).map((key) => JSON.stringify(key) + ': ' + stubOf(original[key]));
      return Array.isArray(original) ? '[]' : '{ ' + entries.join(', ') + ' }';
    }
    return JSON.stringify(original) ?? 'undefined';
  }
  if (!/^class\\b/.test(Function.prototype.toString.call(original))) return stub;
  const methods = (object, mark) => Object.getOwnPropertyNames(object)
    .filter((key) => !['constructor', 'length', 'name', 'prototype'].includes(key))
    .map((key) => mark + '[' + JSON.stringify(key) + ']() { return ' + value + '; }');
  return 'class { ' + [...methods(original.prototype, ''), ...methods(original, 'static ')].join(' ') + ' }';
}
(async () => {
  for (const name of modules) {
    const file = path.join(root, name);
    let text = '';
    try {
      const loaded = await import(pathToFileURL(file).href);
      const isCommon = loaded.default !== undefined && require.cache[fs.realpathSync(file)] !== undefined;
      if (isCommon) text = 'module.exports = ' + stubOf(loaded.default) + ';';
      else {
        text = Object.keys(loaded).map((key, index) => 'const stub' + index + ' = ' + stubOf(loaded[key]) + ';\\n'
          + (key === 'default' ? 'export default stub' + index + ';' : 'export { stub' + index + ' as ' + key + ' };')).join('\\n');
      }
    } catch { text = ''; }
    fs.writeFileSync(file, 'const stubValue = {};\\n' + text + '\\n');
  }
  process.exit(0);
})();
`;

/**
 * Prints one line of JSON: the files that do not parse, each with the reason. \`node --check\` cannot be used: it
 * accepts whatever has an import or export in a plain .js file (seen with Node 20.20). Nothing of the files is executed.
 * Needs --experimental-vm-modules.
 */
export const javascriptSyntaxCheck = `
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
function tryScript(text, name) {
  try { vm.compileFunction(text, ['exports', 'require', 'module', '__filename', '__dirname'], { filename: name }); }
  catch (error) { return error; }
  return null;
}
function tryModule(text, name) {
  try { new vm.SourceTextModule(text, { identifier: name }); } catch (error) { return error; }
  return null;
}
function isModuleFolder(folder) {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    try { return JSON.parse(fs.readFileSync(path.join(at, 'package.json'), 'utf8')).type === 'module'; } catch {}
    if (path.dirname(at) === at) return false;
  }
}
const broken = {};
for (const name of process.argv.slice(1)) {
  const text = fs.readFileSync(name, 'utf8').replace(/^\\uFEFF/, '').replace(/^#!.*/, '');
  const ending = path.extname(name);
  let error;
  if (ending === '.mjs' || (ending === '.js' && isModuleFolder(path.dirname(name)))) error = tryModule(text, name);
  else if (ending === '.cjs') error = tryScript(text, name);
  else error = tryScript(text, name) && tryModule(text, name);
  if (error) broken[name] = String(error.stack).split('\\n').slice(0, 5).join('\\n');
}
console.log(JSON.stringify(broken));
`;
