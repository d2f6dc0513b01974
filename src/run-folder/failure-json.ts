// failure.json: why an error ended a run; it is there until the run is gone on with.
import { rmSync } from "node:fs";
import { z } from "zod";
import { telling } from "../error.ts";
import { bySchema, jsonFile } from "./json-file.ts";

export interface Failure {
  /** What was told, one line. */
  readonly reason: string;
  /** When, ISO 8601. */
  readonly at: string;
}

export const failureSchema: z.ZodType<Failure> = z.object({ reason: z.string(), at: z.string() });

const file = jsonFile<Failure>({
  name: "failure.json",
  without: "why the run ended is not known",
  damaged: "take it away: nothing else depends on it",
  most: 2 ** 20,
  versioned: true,
  indent: 2,
  parse: bySchema(failureSchema),
});

export const failureJson: typeof file & { remove(folder: string): void } = {
  ...file,
  /** Nothing is missing in a run that no error has ended. */
  show: (folder, problems) => (file.isIn(folder) ? file.show(folder, problems) : null),
  remove(folder) {
    telling(file.pathIn(folder), () => rmSync(file.pathIn(folder), { force: true }));
  },
};
