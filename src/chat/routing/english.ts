/** Words of English that the rules know, by kind. Verbs are in their base form; phrasal verbs have a space. */

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s*,\s*|\s*\n\s*/));

/** Asking for these means asking for a change of files, whatever the object is. */
export const makingVerbs = words(`
  build, create, implement, add, fix, refactor, port, rewrite, migrate, rename, remove, delete, update, change, replace,
  set up, setup, scaffold, optimise, optimize, debug, patch, upgrade, downgrade, bump, extract, integrate, install,
  configure, code, develop, program, simplify, modernise, modernize, deduplicate, clean up, clean, tidy, tidy up, split,
  merge, move, hook up, wire up, introduce, revert, reimplement, parallelise, parallelize, vectorise, vectorize, cache,
  dockerise, dockerize, containerise, containerize, package, deploy, automate, localise, localize, internationalise,
  internationalize, minify, resolve, repair, adjust, tweak, improve, speed up, extend, validate, parse, scrape, encrypt,
  compress, resize, restructure, reorganise, reorganize, bootstrap, prototype, lint, autoformat, enable, disable, support,
  finish, complete, expand, center, centre, align, wrap, inline, transpile, bundle, publish, sort out, get rid of, switch,
  increase, raise, reduce, lower, boost, decrease, shrink, drop, prevent, harden, polish, secure, protect, register, mock,
  unify, handle, store, persist, expose, embed, connect, deprecate, swap, put together, craft, redesign, rework, style
`);

/** Asking for these means a task only when the object is something that is made of files or code. */
export const openVerbs = words(`
  make, write, generate, produce, design, draft, prepare, convert, turn, translate, document, comment, annotate, format,
  solve, correct, give, get, sort, combine, reverse, come up with, send, save, download, show, plot, draw, print, log, use,
  let, put, do, set, apply, organise, organize, plan, provide, hide, work on, help, read, train, run, start, rerun, execute
`);

export const reviewVerbs = words(`
  review, audit, critique, inspect, look over, go over, proofread, look at, have a look at, take a look at, look through,
  double-check, double check, doublecheck, vet, assess, check over, read over, scan, sanity check, sanity-check
`);

export const researchVerbs = words(`
  research, do research, do some research, do a bit of research, do more research, investigate, find out, look into, look up, survey, evaluate, explore, study, gather, collect, compare,
  summarise, summarize, figure out, work out, read up on, recommend, search, google, look for, find, hunt down, condense
`);

export const analysisVerbs = words(`
  analyse, analyze, do an analysis, run an analysis, make an analysis, do some analysis, profile, measure, count, go through, diagnose, trace, benchmark, examine, estimate, identify, detect,
  determine, dig into, dig through, track down, map, map out, break down, walk through, comb through, quantify, locate,
  visualise, visualize, pinpoint, sift through, calculate, compute, list, correlate, inventory
`);

export const testVerbs = words(
  'test, cover, verify, unit test, unit-test, retest, exercise, stress test, fuzz, load test',
);

/** Asking for these is asking for words, not for work. */
export const tellingVerbs = words(`
  explain, describe, define, tell, say, name, spell, suggest, teach, remind, imagine, pretend, guess, think, talk, chat,
  repeat, sing, continue, go on, rephrase, paraphrase, quote, answer, elaborate, clarify, discuss, remember, note, wait,
  hold on, keep, leave, ignore, forget, speak, respond, reply, understand, know, ask, act, play, roleplay, brainstorm
`);

/** What is made of code or files. */
export const codeNoun =
  /\b(?:apps?|applications?|web ?sites?|web ?pages?|pages?|home ?page|landing|sites?|apis?|endpoints?|routes?|servers?|clients?|scripts?|programs?|programmes?|functions?|methods?|class(?:es)?|modules?|components?|librar(?:y|ies)|packages?|tools?|clis?|command[- ]line|bots?|games?|parsers?|compilers?|interpreters?|buttons?|forms?|features?|(?:dark|light|offline) mode|log ?in|sign ?up|auth|authentication|databases?|schemas?|migrations?|tables?|quer(?:y|ies)|dashboards?|calculators?|plugins?|extensions?|hooks?|middleware|docker ?files?|make ?files?|workflows?|pipelines?|configs?|configuration|tests?|test suite|coverage|bugs?|errors?|warnings?|typos?|regex(?:es)?|algorithms?|code|codebase|charts?|graphs?|ui|gui|css|html|json|yaml|csv|sql|xml|nav ?bar|side ?bar|header|footer|menus?|modals?|dialogs?|caches?|logger|logging|crawlers?|scrapers?|services?|microservices?|interfaces?|structs?|enums?|readme|docs|documentation|docstrings?|changelogs?|one-?liners?|snippets?|decorators?|iterators?|generators?|linked list|stack|queue|binary (?:tree|search)|hash ?map|tic[- ]tac[- ]toe|snake|tetris|todo list|to-do list|clock|timer|stopwatch|blog|shop|store|backend|frontend|prototype|mvp|templates?|layouts?|settings|imports?|types?|typings|dependenc(?:y|ies)|repos?|repository|branch|files?|folders?|director(?:y|ies)|python|javascript|typescript|rust|golang|java|bash|c\+\+|react|vue|express|flask|django|fastapi|node|fizz ?buzz|hello world|quick ?sort|simulator|emulator|converter|validator|formatter|linter|editor|viewer|player|tracker|wrapper|daemon|cron ?job|macro|notebook|spreadsheet|benchmarks?|ci|pytest|jest|vitest|mocha|bundle|handlers?|shortcuts?|notifications?|tooltips?|icons?|banners?|animations?|filters?|uploads?|downloads?|check ?box(?:es)?|drop ?downs?|sliders?|carousels?|spinners?|toggles?|pagination|rate limit\w*|search|export|import)\b/;

