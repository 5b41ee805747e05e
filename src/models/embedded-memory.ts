import { batchTokens } from '../providers/llama-cpp-batch.js';
import { knownFigures, type ModelFigures } from './model-figures.js';
import { type Packing, packingHere } from './weight-packing.js';

/** What an embedded model is run with. */
export interface EmbeddedLoad {
  /** A name of the catalog, a path whose header was read before, or the figures themselves. */
  readonly model: string | ModelFigures;
  /** Context of each slot in tokens. */
  readonly numCtx: number;
  /** Conversations kept in memory side by side; default 1 for a worker, 2 for the chat engine. */
  readonly slots?: number;
  /** Most threads of llama.cpp; default 1 for a worker, 2 for the chat engine. */
  readonly threads?: number;
  /** Default: this machine's. */
  readonly packing?: Packing;
}

const megabyte = 1_048_576;

/**
 * Measured on the two test models (Node 20, Linux) in processes of bound-child.ts, whose settings for thrift they rest on.
 * The program: binary, libraries, compiled code and the JavaScript heap of a worker that has loaded a model.
 */
const programBytes = 91 * megabyte;
/** For each token of the vocabulary: its text in llama.cpp and in node-llama-cpp, and the tables to find it. */
const tokenBytes = 505;
/** What is left of reading the header, for each token, until it is collected; gone by the time that the model works. */
const headerTokenBytes = 60;
/** Candidates of a sampler, for each token; samplers that the collector has not come to yet (llama-cpp-collect.ts). */
const samplerBytes = 12;
const samplersAtOnce = 9;
/** What the grammar of a JSON answer decodes, for each token of the vocabulary, at each token that it admits. */
const grammarBytes = 170;
/** The attention mask of one piece of a prompt, for each token of context: as numbers of 4 bytes and of 2. */
const maskBytes = 6;
/** Activations of one piece, and what answers leave on the heap. */
const answerBytes = 10 * megabyte;
/** Stack and working space of a thread. */
const threadBytes = 2 * megabyte;
/** Runs differ by a few MB; larger models have larger activations. */
const marginShare = 0.02;

/**
 * Memory of a task worker at its peak, in MB of the whole process, with nobody sharing its pages: an estimate that is
 * never below what was measured, and at most 15 % above. Null for a model of which nothing is known.
 */
export function embeddedWorkerMb(load: EmbeddedLoad): number | null {
  return processMb(load, load.slots ?? 1, load.threads ?? 1);
}

/** As {@link embeddedWorkerMb}, for the chat's engine. */
export function chatEngineMb(load: EmbeddedLoad): number | null {
  return processMb(load, load.slots ?? 2, load.threads ?? 2);
}

function processMb(load: EmbeddedLoad, slots: number, threads: number): number | null {
  const figures = typeof load.model === 'string' ? knownFigures(load.model) : load.model;
  if (figures === null) return null;
  const { mappedBytes, packedBytes } = figures.places(load.packing ?? packingHere());
  const { vocabulary } = figures;
  const always = programBytes + vocabulary * tokenBytes + packedBytes + threads * threadBytes;
  // While it is loaded, the whole file is in memory; what was packed is let go of at the end.
  const whileLoading = always + figures.fileBytes + vocabulary * headerTokenBytes;
  const cache = load.numCtx * slots * figures.cacheBytesPerToken;
  const mask = load.numCtx * batchTokens * maskBytes;
  const answers = vocabulary * (samplersAtOnce * samplerBytes + grammarBytes) + answerBytes;
  const whileWorking = always + mappedBytes + cache + mask + answers;
  return Math.ceil((Math.max(whileLoading, whileWorking) * (1 + marginShare)) / megabyte);
}
