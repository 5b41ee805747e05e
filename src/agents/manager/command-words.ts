/** Verbs that name what a program can do, by which a list of commands in a request is known. */
const commandVerbs = new Set(
  (
    'add create new record log list show view display complete finish check tick mark buy lend borrow return pay remove delete ' +
    'search find filter total sum count edit update change rename archive close reopen cancel convert calculate'
  ).split(' '),
);
const irregular: Readonly<Record<string, string>> = {
  lent: 'lend',
  bought: 'buy',
  paid: 'pay',
  found: 'find',
  shown: 'show',
  done: 'complete',
};

/** The commands that a request lists, in the infinitive, with the noun behind them: "can add, list and complete items". */
export function commandsIn(request: string): { readonly verbs: readonly string[]; readonly noun: string | null } {
  const words = request.toLowerCase().match(/[a-z]+|[,;.&]/g) ?? [];
  let best: { verbs: string[]; noun: string | null } = { verbs: [], noun: null };
  for (let start = 0; start < words.length; start += 1) {
    const verbs: string[] = [];
    let at = start;
    let noun: string | null = null;
    for (; at < words.length; at += 1) {
      const word = words[at] ?? '';
      const verb = verbOf(word);
      if (verb !== null) verbs.push(verb);
      else if (!/^(,|&|and|or|to|be)$/.test(word)) break;
    }
    const next = words[at] ?? '';
    if (/^[a-z]{3,}$/.test(next) && !/^(the|with|from|that|which|for|them|it|all|my|stored|saved|in)$/.test(next))
      noun = next;
    const distinct = [...new Set(verbs)];
    if (distinct.length > best.verbs.length) best = { verbs: distinct, noun };
  }
  return best.verbs.length >= 2 ? best : { verbs: [], noun: null };
}

/** `adding`, `added`, `adds` → `add`; null for what is none of the verbs. */
function verbOf(word: string): string | null {
  const known = irregular[word];
  if (known !== undefined) return known;
  const stem = word.replace(/(ing|ed|es|s)$/, '');
  const forms = [word, stem, `${stem}e`, word.replace(/ied$|ies$/, 'y'), stem.replace(/(.)\1$/, '$1')];
  return forms.find((form) => commandVerbs.has(form)) ?? null;
}

/** `expenses` → `expense`, `entries` → `entry`. */
export function singularOf(word: string): string {
  if (/ies$/.test(word)) return `${word.slice(0, -3)}y`;
  if (/(ss|x|ch|sh)es$/.test(word)) return word.slice(0, -2);
  return /[^s]s$/.test(word) ? word.slice(0, -1) : word;
}
