import type { Phrase } from './phrase.js';

const family = '(?:qwen|llama|mistral|mixtral|gemma|phi|deepseek|codellama|smollm|granite|ollama)[\\w.:-]*';
const modelWord = `(?:models?|llms?|language models?|weights|${family})`;

const patterns: readonly RegExp[] = [
  new RegExp(
    `^(?:what|which) (?:[\\w.:-]+ ){0,3}?${modelWord}\\b.*\\b(?:running|loaded|us(?:e|es|ed|ing)|available|installed|active|configured|in memory|have|got|you|agents?|chat|worker|task|ready|pulled|downloaded|answering|talking|in use|there)\\b`,
  ),
  new RegExp(
    `^(?:what|which) (?:are|is) (?!an? )(?:the |your |our |my )?(?:[\\w-]+ ){0,2}?${modelWord}(?: (?:you|we|that|in use|running|loaded|here|called|there)\\b|$)`,
  ),
  new RegExp(`^(?:what|which) (?:of )?(?:the |your )?${modelWord}$`),
  new RegExp(
    `^(?:list|show|display|see|print|give|tell)(?: me| us)?(?: about)?(?: (?:the|all|your|available|loaded|running|installed|which|what|current|of))* ${modelWord}\\b(?!.*\\b(?:car|example|class|equation)\\b)`,
  ),
  new RegExp(
    `^(?:is|are|was|were) (?:the |a |an |any |your |that |my |both |all )?(?:[\\w.-]+ ){0,3}?${modelWord}(?: [\\w-]+)? (?:still |already |currently |even |really |actually )*(?:loaded|running|unloaded|active|in memory|in ram|there|up|available|ready|installed|being used|used|in use|alive|idle|gone)\\b`,
  ),
  new RegExp(
    `^(?:how many|how big|how large) (?:[\\w-]+ )?(?:is |are )?(?:the |your )?(?:[\\w-]+ )?${modelWord}\\b.*\\b(?:loaded|running|you|installed|available|active|in memory|in use|chat|code|agent|embedded|now)\\b`,
  ),
  /^how much (?:\w+ )?(?:memory|ram|vram|space in (?:memory|ram))\b(?!.*\b(?:do i need|would i need|should i|would .* need)\b).*\b(?:you|your|used|free|left|available|wilson|agents?|models?|workers?|tasks?|right now|now|currently|we|this machine|my machine|being|everything|in use|taken|all together|total)\b/,
  /^how much (?:memory|ram|vram)(?: (?:is|are) (?:it|that|this)(?: using)?| does (?:it|that|this) (?:use|take|need))?$/,
  /^(?:what's|what is|whats|show me|show|check|tell me|give me)(?: the| your| my| about| current)* (?:memory|ram|vram|model|gpu)(?: and (?:memory|ram))? (?:usage|use|consumption|footprint|situation|status|state|load)\b/,
  /^(?:current |total )?(?:memory|ram|vram|model) (?:usage|use|consumption|footprint|status)(?: now| please)?$/,
  /^(?:what|which)(?:'s|s| is| are) (?:currently |still |now |being )?(?:loaded|in (?:memory|ram|vram)|using (?:all |so much |the most |up )?(?:my |the )?(?:memory|ram))\b/,
  /^(?:is|are) (?:there )?(?:enough|any) (?:memory|ram|vram)\b/,
  /^(?:do|does|did) (?:you|we|it|the \w+ agent|the \w+) (?:still |currently |already )*(?:have|use|run|run on|fall back to|need) (?:the |a |an |any )?(?:[\w-]+ )*(?:gpu|vram|models?|llm|ollama|qwen\S*|llama\S*|mistral\S*|gemma\S*)\b/,
  /^(?:are you|is (?:it|wilson|this|the \w+ agent)) (?:still |currently |really )*(?:using|running on|running|based on|powered by) (?:the |a |an |my )?(?:[\w.:-]+ )*?(?:gpu|cpu|ollama|models?|llm|qwen\S*|llama\S*|mistral\S*|gemma\S*|fallback|embedded)\b/,
  /^(?:are you (?:a|an) (?:local|big|small|\d+(?:\.\d+)?b) model|what (?:kind|sort|size) of (?:language )?model are you|what llm)\b/,
  new RegExp(
    `^(?:unload|load|preload|switch to|change to|free|evict|swap) (?:up )?(?:the |a |your |some )?(?:[\\w.:-]+ ){0,3}?(?:${modelWord}|memory|ram)$`,
  ),
  new RegExp(
    `^(?:why|when) (?:is|are|was|did|does|do) (?:the |you |it |a )?(?:[\\w-]+ ){0,4}?(?:fallback|fall back|falling back|${modelWord}\\b.*\\b(?:used|using|loaded|unloaded|instead|missing|unload|load))\\b`,
  ),
  /\bcontext (?:window|size|length)\b.*\b(?:you|your|this|chat|loaded|using)\b/,
];

/** General talk about models, or advice on them, which the chat answers itself. */
const general =
  /\b(?:best|recommend|should i|would you|better|difference between|explain|how do|how does|train|fine-?tune|car|economic|business|data model)\b/;

/** A question about the models and the memory in use now. */
export function asksForModels(phrase: Phrase): boolean {
  if (general.test(phrase.text)) return false;
  return phrase.clauses.some((clause) => patterns.some((pattern) => pattern.test(clause)));
}
