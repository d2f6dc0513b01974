// What tells a run's data from other data: the images by their fingerprint, their parts by a digest.
import { createHash } from "node:crypto";
import type { Dataset, Split } from "../data/index.ts";
import type { Identity } from "../train/position.ts";

/** Tells whether two splits put the same images into the same parts. */
export function splitDigest(split: Split): string {
  const hash = createHash("sha256");
  for (const part of [split.train, split.validation, split.test]) {
    hash.update(`${part.length}:`).update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  }
  return hash.digest("hex").slice(0, 32);
}

/** The part of a run's identity that checkpoints know its data by. */
export function dataIdentity({ fingerprint }: Pick<Dataset, "fingerprint">, split: Split): Identity {
  return { data: fingerprint, split: splitDigest(split) };
}
