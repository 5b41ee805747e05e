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
 * Measured on the two test models, Node 20 on Linux, with the native settings of bound-child.ts. All in bytes.
 * The program: binary, libraries, compiled code and the JavaScript heap of a worker that has loaded a model.
 */
const programBytes = 116 * megabyte;
/** For each token of the vocabulary: its text in llama.cpp and in node-llama-cpp, and the tables to find it. */
const tokenBytes = 560;
/** Candidates of a sampler for each token of the vocabulary, and samplers that are not collected yet. */
const samplerBytes = 12;
const samplersAtOnce = 18;
/** Longest piece of a prompt that is read in one evaluation. */
const pieceTokens = 512;
/** The attention mask of one piece, for each token of context. */
const maskBytes = 6;
/** Stack, arena and working space of a thread. */
const threadBytes = 4 * megabyte;
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
  const always = programBytes + figures.vocabulary * tokenBytes + packedBytes;
  // While it is loaded, the whole file is in memory; what was packed is let go of at the end.
  const whileLoading = always + figures.fileBytes;
  const context = load.numCtx * slots * figures.cacheBytesPerToken;
  const work =
    load.numCtx * pieceTokens * maskBytes + figures.vocabulary * samplerBytes * samplersAtOnce + threads * threadBytes;
  const whileWorking = always + mappedBytes + context + work;
  return Math.ceil((Math.max(whileLoading, whileWorking) * (1 + marginShare)) / megabyte);
}
