import { inflateRawSync } from 'node:zlib';
import { type TaskType, taskTypes } from '../../../task/task.js';
import type { Decision, RouteContext } from '../route.js';
import { featuresOf } from './features.js';
import { chosenOption, offerIn, offersToStop } from './offer.js';

/** `accept`: takes Wilson's own offer; what that means is in the offer, not in the turn. */
export const kinds = ['answer', 'progress', 'models', 'kill', ...taskTypes, 'accept'] as const;
export type Kind = (typeof kinds)[number];

/** A share of probability for each kind; they add up to 1. */
export type Shares = Readonly<Record<Kind, number>>;

export interface Verdict {
  readonly shares: Shares;
  /** How probable it is that the turn takes Wilson's own offer; part of the shares of what was offered. */
  readonly accepted: number;
}

/** Weights of a linear classifier: for each bucket that features are hashed into, one for each kind. */
export interface Weights {
  /** Binary logarithm of the number of buckets. */
  readonly bits: number;
  readonly values: Float32Array | Int8Array;
  /** What one unit of `values` is worth. */
  readonly unit: number;
}

/** The bucket of a feature: FNV-1a with its bits mixed. */
export function bucketOf(feature: string, bits: number): number {
  let hash = 2_166_136_261;
  for (let index = 0; index < feature.length; index += 1) {
    hash = Math.imul(hash ^ feature.charCodeAt(index), 16_777_619);
  }
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 12;
  return (hash >>> 0) & ((1 << bits) - 1);
}

/** The buckets of a turn's features, each once. */
export function bucketsOf(features: ReadonlySet<string>, bits: number): Int32Array {
  const buckets = new Set<number>();
  for (const feature of features) buckets.add(bucketOf(feature, bits));
  return Int32Array.from(buckets);
}

/** Softmax of the weights' sum, which is scaled so that long turns are no surer than short ones. */
export function softmax(buckets: Int32Array, { values, unit }: Weights): Float64Array {
  const sums = new Float64Array(kinds.length);
  for (const bucket of buckets) {
    const start = bucket * kinds.length;
    for (let kind = 0; kind < kinds.length; kind += 1) sums[kind] = (sums[kind] ?? 0) + (values[start + kind] ?? 0);
  }
  const scale = unit / Math.sqrt(Math.max(1, buckets.length));
  const top = Math.max(...sums) * scale;
  let total = 0;
  for (let kind = 0; kind < kinds.length; kind += 1) {
    const share = Math.exp((sums[kind] ?? 0) * scale - top);
    sums[kind] = share;
    total += share;
  }
  return sums.map((share) => share / total);
}

function sharesFor(features: ReadonlySet<string>, weights: Weights): Record<Kind, number> {
  const values = softmax(bucketsOf(features, weights.bits), weights);
  return Object.fromEntries(kinds.map((kind, index) => [kind, values[index] ?? 0])) as Record<Kind, number>;
}

const nothingSaid: RouteContext = { lastAssistant: null, lastUser: null };

/**
 * What a turn probably is. `decision` is what the rules make of it, `decideOffer` how they decide an offer's words. Pure; well
 * under a millisecond.
 */
export function classify(
  text: string,
  context: RouteContext,
  decision: Decision,
  decideOffer: (text: string) => Decision,
  weights: Weights,
): Verdict {
  const shares = sharesFor(featuresOf(text, context, decision), weights);
  const accepted = shares.accept;
  shares.accept = 0;
  const offer = context.lastAssistant === null ? null : offerIn(context.lastAssistant);
  if (offer === null) {
    const rest = 1 - accepted;
    for (const kind of kinds) shares[kind] /= rest > 0 ? rest : 1;
    return { shares, accepted: 0 };
  }
  if (offersToStop(offer)) {
    shares.kill += accepted;
    return { shares, accepted };
  }
  const option = chosenOption(offer, text);
  const offered = sharesFor(featuresOf(option, nothingSaid, decideOffer(option)), weights);
  const work = taskTypes.reduce((sum, type) => sum + offered[type], 0);
  for (const type of taskTypes) shares[type] += (accepted * offered[type]) / work;
  return { shares, accepted };
}

/** The type of task that is most probable, whatever else the turn may be. */
export function likeliestType(shares: Shares): TaskType {
  return taskTypes.reduce((best, type) => (shares[type] > shares[best] ? type : best));
}

/** Reads weights as `scripts/train-routing.ts` writes them: deflated signed bytes in base64. */
export function unpackWeights(packed: {
  readonly bits: number;
  readonly unit: number;
  readonly data: string;
}): Weights {
  const bytes = inflateRawSync(Buffer.from(packed.data, 'base64'));
  return { bits: packed.bits, unit: packed.unit, values: new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length) };
}
