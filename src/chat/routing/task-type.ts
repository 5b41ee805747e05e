import type { TaskType } from '../../task/task.js';
import { analysisVerbs, leadingVerb, researchVerbs, reviewVerbs, testVerbs } from './english.js';

/** Tests as the thing that is asked for, not as company: "write tests for x", but not "write x with tests". */
const testsAsObject =
  /^(?:(?!\b(?:with|and|that|which|for|including|plus|so|until|where|who|in|from)\b)[^.?!])*\b(?:tests?|test[- ]suites?|test[- ]cases?|coverage|specs?|test plan)\b/;
const aboutTests = /\b(?:runner|framework|harness|page|button|environment|helper)\b/;
const testRunner =
  /^(?:run|rerun|execute|start|use)\b.*\b(?:pytest|jest|vitest|mocha|junit|rspec|phpunit|ctest|(?:npm|cargo|go|make) test)\b/;
const mendsTests =
  /^(?:fix|repair|debug|delete|remove|rename|move|resolve|make|get|correct|speed up|disable|skip)\b.*\b(?:failing|broken|flaky|red|failed|slow|pass|green|work|faster|parallel)\b|^(?:fix|delete|remove|rename|move|repair|debug|speed up|refactor)\b/;

const verdict =
  '(?:quick |thorough |full |proper |detailed |honest |security |code |short |deep |careful |peer |some |your |another |an? |the )*(?:code review|review|audit|feedback|critique|second opinion|verdict|assessment)';
/** "A review of …", also after the verbs that such nouns stand with. */
const asksForVerdict = new RegExp(
  `^(?:(?:do|run|start|make|perform|give|write|conduct|carry out|i need|need|want|provide|request|get|have)(?: (?:me|us|it|this|them))? )?${verdict}\\b(?! (?:endpoint|component|page|system|feature|form|app|model|table)s?\\b)`,
);
const beReviewed =
  /^(?:get|have|let)\b.*\b(?:reviewed|audited|looked at|double-checked)\b|^give\b.*\ba (?:[\w-]+ )?(?:read|look|once-over|read-through)\b/;
