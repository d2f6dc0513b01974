// Damages valid files of every kind of data set and reads them: each must work or end with one clear error.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CutoutError } from "../../src/error.ts";
import { type Rng, stream } from "../../src/rng.ts";
import type { FuzzTarget } from "./fuzz-targets.ts";
import { readSource } from "./readers.ts";

/** Numbers that headers are not made for. */
const hostile = [
  0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x0fffffff, 0x40000000,
];

type Damage = (bytes: Buffer, rng: Rng) => Buffer;

/** Places in front are drawn more often: there the headers are. At the end too: there Parquet and zip have theirs. */
function place(length: number, rng: Rng): number {
  const near = Math.floor(length * rng.uniform() ** 4);
  return Math.min(length - 1, rng.integer(3) === 0 ? length - 1 - near : near);
}

const damages: readonly Damage[] = [
  (bytes, rng) => {
    for (let count = 1 + rng.integer(4); count > 0; count--) {
      const at = place(bytes.length, rng);
      bytes[at]! ^= 1 << rng.integer(8);
    }
    return bytes;
  },
  (bytes, rng) => bytes.subarray(0, rng.integer(bytes.length)),
  (bytes, rng) => bytes.subarray(0, bytes.length - 1 - rng.integer(Math.min(600, bytes.length))),
  (bytes, rng) => {
    const at = Math.min(place(bytes.length, rng), bytes.length - 4);
    const value = hostile[rng.integer(hostile.length)]!;
    if (at >= 0) rng.integer(2) === 0 ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);
    return bytes;
  },
  (bytes, rng) => {
    const at = place(bytes.length, rng);
    return bytes.fill(rng.integer(256), at, Math.min(bytes.length, at + 1 + rng.integer(64)));
  },
  (bytes, rng) => {
    const at = place(bytes.length, rng);
    const length = 1 + rng.integer(32);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at)]);
  },
  (bytes, rng) => {
    const at = place(bytes.length, rng);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + rng.integer(32))]);
  },
];

/** Gives a tar's damaged headers their check sum again, so that more than the sum is tried. */
function withSums(bytes: Buffer): Buffer {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    if (bytes.toString("latin1", at + 257, at + 262) !== "ustar") continue;
    bytes.fill(32, at + 148, at + 156);
    const sum = bytes.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + 148, "latin1");
  }
  return bytes;
}

export interface FuzzOutcome {
  /** Attempts that read everything in spite of the damage. */
  readonly read: number;
  /** Attempts that left damaged images out, and told of them. */
  readonly leftOut: number;
  readonly refused: number;
  /** The messages, for a look at them. */
  readonly messages: readonly string[];
}

/** Longest time of one attempt, milliseconds. */
const patience = 5000;

/**
 * Damages the files of a target `attempts` times. @throws what is no one-line error for people, and when an
 * attempt takes too long
 */
export async function fuzz(
  target: FuzzTarget,
  folder: string,
  attempts: number,
  seed: number,
): Promise<FuzzOutcome> {
  await target.make(folder);
  const whole = new Map(target.files.map((file) => [file, readFileSync(join(folder, file))]));
  const undamaged = await readSource(await target.open(folder)); // what is not damaged is read
  const messages = new Set<string>();
  let read = 0;
  let leftOut = 0;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const rng = stream(seed, `fuzz ${target.name}`, attempt);
    const file = target.files[rng.integer(target.files.length)]!;
    let bytes = damages[rng.integer(damages.length)]!(Buffer.from(whole.get(file)!), rng);
    if (file.endsWith(".tar") && rng.integer(2) === 0) bytes = withSums(bytes);
    writeFileSync(join(folder, file), bytes);
    const start = performance.now();
    try {
      const { broken } = await inTime(async () => readSource(await target.open(folder)));
      if (broken.length > undamaged.broken.length) leftOut++;
      else read++;
    } catch (error) {
      const { message } = error as Error;
      if (!(error instanceof CutoutError) || message.includes("\n") || message.length > 1000) {
        throw new Error(`attempt ${attempt} on ${file}: ${String(error)}`, { cause: error });
      }
      messages.add(message.replaceAll(folder, ""));
    }
    const took = performance.now() - start;
    if (took > patience) throw new Error(`attempt ${attempt} on ${file} took ${Math.round(took)} ms`);
    writeFileSync(join(folder, file), whole.get(file)!);
  }
  return { read, leftOut, refused: attempts - read - leftOut, messages: [...messages] };
}

/** Fails when nothing comes of it, instead of waiting for ever. */
async function inTime<T>(work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error("nothing came of it")), 2 * patience);
  });
  return Promise.race([work(), late]).finally(() => clearTimeout(timer));
}

/** The largest array that is asked for while `work` runs, in bytes: one that is refused counts too. */
export async function largestAllocation(work: () => Promise<unknown>): Promise<number> {
  let largest = 0;
  const see = (bytes: number) => {
    if (bytes > largest) largest = bytes;
  };
  const names = ["ArrayBuffer", "Uint8Array", "Uint32Array", "Int32Array", "Float64Array", "Array"] as const;
  const originals = names.map((name) => globalThis[name]);
  const buffers = { alloc: Buffer.alloc, allocUnsafe: Buffer.allocUnsafe, concat: Buffer.concat };
  for (const [index, name] of names.entries()) {
    const original = originals[index] as new (...args: unknown[]) => object;
    const width =
      (original as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? (name === "Array" ? 8 : 1);
    const watched: typeof original = new Proxy(original, {
      construct(made, args, newTarget): object {
        if (args.length === 1 && typeof args[0] === "number") see(args[0] * width);
        return Reflect.construct(made, args, newTarget === watched ? made : newTarget);
      },
    });
    Object.assign(globalThis, { [name]: watched });
    original.prototype.constructor = watched; // libraries compare it with the global
  }
  const alloc: typeof Buffer.alloc = (size, ...rest) => {
    see(size);
    return buffers.alloc(size, ...rest);
  };
  Buffer.alloc = alloc;
  Buffer.allocUnsafe = (size) => {
    see(size);
    return buffers.allocUnsafe(size);
  };
  Buffer.concat = (list, length) => {
    see(length ?? 0);
    return buffers.concat(list, length);
  };
  try {
    await work();
  } finally {
    for (const [index, name] of names.entries()) {
      Object.assign(globalThis, { [name]: originals[index] });
      (originals[index] as { prototype: object }).prototype.constructor = originals[index]!;
    }
    Object.assign(Buffer, buffers);
  }
  return largest;
}
