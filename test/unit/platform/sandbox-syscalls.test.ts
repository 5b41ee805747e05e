import { describe, expect, it } from 'vitest';
import { syscallFilter } from '../../../src/platform/sandbox-syscalls.js';

const allow = 0x7fff0000;
const refused = (errno: number): number => 0x00050000 | errno;
const [ENOSYS, EAFNOSUPPORT] = [38, 97];

/** What the kernel would answer: the program is run on one system call. */
function answer(arch: string, call: { arch: number; number: number; first?: number }): number {
  const program = syscallFilter(arch);
  if (program === null) throw new Error(`no filter for ${arch}`);
  const data: Readonly<Record<number, number>> = { 0: call.number, 4: call.arch, 16: call.first ?? 0 };
  let accumulator = 0;
  for (let at = 0; at < program.length / 8; at += 1) {
    const code = program.readUInt16LE(at * 8);
    const [ifTrue, ifFalse] = [program.readUInt8(at * 8 + 2), program.readUInt8(at * 8 + 3)];
    const value = program.readUInt32LE(at * 8 + 4);
    if (code === 0x20) accumulator = data[value] ?? 0;
    else if (code === 0x15) at += accumulator === value ? ifTrue : ifFalse;
    else if (code === 0x35) at += accumulator >= value ? ifTrue : ifFalse;
    else if (code === 0x06) return value;
    else throw new Error(`unknown instruction ${code}`);
  }
  throw new Error('the program has no end');
}

const machines: [string, string, number, number, number][] = [
  ['x64', 'x86-64', 0xc000003e, 41, 250],
  ['x64', 'its 32-bit programs', 0x40000003, 359, 288],
  ['arm64', 'arm64', 0xc00000b7, 198, 219],
  ['arm64', 'its 32-bit programs', 0x40000028, 281, 311],
];

describe.each(machines)('the filter for %s, %s', (arch, _what, kernelArch, socket, keyctl) => {
  const call = (number: number, first = 0) => answer(arch, { arch: kernelArch, number, first });

  it('lets the usual sockets be made and no others', () => {
    for (const family of [1, 2, 10, 16]) expect(call(socket, family)).toBe(allow);
    for (const family of [0, 3, 17, 31, 38, 40, 44, 0xffff]) expect(call(socket, family)).toBe(refused(EAFNOSUPPORT));
  });

  it('lets other calls through, but for io_uring and the keyring', () => {
    for (const number of [0, 1, 3, 39, 56, 57, 59, 231, 400, 436]) expect(call(number)).toBe(allow);
    expect(call(425)).toBe(refused(ENOSYS));
    expect(call(keyctl)).toBe(refused(ENOSYS));
  });

  it('knows no other way of calling', () => {
    expect(answer(arch, { arch: 0x12345678, number: 0 })).toBe(refused(ENOSYS));
    if (kernelArch === 0xc000003e) expect(call(0x40000000 + 41, 2)).toBe(refused(ENOSYS));
  });
});

describe('the filter', () => {
  it('is absent for a processor that it does not know', () => expect(syscallFilter('mips')).toBeNull());
});
