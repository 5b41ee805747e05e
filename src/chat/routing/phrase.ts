/** One turn in the forms that the rules look at; all lower case but `original`. */
export interface Phrase {
  readonly original: string;
  readonly text: string;
  /** Sentences and parts of sentences, each without the courtesies it began with. */
  readonly clauses: readonly string[];
  /** For each clause, the number of the sentence that it belongs to. */
  readonly sentences: readonly number[];
  /** The first clause as a question ends: with a question mark or a word that asks. */
  readonly isQuestion: boolean;
}

const courtesies: readonly RegExp[] = [
  /^(?:would|do) you mind\s+/,
  /^(?:hey|hi|hello|yo|ok|okay|so|well|now|then|and|but|or|also|alright|right|great|cool|good|nice|perfect|thanks|thank you|thx|sure|yes|yeah|yep|wilson|please|pls|plz|kindly|just|maybe|perhaps|actually|oh|um|hm+|no|nope|never ?mind|next|first|finally|afterwards|quickly|sorry|again|instead|in the background|for me|there|if you (?:can|could)|when you (?:can|have (?:a )?(?:time|moment|minute)))\b(?![-.]\w)[\s,:;!.…-]*/,
  /^(?:can|could|would|will|won't|can't|may|might) (?:you|u|ya|someone|somebody|anyone|we|one of (?:your|the) agents|(?:an?|the|your) (?:\w+ )?agents?)(?: (?:please|pls|maybe|perhaps|also|just|kindly|quickly|possibly|now|then|go and|go ahead and|help me(?: to)?|try to|be so kind (?:as )?to))*\s+/,
  /^(?:i|we)(?:'d| would|'ll)? (?:really |just |also |now )?(?:like|love|want|need|prefer)(?: for)?(?: (?:you|someone|somebody|an agent|wilson))? to (?:have |get )?/,
  /^(?:it would|it'd|would) be (?:nice|great|good|cool|helpful|lovely)(?: if (?:you|someone|we)(?: could| would|'d)?| to)\s+/,
  /^(?:is it possible to|let's|lets|let us|go ahead and|go and|try to|try and|help me(?: to)?|make sure (?:that )?(?:you |to )|(?:someone|somebody) (?:should|must|needs to|has to|ought to)|feel free to|you (?:should|could|can|must|need to|have to)|your (?:next )?(?:task|job)(?: is)?(?: to)?:?|(?:new )?(?:task|todo|to do|request):)\s+/,
  /^(?:have|get|ask|let|tell) (?:someone|somebody|one of (?:the|your) agents|(?:an?|the|your) (?:\w+ )?(?:agent|worker)|wilson)(?: to)?\s+/,
  /^(?:start|create|launch|spawn|kick off|begin|open|queue(?: up)?) (?:an?|another|the|one more) (?:new |background |code |test |review |research |analysis )*(?:task|job|agent|worker) (?:that|which|to|for|who)\s+/,
];

/** Takes away, again and again, what people say before they say what they want. */
export function stripCourtesies(clause: string): string {
  let rest = clause.trim();
  for (let changed = true; changed && rest !== ''; ) {
    changed = false;
    for (const courtesy of courtesies) {
      const shorter = rest.replace(courtesy, '').trim();
      if (shorter !== rest) {
        rest = shorter;
        changed = true;
      }
    }
  }
  return rest;
}

const asks =
  /^(?:what|what's|whats|which|who|who's|whose|when|where|where's|why|how|how's|hows|is|isn't|are|aren't|am|was|were|do|does|don't you|doesn't|did|didn't|has|hasn't|have (?:you|we|they|i|the)|haven't|had|will|would|should|shall|could|can|may|might|must)\b/;

export function startsAsQuestion(clause: string): boolean {
  return asks.test(clause);
}

/** Dots inside file names and numbers do not end a sentence. */
function splitSentences(text: string): string[] {
  return text.split(/[.!?…]+(?=\s|$)|\n+/);
}

/** Splits where a new thought begins; dots inside file names and numbers do not end a sentence. */
function splitClauses(text: string): string[] {
  return text
    .split(/[.!?;:…]+(?=\s|$)|\n+|,(?=\s)|(?<=\s)[-–—]+(?=\s)|\s(?=(?:and then|then|but)\s)/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** What of a long text the rules look at, in characters: an order stands at its beginning or at its end. */
const headLimit = 400;
const tailLimit = 200;

/** The parts of a text that say what is wanted; the middle of a paste would only cost time, in patterns quadratic time. */
export function tellingParts(text: string): string {
  if (text.length <= headLimit + tailLimit) return text;
  return `${text.slice(0, headLimit)}\n${text.slice(-tailLimit)}`;
}

export function parsePhrase(original: string): Phrase {
  const text = tellingParts(original.trim())
    .normalize('NFKC')
    .replace(/[\u2018\u2019\u02bc`´]/g, "'")
    .replace(/[\u201c\u201d]/g, '"')
    .replace(/[ \t]+/g, ' ')
    .trim()
    .toLowerCase();
  const parts = splitSentences(text).flatMap((sentence, number) =>
    splitClauses(sentence).map((part) => ({ clause: stripCourtesies(part), number })),
  );
  const spoken = parts.filter(({ clause }) => clause !== '');
  const clauses = spoken.map(({ clause }) => clause);
  const isQuestion = /[?？]\s*$/.test(text) || startsAsQuestion(clauses[0] ?? '');
  return { original, text, clauses, sentences: spoken.map(({ number }) => number), isQuestion };
}
