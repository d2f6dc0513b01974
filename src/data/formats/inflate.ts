// Decompression as a stream, with a bound known beforehand.
import { pipeline, type Readable } from "node:stream";
import { createGunzip, createInflate } from "node:zlib";
import { trouble, type Where } from "./trouble.ts";

/** Deflate cannot pack tighter: 258 bytes take two bits at least. */
const tightest = 1032;

/** @throws Error when `compressed` bytes of deflate cannot hold `declared` bytes: a header lies */
export function checkDeflated(where: Where, what: string, declared: number, compressed: number): void {
  if (declared <= tightest * compressed + tightest) return;
  throw trouble(where, `hold ${declared} bytes of ${what}`, `${compressed} compressed bytes, which cannot`);
}

const makers = { gzip: createGunzip, zlib: createInflate } as const;

/** A compressed stream, decompressed. Memory is a few chunks, whatever it holds. */
export function inflated(format: keyof typeof makers, compressed: NodeJS.ReadableStream): Readable {
  const inflate = makers[format]({ chunkSize: 2 ** 16 });
  // Errors of either come out of the last stream of the pipeline.
  return pipeline(compressed, inflate, () => {}) as unknown as Readable;
}
