// trials/NNNN.failure.json: why the last try of a trial ended by itself; gone as soon as it is tried again.
import { rmSync } from "node:fs";
import { z } from "zod";
import { replaceFile } from "../durable-file.ts";
import { entryAt, readPlainFile } from "../run-folder/plain-file.ts";
import { failureFile } from "./layout.ts";

export interface Failure {
  /** One line for people. */
  readonly message: string;
  /** ISO 8601. */
  readonly when: string;
}

const schema: z.ZodType<Failure> = z.object({ message: z.string(), when: z.string() });

export function writeFailure(study: string, index: number, message: string): void {
  const failure: Failure = { message, when: new Date().toISOString() };
  replaceFile(failureFile(study, index), [Buffer.from(`${JSON.stringify(failure)}\n`)]);
}

/** Null where there is none; what cannot be read has failed all the same. */
export function readFailure(study: string, index: number): Failure | null {
  const path = failureFile(study, index);
  if (entryAt(path) === null) return null;
  try {
    return schema.parse(JSON.parse(readPlainFile(path, 2 ** 20).toString("utf8")));
  } catch {
    return { message: `${path} cannot be read`, when: "" };
  }
}

export function forgetFailure(study: string, index: number): void {
  rmSync(failureFile(study, index), { force: true });
}
