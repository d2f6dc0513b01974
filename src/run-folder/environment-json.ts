// environment.json: what a run was made with.
import { z } from "zod";
import { bySchema, jsonFile } from "./json-file.ts";

export interface Environment {
  /** Time of the start, ISO 8601. */
  readonly started: string;
  /** The command line after the program's name. */
  readonly command: readonly string[];
  /** Versions of cutout, of node, and of the libraries that decide results. */
  readonly versions: Readonly<Record<string, string>>;
  readonly platform: string;
  readonly processor: string;
  /** What WebGPU computed on; null where it was not used. */
  readonly adapter: string | null;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
}

const schema: z.ZodType<Environment> = z.object({
  started: z.string(),
  command: z.array(z.string()),
  versions: z.record(z.string(), z.string()),
  platform: z.string(),
  processor: z.string(),
  adapter: z.string().nullable(),
  cores: z.number(),
  memory: z.number(),
});

export const environmentJson = jsonFile<Environment>({
  name: "environment.json",
  without: "the machine is not known",
  damaged: "put it back from a copy, or leave it out: nothing else depends on it",
  most: 2 ** 24,
  versioned: true,
  indent: 2,
  parse: bySchema(schema),
});