/** Short texts that a chat answers by itself. */
export const proseNoun =
  /\b(?:poems?|haikus?|jokes?|limericks?|songs?|lyrics|stor(?:y|ies)|sentences?|paragraphs?|slogans?|tweets?|e-?mails?|letters?|messages?|greetings?|toasts?|speech(?:es)?|captions?|headlines?|taglines?|rhymes?|riddles?|puns?|bios?|dialogues?|fairy ?tales?|essays?|synonyms?|antonyms?|examples?|ideas?|tips?|advice|hints?|reasons?|names?|recipes?|facts?|quotes?|proverbs?|compliments?|definitions?|hand|minute|second|break|sense|laugh|smile|guess|wish|decision|summary of (?:yourself|what you)|answers?|opinion)\b/;

export const filePath =
  /(?:^|[\s"'(`])(?:\.{0,2}\/[\w.@-][\w./@-]*|~\/[\w./-]+|[\w@-]+(?:\/[\w.@-]+)+\/?|[\w-]+\/(?=[\s,.!?;:)"']|$)|[\w.-]+\.(?:[cm]?[jt]sx?|py|rs|go|java|kts?|c|h|cc|cpp|hpp|cs|rb|php|swift|sh|bash|zsh|ps1|sql|html?|s?css|less|json|ya?ml|toml|ini|cfg|conf|env|md|mdx|rst|txt|csv|tsv|xlsx?|pdf|docx?|log|xml|vue|svelte|lua|pl|r|jl|ipynb|proto|gradle|lock|tf|ex|exs|hs|ml|scala|dart))(?=[\s,.!?;:)"'`]|$)/;

const localThing =
  /\b(?:this|these|that|the|my|our|current|latest|last|all|every|any|each|his|her|their) (?:[\w-]+ ){0,3}?(?:branch(?:es)?|repos?|repository|project|codebase|code ?base|code|source|folder|director(?:y|ies)|files?|modules?|functions?|class(?:es)?|scripts?|package|diffs?|changes|commits?|prs?|pull requests?|merge requests?|patch(?:es)?|tests?|test suite|logs?|log files?|stack ?trace|traceback|crash|papers?|documents?|docs|data ?sets?|data|csv|spreadsheet|imports?|dependencies|endpoints?|api|app|application|website|site|server|service|build|photos|pictures|images|invoices|notes|readme|changelog|config|database|schema|queries|implementation|parser|todos|implementation)\b/;

/** True when the words are about files of this folder: a path, or "this branch", "my tests", "the log files". */
export function mentionsLocal(text: string): boolean {
  return filePath.test(text) || localThing.test(text) || /\bin (?:src|lib|docs|test|tests|here)\b/.test(text);
}

export const taskId = /\btask[- ]?#?0*(\d+)\b|(?:^|\s)#(\d+)\b/i;

const doubled = /([bdgklmnprt])\1$/;

/** The base forms that a word may have: `adds`, `adding`, `running`, `analyses`. */
function baseForms(word: string): string[] {
  const forms = [word];
  if (word.endsWith('s')) forms.push(word.slice(0, -1));
  if (word.endsWith('es')) forms.push(word.slice(0, -2));
  if (word.endsWith('ies')) forms.push(`${word.slice(0, -3)}y`);
  if (word.endsWith('ing')) {
    const stem = word.slice(0, -3);
    forms.push(stem, `${stem}e`, stem.replace(doubled, '$1'));
  }
  return forms;
}

export interface Verb {
  readonly base: string;
  /** What follows the verb. */
  readonly object: string;
}

/** A word that is a verb only when nothing like "… is", "… failed" follows: "test coverage is low" asks for nothing. */
const copula =
  /^(?:\w+ ){0,2}?(?:is|was|are|were|has|had|failed|fails|passed|passes|works?|worked|looks?|seems?|took|takes|finished|doesn't|isn't|wasn't|didn't|broke|crashed|will|would|should|might|could)\b/;

/** The longest verb of `lexicons` that the clause begins with, or null. */
export function leadingVerb(clause: string, ...lexicons: readonly ReadonlySet<string>[]): Verb | null {
  const parts = clause.split(' ');
  for (const length of [4, 3, 2, 1]) {
    const [first = '', ...rest] = parts.slice(0, length);
    if (parts.length < length) continue;
    const object = parts.slice(length).join(' ');
    for (const base of baseForms(first.replace(/[^\p{L}'-]/gu, ''))) {
      const verb = [base, ...rest].join(' ');
      if (lexicons.some((lexicon) => lexicon.has(verb))) {
        const asNoun =
          base !== 'make' &&
          copula.test(object) &&
          !/^(?:it|that|this|the|an?|my|all|me|sure|what|why|how|if|whether|which|out)\b/.test(object);
        return asNoun ? null : { base: verb, object };
      }
    }
  }
  return null;
}