/** Idioms that ask for a reviewer or for a look: "give it a once-over", "a second pair of eyes on …". */
const idiomOfReview =
  /^(?:(?:have|get|let|ask) (?:an?|the|your|another) (?:\w+ )?reviewers? |(?:(?:give|cast|throw|take|run|need|want|i need|i want|we need|i'd like|would like)\b.*|(?:an?|another|the) |)\b(?:once-over|(?:critical|fresh|sceptical|skeptical) (?:eyes?|look)|(?:second|fresh|another) (?:pair|set) of eyes)\b|poke holes in\b)/;
const beTested = /^(?:get|have|let)\b.*\btested\b/;
const hunts =
  /^(?:find|spot|look for|point out|search for|hunt for|uncover|tell me|tell us|show me|list) (?:me |all |any |the |every |some |possible |potential |what |obvious )*(?:[\w-]+ )?(?:bugs?|security holes?|holes|vulnerabilit\w*|problems? (?:in|with)|mistakes|issues? (?:in|with)|flaws|code smells|what's wrong with|is wrong with|to improve in|could be (?:better|improved))\b/;
const defects =
  /\bfor (?:any |possible |potential |obvious |common |more )*(?:[\w-]+ )?(?:bugs?|issues?|security|vulnerabilit\w*|holes?|problems?|mistakes?|errors?|smells?|leaks?|typos?|injections?|style|flaws?|weakness\w*|races?|race conditions|regressions?|correctness|quality|readability|sql|xss)\b/;
const reviewObject =
  /\b(?:pull requests?|prs?|merge requests?|diffs?|branch(?:es)?|changes|commits?|patch(?:es)?|code|implementation|work|function|class|module|files?|script|security|contract|query|queries|schema|config)\b/;
const judgement =
  /\b(?:safe|secure|correct|idiomatic|clean|sound|ok|good|readable|thread-safe|vulnerable|maintainable)\b/;

const texts =
  /\b(?:reports?|comparisons?|summar(?:y|ies)|overview|briefing|literature|survey|white ?paper|pros and cons|alternatives|options|memo|write-?up|state of the art|market|best practices|recommendations?)\b/;
const writes =
  /^(?:write|prepare|draft|produce|create|make|give|put together|compile|do|generate|get|deliver|read|provide|come up with|have)\b/;
const builtThing =
  /\b(?:page|endpoint|component|script|app|generator|tool|system|feature|function|module|dashboard|class|code)s?\b/;

const data =
  /\b(?:logs?|log files?|csv|data ?sets?|data|metrics|profile|traces?|stats|statistics|spreadsheet|dump|numbers|measurements|benchmarks?|performance|dependenc(?:y|ies)|usage|complexity)\b/;
const worldChoice =
  /\bwhich (?:[\w-]+ ){0,2}(?:librar(?:y|ies)|frameworks?|packages?|tools?|databases?|services?|providers?|languages?|licen[cs]es?|options?|models?|hosting|cloud|approach|vendors?|formats?|protocols?|companies|products?)\b/;
const questionToFiles =
  /\b(?:why|where|how many|how much|how often|how long|(?:root )?cause|reasons?|which (?:files?|functions?|tests?|modules?|endpoints?|quer(?:y|ies)|requests?|commits?|lines?|calls?|parts?|class(?:es)?|users?|pages?|imports?|dependenc\w+)|who|when|what (?:causes?|makes|is causing|slows|breaks|uses|happens|takes|calls|leaks))\b/;
const findsInFiles =
  /^(?:find|look for|search|hunt down) (?:me |us )?(?:all|every|any|the (?:files?|functions?|places?|lines?|slow\w*|larg\w*|long\w*|big\w*|duplicat\w*|cause|reason|bottleneck|commit|source|worst|most)|duplicat\w*|unused|dead|places|files|functions|memory|todos?|in |through |src|where)\b/;
const trouble =
  /\b(?:crash|crashes|crashing|slow\w*|leaks?|errors?|failures?|failing|bug|bottleneck|performance|logs?|regression|spike|outage|traffic|timeouts?|latency|incident|flaky|warnings?|memory|cpu)\b/;
const choices = /\b(?:alternatives|librar(?:y|ies)|options|frameworks?|tools)\b/;

const papers = /\b(?:papers?|articles?|docs|documents?|specs?|rfcs?|pdfs?|summari\w+)\b/;
const officeVerb = /^(?:organi[sz]e|plan|translate|draft|send|prepare)\b/;
const ofCode =
  /\b(?:imports?|code|modules?|functions?|class(?:es)?|scripts?|project|src|files?|readme|ui|strings|app|errors?|messages|labels|docs?)\b|\.\w{1,4}\b/;

/** Tests by how they are made: "property based tests for …", "fuzz targets for …", "playwright e2e for …". */
const testsByTechnique =
  /^(?:need |want |an? |the |some |more |proper |a few |a couple of )*(?:(?!of|for|in|on|with|and|that)[\w-]+ ){0,2}(?:tests|test cases|specs|e2e|e2e tests?|fuzz(?:ing)? (?:targets?|harness|tests?)|(?:regression|smoke|integration|property|snapshot|unit|load|fuzz) tests?) (?:for|of|on|around|against|covering)\b/;
/** "The tests of the parser are red" tells something; it orders nothing. */
const tells =
  /\b(?:is|are|was|were|fail\w*|pass(?:es|ed)?|took|takes?|keeps?|have|has|had|broke|breaks?|don't|doesn't|can|should|would|used)\b/;

/** A wish for tests that has no verb. */
export function namesTests(clause: string): boolean {
  return (
    testsByTechnique.test(clause) && !tells.test(clause) && !/^(?:i|we|you|they|what|which|do|write)\b/.test(clause)
  );
}

/** A wish for a review in an idiom. */
export function isIdiomOfReview(clause: string): boolean {
  return idiomOfReview.test(clause);
}

type Test = (clause: string) => boolean;

function isAboutTests(clause: string): boolean {
  return testsAsObject.test(clause) && !aboutTests.test(clause);
}

/** The first row that fits decides; what fits none changes files. */
const table: readonly (readonly [TaskType | ((clause: string) => TaskType), Test])[] = [
  ['review', (clause) => asksForVerdict.test(clause) || beReviewed.test(clause) || isIdiomOfReview(clause)],
  ['test', (clause) => beTested.test(clause) || testRunner.test(clause) || namesTests(clause)],
  [typeOfReading, (clause) => leadingVerb(clause, reviewVerbs) !== null],
  [typeOfCheck, (clause) => /^(?:check|double-check|see|make sure|ensure|confirm)\b/.test(clause)],
  ['review', (clause) => hunts.test(clause)],
  ['analysis', (clause) => /^(?:test|verify) (?:out )?(?:different|various|which|how well)\b/.test(clause)],
  ['test', (clause) => leadingVerb(clause, testVerbs) !== null],
  ['code', (clause) => /^(?:fix|mend)\b/.test(clause) || (isAboutTests(clause) && mendsTests.test(clause))],
  ['test', (clause) => isAboutTests(clause) && leadingVerb(clause, analysisVerbs, researchVerbs) === null],
  ['review', (clause) => /^(?:examine|study)\b/.test(clause) && reviewObject.test(clause) && !data.test(clause)],
  ['analysis', (clause) => leadingVerb(clause, analysisVerbs) !== null],
  [typeOfInquiry, (clause) => leadingVerb(clause, researchVerbs) !== null],
  [typeOfText, (clause) => writes.test(clause) && texts.test(clause) && !builtThing.test(clause)],
  ['research', (clause) => /^(?:read|skim|digest|learn)\b/.test(clause) && papers.test(clause)],
  ['analysis', (clause) => /^(?:tell me|explain|show me|let me know|describe|walk me through|report)\b/.test(clause)],
  ['analysis', (clause) => /^(?:plot|chart|graph)\b/.test(clause)],
  ['general', (clause) => officeVerb.test(clause) && !ofCode.test(clause)],
];

/**
 * The type of a task for a request in English, given as its clause without courtesies. Wording alone decides: what is
 * asked for (tests, a verdict on code, a text about something, figures about files), else code.
 */
export function typeOfRequest(clause: string): TaskType {
  const text = clause.trim();
  const row = table.find(([, fits]) => fits(text));
  if (row === undefined) return 'code';
  return typeof row[0] === 'function' ? row[0](text) : row[0];
}

/** True for a request without a verb: "security audit of the upload handler, please". */
export function isNounRequest(clause: string): boolean {
  return (
    asksForVerdict.test(clause) ||
    /^(?:an? |the |another |some |quick |short |full |detailed )*(?:[\w-]+ )?(?:summary|comparison|report|overview|analysis|benchmark|breakdown|tests?|test suite|unit tests|refactoring|rewrite|fix|implementation|port|script|program|prototype|function) (?:of|on|for|about|between|to|that|which) /.test(
      clause,
    )
  );
}

function typeOfReading(clause: string): TaskType {
  if (defects.test(clause)) return 'review';
  if (/\b(?:and|to) (?:tell|find|see|say|work|figure)\b/.test(clause) && questionToFiles.test(clause))
    return 'analysis';
  const looks = /^(?:look at|have a look at|take a look at|look through|go over|scan|read over|assess)\b/.test(clause);
  if (looks && data.test(clause)) return 'analysis';
  const sources =
    /\b(?:literature|papers?|articles?|options|alternatives|market|librar(?:y|ies)|frameworks|competitors)\b/;
  return /^(?:review|assess|look at|survey)\b/.test(clause) && sources.test(clause) ? 'research' : 'review';
}

function typeOfCheck(clause: string): TaskType {
  if (defects.test(clause)) return 'review';
  if (/\b(?:tests?|suite|coverage|e2e)\b/.test(clause) && !/\bwhy\b/.test(clause)) return 'test';
  if (/^(?:make sure|ensure)\b/.test(clause))
    return /\b(?:works?|correct|passes|tested)\b/.test(clause) ? 'test' : 'code';
  if (/^(?:check|see|confirm) (?:if|whether|that|how|why|which|where|when|what|for|out)\b/.test(clause)) {
    if (/\b(?:works?|behaves?|handles|returns|renders|compiles|builds)\b/.test(clause)) return 'test';
    return judgement.test(clause) ? 'review' : 'analysis';
  }
  return data.test(clause) && !/\bcode\b/.test(clause) ? 'analysis' : 'review';
}

/** "Find out", "investigate", "compare": why and where are questions to the files, which and what to the world. */
function typeOfInquiry(clause: string): TaskType {
  if (/^(?:compare|summari[sz]e|condense)\b/.test(clause)) {
    const reads = papers.test(clause) || /\b(?:librar(?:y|ies)|frameworks?|databases?)\b/.test(clause);
    return data.test(clause) && !reads ? 'analysis' : 'research';
  }
  if (worldChoice.test(clause)) return 'research';
  if (questionToFiles.test(clause) || findsInFiles.test(clause)) return 'analysis';
  const inquires = /^(?:investigate|look into|explore|evaluate|figure out|work out|study)\b/.test(clause);
  return inquires && trouble.test(clause) && !choices.test(clause) ? 'analysis' : 'research';
}

function typeOfText(clause: string): TaskType {
  const aboutWorld = /\b(?:comparison|pros and cons|alternatives|options|market|literature)\b/;
  return data.test(clause) && !aboutWorld.test(clause) ? 'analysis' : 'research';
}
