import type { TaskType } from '../../task/task.js';
import { analysisVerbs, leadingVerb, researchVerbs, reviewVerbs, testVerbs } from './english.js';

/** Tests as the thing that is asked for, not as company: "write tests for x", but not "write x with tests". */
const testsAsObject =
  /^(?:(?!\b(?:with|and|that|which|for|including|plus|so|until|where|who|in|from)\b)[^.?!])*\b(?:tests?|test[- ]suites?|test[- ]cases?|coverage|specs?|test plan)\b/;

const mendingTests = /\b(?:failing|broken|flaky|red|failed|slow)\b/;
const mendingVerb =
  /^(?:fix|repair|debug|delete|remove|rename|move|resolve|make|get|correct|speed up|rewrite in|disable|skip)\b/;

const reviewObject =
  /\b(?:pull requests?|prs?|merge requests?|diffs?|branch(?:es)?|changes|commits?|patch(?:es)?|code|implementation|work|function|class|module|files?|script|security|contract|query|queries|schema|config)\b/;

const defects =
  /\bfor (?:any |possible |potential |obvious |common |more )*(?:[\w-]+ )?(?:bugs?|issues?|security|vulnerabilit\w*|holes?|problems?|mistakes?|errors?|smells?|leaks?|typos?|injections?|style|flaws?|weakness\w*|races?|race conditions|regressions?|correctness|quality|readability|sql|xss)\b/;

const texts =
  /\b(?:reports?|comparisons?|summar(?:y|ies)|overview|briefing|literature|survey|white ?paper|pros and cons|alternatives|options|memo|write-?up|state of the art|market|best practices|recommendations?)\b/;

const data =
  /\b(?:logs?|log files?|csv|data ?sets?|data|metrics|profile|traces?|stats|statistics|spreadsheet|dump|numbers|measurements|benchmarks?|performance|dependenc(?:y|ies)|usage|complexity)\b/;

/**
 * The type of a task for a request in English, given as its clause without courtesies. Pure wording decides: what is
 * asked for (tests, a verdict on code, a text about something, figures about files), else code.
 */
export function typeOfRequest(clause: string): TaskType {
  const first = clause.trim();
  if (
    /^(?:(?:do|run|start|make|perform|give (?:me|us|it|this)?|write|conduct|carry out|i need|need|want|provide|request) )?(?:me )?(?:an? |the |another |some )?(?:quick |thorough |full |proper |detailed |honest |security |code |short |deep |careful |peer )*(?:code review|review|audit|feedback|critique|second opinion)\b/.test(
      first,
    )
  )
    return /\b(?:endpoint|component|page|system|feature|form|app|model|table)s?\b/.test(
      first.split(/ (?:of|on|for) /)[0] ?? '',
    )
      ? 'code'
      : 'review';
  if (leadingVerb(first, reviewVerbs) !== null) return typeOfReading(first);
  if (/^(?:check|double-check|see|make sure|ensure|confirm)\b/.test(first)) return typeOfCheck(first);
  if (
    /^(?:find|spot|look for|point out|search for|hunt for|uncover|tell me|tell us|show me|list) (?:me |all |any |the |every |some |possible |potential |what |obvious )*(?:[\w-]+ )?(?:bugs?|security holes?|holes|vulnerabilit\w*|problems? (?:in|with)|mistakes|issues? (?:in|with)|flaws|code smells|is wrong with|to improve in|could be (?:better|improved))\b/.test(
      first,
    )
  )
    return 'review';
  if (leadingVerb(first, testVerbs) !== null)
    return /^(?:test|verify) (?:out )?(?:different|various|which|how well)\b/.test(first) ? 'analysis' : 'test';
  const testing =
    testsAsObject.test(first) && !/\b(?:runner|framework|harness|page|button|environment|helper)\b/.test(first);
  if (
    testing &&
    !(mendingVerb.test(first) && (mendingTests.test(first) || /\b(?:pass|green|work|faster|parallel)\b/.test(first)))
  ) {
    if (/^(?:fix|delete|remove|rename|move|repair|debug|speed up|refactor)\b/.test(first)) return 'code';
    if (!leadingVerb(first, analysisVerbs, researchVerbs)) return 'test';
  }
  if (/^(?:fix|mend)\b/.test(first)) return 'code';
  if (leadingVerb(first, analysisVerbs) !== null)
    return /^(?:examine|study)\b/.test(first) && reviewObject.test(first) && !data.test(first) ? 'review' : 'analysis';
  if (leadingVerb(first, researchVerbs) !== null) return typeOfInquiry(first);
  if (
    /^(?:write|prepare|draft|produce|create|make|give|put together|compile|do|generate|get|deliver|read|provide|come up with)\b/.test(
      first,
    ) &&
    texts.test(first) &&
    !/\b(?:page|endpoint|component|script|app|generator|tool|system|feature|function|module|dashboard|class|code)s?\b/.test(
      first,
    )
  )
    return data.test(first) && !/\b(?:comparison|pros and cons|alternatives|options|market|literature)\b/.test(first)
      ? 'analysis'
      : 'research';
  if (
    /^(?:read|skim|digest|learn)\b/.test(first) &&
    /\b(?:paper|papers|article|articles|docs|document|documents|spec|rfc|pdf|summari\w+|tell me)\b/.test(first)
  )
    return 'research';
  if (/^(?:tell me|explain|show me|let me know|describe|walk me through|report)\b/.test(first)) return 'analysis';
  if (/^(?:plot|chart|graph)\b/.test(first)) return 'analysis';
  if (
    /^(?:organi[sz]e|plan|translate|draft|send|prepare)\b/.test(first) &&
    !/\b(?:imports?|code|modules?|functions?|class(?:es)?|script|project|src|files|readme|ui|strings|app)\b/.test(first)
  )
    return 'general';
  return 'code';
}

