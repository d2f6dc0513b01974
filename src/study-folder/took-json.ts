// trials/NNNN.took.json: seconds that a trial has taken whole, over all its tries, from its process’s start to its end.
// Only who holds the study writes it, so that what follows from it is the same whenever it is asked for.
import { z } from "zod";
import { replaceFile } from "../durable-file.ts";
import { entryAt, readPlainFile } from "../run-folder/plain-file.ts";
import { tookFile } from "./layout.ts";

const schema = z.object({ seconds: z.number().min(0) });

/** Adds to what earlier tries have taken; what a kill has cut off is not counted. */
export function addTook(study: string, index: number, seconds: number): void {
  const total = (readTook(study, index) ?? 0) + seconds;
  replaceFile(tookFile(study, index), [Buffer.from(`${JSON.stringify({ seconds: total })}\n`)]);
}

/** Null where it is not known. */
export function readTook(study: string, index: number): number | null {
  const path = tookFile(study, index);
  if (entryAt(path) === null) return null;
  try {
    return schema.parse(JSON.parse(readPlainFile(path, 2 ** 16).toString("utf8"))).seconds;
  } catch {
    return null;
  }
}
