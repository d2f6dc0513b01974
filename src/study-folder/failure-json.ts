// trials/NNNN.failure.json: why the last try of a trial ended by itself; gone as soon as it is tried again.
import { rmSync } from "node:fs";
import { replaceFile } from "../durable-file.ts";
import { type Failure, failureSchema } from "../run-folder/failure-json.ts";
import { entryAt, readPlainFile } from "../run-folder/plain-file.ts";
import { failureFile } from "./layout.ts";

export function writeFailure(study: string, index: number, reason: string): void {
  const failure: Failure = { reason, at: new Date().toISOString() };
  replaceFile(failureFile(study, index), [Buffer.from(`${JSON.stringify(failure)}\n`)]);
}

/** Null where there is none; what cannot be read has failed all the same. */
export function readFailure(study: string, index: number): Failure | null {
  const path = failureFile(study, index);
  if (entryAt(path) === null) return null;
  try {
    return failureSchema.parse(JSON.parse(readPlainFile(path, 2 ** 20).toString("utf8")));
  } catch {
    return { reason: `${path} cannot be read`, at: "" };
  }
}

export function forgetFailure(study: string, index: number): void {
  rmSync(failureFile(study, index), { force: true });
}
