/** Learns the weights of the router's classifier: multinomial logistic regression by AdaGrad, the same every time. */
import { asksToKill } from '../src/chat/routing/kill-rule.js';
import { bucketsOf, type Kind, kinds, softmax, type Weights } from '../src/chat/routing/learned/classifier.js';
import { featuresOf } from '../src/chat/routing/learned/features.js';
import { offerIn } from '../src/chat/routing/learned/offer.js';
import { parsePhrase } from '../src/chat/routing/phrase.js';
import type { RouteContext } from '../src/chat/routing/route.js';
import { decideByRules } from '../src/chat/routing/rules.js';
import { type Labelled, type Lesson, lessonsFrom, seededRandom, tunedSources } from './routing-corpus.js';

/** Chosen by cross-validation over sources; the result hardly depends on them. */
const settings = {
  bits: 15,
  epochs: 10,
  rate: 0.2,
  decay: 3e-5,
  /** Share of features left out each time a row is looked at, so that none is relied on alone. */
  dropout: 0.3,
  /** Weight of a row with and without the features that the rules give. */
  withRules: 0.7,
  withoutRules: 0.3,
} as const;

interface Example {
  readonly buckets: Int32Array;
  readonly kind: number;
  readonly weight: number;
}

export function contextOf({ after }: Labelled): RouteContext {
  return { lastAssistant: after ?? null, lastUser: null };
}

/** Longest reply that takes up an offer, in words. */
const replyWords = 14;

/** What is learnt of a row: that it accepts an offer, where what it accepts is in the offer. */
function kindOf(row: Lesson): Kind {
  const kind = (row.intent === 'delegate' ? (row.type ?? 'accept') : row.intent) as Kind;
  const isOrder = row.intent === 'delegate' || (row.intent === 'kill' && !asksToKill(parsePhrase(row.text)));
  const isReply = row.after !== undefined && offerIn(row.after) !== null && row.text.split(' ').length <= replyWords;
  // A variation that was put behind an offer by chance is an order of its own, and has a type of its own.
  const isOwnOrder = row.isVaried && row.type !== undefined;
  return isOrder && isReply && !isOwnOrder ? 'accept' : kind;
}

function examplesFrom(lessons: readonly Lesson[]): Example[] {
  return lessons.flatMap((lesson) => {
    const { text, weight, source } = lesson;
    const kind = kinds.indexOf(kindOf(lesson));
    const example = (said: string, context: RouteContext, byRules: boolean, of: number, share: number): Example => ({
      buckets: bucketsOf(featuresOf(said, context, byRules ? decideByRules(said, context) : null), settings.bits),
      kind: of,
      weight: weight * share,
    });
    const both = (said: string, context: RouteContext, of: number): Example[] =>
      tunedSources.has(source)
        ? [example(said, context, false, of, 1)]
        : [
            example(said, context, true, of, settings.withRules),
            example(said, context, false, of, settings.withoutRules),
          ];
    const examples = both(text, contextOf(lesson), kind);
    const offer = lesson.after === undefined ? null : offerIn(lesson.after);
    // The offer is the order: its words teach the type.
    if (kinds[kind] === 'accept' && offer !== null && lesson.type !== undefined) {
      examples.push(...both(offer, { lastAssistant: null, lastUser: null }, kinds.indexOf(lesson.type as Kind)));
    }
    return examples;
  });
}

/** The weights that these rows teach. About a minute for nine thousand rows. */
export function learn(rows: readonly Labelled[]): Weights & { readonly values: Float32Array } {
  const examples = examplesFrom(lessonsFrom(rows));
  const random = seededRandom(7);
  const size = kinds.length * 2 ** settings.bits;
  const values = new Float32Array(size);
  const squares = new Float32Array(size);
  const sums = new Float32Array(size);
  const weights = { bits: settings.bits, unit: 1, values };
  const order = examples.map((_, index) => index);
  const averagedFrom = settings.epochs / 2;
  for (let epoch = 0; epoch < settings.epochs; epoch += 1) {
    for (let last = order.length - 1; last > 0; last -= 1) {
      const other = Math.floor(random() * (last + 1));
      [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
    }
    for (const index of order) {
      const example = examples[index];
      if (example !== undefined) step(example, weights, squares, random);
    }
    if (epoch >= averagedFrom)
      for (let index = 0; index < size; index += 1) sums[index] = (sums[index] ?? 0) + (values[index] ?? 0);
  }
  // The mean over the later epochs is steadier than where the last step happened to lead.
  const averaged = settings.epochs - Math.ceil(averagedFrom);
  return { ...weights, values: sums.map((sum) => sum / averaged) };
}

function step(example: Example, weights: Weights, squares: Float32Array, random: () => number): void {
  const { values } = weights;
  const buckets = example.buckets.filter(() => random() >= settings.dropout);
  const shares = softmax(buckets, weights);
  const scale = example.weight / Math.sqrt(Math.max(1, buckets.length));
  for (let kind = 0; kind < kinds.length; kind += 1) {
    const error = ((shares[kind] ?? 0) - (kind === example.kind ? 1 : 0)) * scale;
    if (Math.abs(error) < 1e-5) continue;
    for (const bucket of buckets) {
      const at = bucket * kinds.length + kind;
      const value = values[at] ?? 0;
      const slope = error + settings.decay * value;
      const square = (squares[at] ?? 0) + slope * slope;
      squares[at] = square;
      values[at] = value - (settings.rate * slope) / (Math.sqrt(square) + 1e-3);
    }
  }
}

/** The same in signed bytes: a fifth of a point of accuracy at most, a quarter of the size. */
export function inBytes(weights: Weights): Weights & { readonly values: Int8Array } {
  const top = [...weights.values].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const unit = top / 127;
  return { bits: weights.bits, unit, values: Int8Array.from(weights.values, (value) => Math.round(value / unit)) };
}