function typeOfReading(clause: string): TaskType {
  if (defects.test(clause)) return 'review';
  if (
    /\b(?:and|to) (?:tell|find|see|say|work|figure)\b.*\b(?:why|how many|how much|which|when|where|how often)\b/.test(
      clause,
    )
  )
    return 'analysis';
  if (
    /^(?:look at|have a look at|take a look at|look through|go over|scan|read over|assess)\b/.test(clause) &&
    data.test(clause)
  )
    return 'analysis';
  if (
    /^(?:review|assess|look at|survey)\b/.test(clause) &&
    /\b(?:literature|papers?|articles?|options|alternatives|market|librar(?:y|ies)|frameworks|competitors)\b/.test(
      clause,
    )
  )
    return 'research';
  return 'review';
}

function typeOfCheck(clause: string): TaskType {
  if (defects.test(clause)) return 'review';
  if (/\b(?:tests?|suite|coverage)\b/.test(clause) && !/\bwhy\b/.test(clause)) return 'test';
  if (/^(?:make sure|ensure)\b/.test(clause))
    return /\b(?:works?|correct|passes|tested)\b/.test(clause) ? 'test' : 'code';
  if (/^(?:check|see|confirm) (?:if|whether|that|how|why|which|where|when|what|for|out)\b/.test(clause)) {
    if (/\b(?:works?|behaves?|handles|returns|renders|compiles|builds)\b/.test(clause)) return 'test';
    return /\b(?:safe|secure|correct|idiomatic|clean|sound|ok|good|readable|thread-safe|vulnerable)\b/.test(clause)
      ? 'review'
      : 'analysis';
  }
  return data.test(clause) && !/\bcode\b/.test(clause) ? 'analysis' : 'review';
}

/** "Find out", "investigate", "compare": why and where are questions to the files, which and what to the world. */
function typeOfInquiry(clause: string): TaskType {
  if (/^(?:compare|summari[sz]e|condense)\b/.test(clause))
    return data.test(clause) && !/\b(?:papers?|docs|articles?|librar(?:y|ies)|frameworks?|databases?)\b/.test(clause)
      ? 'analysis'
      : 'research';
  if (
    /\bwhich (?:\w+ )?(?:librar(?:y|ies)|framework|package|tool|database|service|provider|language|licen[cs]e|option|model|hosting|cloud|approach|vendor|format|protocol)\b/.test(
      clause,
    )
  )
    return 'research';
  if (
    /\b(?:why|where|how many|how much|how often|which (?:files?|functions?|tests?|modules?|endpoints?|quer(?:y|ies)|requests?|commits?|lines?|calls?|parts?|class(?:es)?|users?|pages?|imports?|dependenc\w+)|who|when|(?:root )?cause|reasons?|what (?:causes?|makes|is causing|slows|breaks|uses|happens|takes|calls|leaks))\b/.test(
      clause,
    )
  )
    return 'analysis';
  if (
    /^(?:find|look for|search|hunt down) (?:me |us )?(?:all|every|any|the (?:files?|functions?|places?|lines?|slow\w*|larg\w*|long\w*|big\w*|duplicat\w*|cause|reason|bottleneck|commit|source|worst|most)|duplicat\w*|unused|dead|places|files|functions|memory|todos?|in |through |src|where)\b/.test(
      clause,
    )
  )
    return 'analysis';
  if (
    /^(?:investigate|look into|explore|evaluate|figure out|work out|study)\b/.test(clause) &&
    /\b(?:crash|crashes|slow\w*|leaks?|errors?|failures?|failing|bug|bottleneck|performance|logs?|regression|spike|outage|traffic|timeouts?|latency|incident|flaky|warnings?|memory|cpu)\b/.test(
      clause,
    ) &&
    !/\b(?:alternatives|librar(?:y|ies)|options|frameworks?|tools)\b/.test(clause)
  )
    return 'analysis';
  return 'research';
}
