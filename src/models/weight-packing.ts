import { readFileSync } from 'node:fs';
import type { GgufTensor } from '../providers/gguf-parse.js';

/**
 * How llama.cpp lays out weights in memory for the processor at hand. What it can use faster in another order it copies
 * into memory of its own at the load, beside the mapped file.
 */
export type Packing = 'amx' | 'x86' | 'arm' | 'none';

/** Where the weights of a model lie, in bytes. */
export interface WeightPlaces {
  /** The file's pages that stay mapped: from the first to the last tensor that is used as it is. */
  readonly mappedBytes: number;
  /** Copies in another order. */
  readonly packedBytes: number;
}

/** Numbers of llama.cpp's `ggml_type`. */
const type = { q4_0: 2, q4_1: 3, q8_0: 8, q2_k: 10, q4_k: 12, q5_k: 13, q6_k: 14, iq4_nl: 20, iq4_xs: 23 } as const;

/** Rows that are packed together; a matrix of another height stays as it is. */
const x86Rows = 8;
const amxRows = 32;
const kBlock = 256;
const smallBlock = 32;

/** Types that each kind packs, with the size of the copy over that of the original. */
const packed: Readonly<Record<Exclude<Packing, 'none'>, ReadonlyMap<number, number>>> = {
  // Q8_0 gets a sum of 4 bytes beside each block of 34, Q6_K beside each of 210; IQ4_XS is unfolded.
  amx: new Map([
    [type.q4_0, 1],
    [type.q4_1, 1],
    [type.q8_0, 38 / 34],
    [type.q4_k, 1],
    [type.q5_k, 1],
    [type.q6_k, 214 / 210],
    [type.iq4_xs, 1.12],
  ]),
  x86: new Map([type.q4_0, type.q2_k, type.q4_k, type.iq4_nl].map((one) => [one, 1])),
  arm: new Map([type.q4_0, type.q8_0, type.q2_k, type.q4_k, type.q5_k, type.q6_k, type.iq4_nl].map((one) => [one, 1])),
};

/**
 * Where llama.cpp puts the weights of a file with these tensors. `weightBytes` is the size of the file without its
 * header. A model without an output matrix uses its token table twice: as it is, and as the matrix.
 */
export function placeWeights(tensors: readonly GgufTensor[], weightBytes: number, packing: Packing): WeightPlaces {
  const sorted = [...tensors].sort((a, b) => a.offset - b.offset);
  const tied = !sorted.some((tensor) => tensor.name === 'output.weight');
  let first = weightBytes;
  let last = 0;
  let packedBytes = 0;
  sorted.forEach((tensor, index) => {
    const end = sorted[index + 1]?.offset ?? weightBytes;
    const bytes = end - tensor.offset;
    const isTable = tensor.name === 'token_embd.weight';
    const growth = !isTable || tied ? growthOf(tensor, packing) : null;
    if (growth !== null) packedBytes += bytes * growth;
    if (growth !== null && !isTable) return;
    first = Math.min(first, tensor.offset);
    last = Math.max(last, end);
  });
  return { mappedBytes: Math.max(0, last - first), packedBytes: Math.round(packedBytes) };
}

/** Size of the packed copy over that of the original; null for a tensor that is used as it is. */
function growthOf(tensor: GgufTensor, packing: Packing): number | null {
  if (packing === 'none') return null;
  const [columns = 0, rows = 0] = tensor.dimensions;
  if (tensor.dimensions.length < 2) return null;
  const amx = packing === 'amx' && rows % amxRows === 0 && columns % blockOf(tensor.type) === 0;
  if (amx) {
    const growth = packed.amx.get(tensor.type);
    if (growth !== undefined) return growth;
  }
  const rest = packing === 'arm' ? packed.arm : packed.x86;
  return rows % x86Rows === 0 ? (rest.get(tensor.type) ?? null) : null;
}

function blockOf(tensorType: number): number {
  return tensorType === type.q4_0 || tensorType === type.q4_1 || tensorType === type.q8_0 ? smallBlock : kBlock;
}

let known: Packing | null = null;

/** The kind of this machine. Where the system does not tell what its processor can do, the one that takes most. */
export function packingHere(): Packing {
  known ??= packingOf(process.arch, process.platform === 'linux' ? processorText() : null);
  return known;
}

/** `cpuText` is the content of Linux's /proc/cpuinfo; null where there is none. */
export function packingOf(arch: string, cpuText: string | null): Packing {
  if (arch === 'arm64') return 'arm';
  if (arch !== 'x64') return 'none';
  if (cpuText === null) return 'amx';
  const flags = new Set(/^flags\s*:\s*(.*)$/m.exec(cpuText)?.[1]?.split(' ') ?? []);
  if (flags.has('amx_int8') && flags.has('avx512_vnni')) return 'amx';
  return flags.has('avx2') ? 'x86' : 'none';
}

function processorText(): string | null {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    // A system without /proc: nothing is known of the processor.
    return null;
  }
}
