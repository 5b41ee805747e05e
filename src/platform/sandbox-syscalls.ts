/*
 * A seccomp filter for sandboxed commands, as the bytes of a classic BPF program. A network namespace bars the internet
 * and the loopback of the machine, but not every kind of socket belongs to one: vsock reaches the host of a virtual
 * machine (seen: a connection to port 1024 of it was answered), Bluetooth the air. So only the usual kinds can be made.
 * io_uring would make sockets past the filter, and the keyring of the session is shared with the user's other programs.
 */

interface Machine {
  /** AUDIT_ARCH_… of the kernel. */
  readonly arch: number;
  readonly socket: number;
  /** Calls that do not exist inside: io_uring_setup, add_key, request_key, keyctl, and socketcall where there is one. */
  readonly absent: readonly number[];
  /** Numbers from here on belong to another way of calling (x32), which does not exist inside either. */
  readonly limit?: number;
}

/** What a processor runs natively, and its older 32-bit programs. */
const machines: Readonly<Record<string, readonly Machine[]>> = {
  x64: [
    { arch: 0xc000003e, socket: 41, absent: [425, 248, 249, 250], limit: 0x40000000 },
    { arch: 0x40000003, socket: 359, absent: [425, 286, 287, 288, 102] },
  ],
  arm64: [
    { arch: 0xc00000b7, socket: 198, absent: [425, 217, 218, 219] },
    { arch: 0x40000028, socket: 281, absent: [425, 309, 310, 311, 102] },
  ],
};

/** AF_UNIX, AF_INET, AF_INET6, and AF_NETLINK, by which programs list the network interfaces. */
const allowedFamilies = [1, 2, 10, 16] as const;

const errno = { ENOSYS: 38, EAFNOSUPPORT: 97 } as const;
const allow = 0x7fff0000;
const fail = 0x00050000;

/** Offsets in what the kernel gives the filter; the low half of an argument comes first on both machines. */
const numberOffset = 0;
const archOffset = 4;
const firstArgumentOffset = 16;

const load = 0x20;
const jumpEqual = 0x15;
const jumpAtLeast = 0x35;
const give = 0x06;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/** The program for a processor as Node names it; null where none is known: then there is no filter. */
export function syscallFilter(arch: string): Buffer | null {
  const known = machines[arch];
  if (known === undefined) return null;
  const program: Instruction[] = [[load, 0, 0, archOffset]];
  for (const machine of known) {
    const block = blockFor(machine);
    program.push([jumpEqual, 0, block.length, machine.arch], ...block);
  }
  program.push([give, 0, 0, fail | errno.ENOSYS]);
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [code, ifTrue, ifFalse, value]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  }
  return bytes;
}

function blockFor(machine: Machine): Instruction[] {
  const endsAbsent: Instruction[] = [[give, 0, 0, fail | errno.ENOSYS]];
  const refusals = machine.absent.flatMap((number): Instruction[] => [[jumpEqual, 0, 1, number], ...endsAbsent]);
  const beyond: Instruction[] = machine.limit === undefined ? [] : [[jumpAtLeast, 0, 1, machine.limit], ...endsAbsent];
  const families = allowedFamilies.flatMap((family): Instruction[] => [
    [jumpEqual, 0, 1, family],
    [give, 0, 0, allow],
  ]);
  return [
    [load, 0, 0, numberOffset],
    ...beyond,
    ...refusals,
    [jumpEqual, 1, 0, machine.socket],
    [give, 0, 0, allow],
    [load, 0, 0, firstArgumentOffset],
    ...families,
    [give, 0, 0, fail | errno.EAFNOSUPPORT],
  ];
}
