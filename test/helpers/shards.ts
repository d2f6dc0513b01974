// For tests of WebDataset: shards of small pictures.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { pack } from "tar-stream";
import { temporaryFolder } from "./data.ts";
import { pattern } from "./readers.ts";

export type Files = readonly (readonly [name: string, content: string | Uint8Array])[];

export async function tarOf(files: Files): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of files) archive.entry({ name }, content);
  archive.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of archive) parts.push(part as Uint8Array);
  return Buffer.concat(parts);
}

export const png = (n: number) =>
  sharp(pattern(n, 6, 5), { raw: { height: 6, width: 5, channels: 3 } })
    .png()
    .toBuffer();

/** `count` samples, named and labelled by their number. */
export const samples = async (
  from: number,
  count: number,
  label = (n: number) => String(n % 2),
): Promise<Files> => {
  const all = Array.from({ length: count }, async (_, index) => {
    const n = from + index;
    return [[`${n}.png`, await png(n)] as const, [`${n}.cls`, label(n)] as const];
  });
  return (await Promise.all(all)).flat();
};

/** Shards of some samples each; sample `n` is the n-th of all. */
export async function shardsOf(sizes: readonly number[]): Promise<string> {
  const folder = temporaryFolder();
  let first = 0;
  for (const [index, size] of sizes.entries()) {
    writeFileSync(
      join(folder, `${String(index).padStart(3, "0")}.tar`),
      await tarOf(await samples(first, size)),
    );
    first += size;
  }
  return folder;
}
