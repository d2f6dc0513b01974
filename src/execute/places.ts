// Where runs run, by the words of --on: `local`, `redis://host:port`, `slurm`, `slurm:partition`.
import { settingsError } from "../config/settings.ts";
import type { Executor } from "./executor.ts";

export interface PlaceOptions {
  /** Trials at a time on this machine; null for as many as processors and memory allow. */
  readonly parallel: number | null;
}

interface Place {
  /** As a person writes it. */
  readonly form: string;
  readonly what: string;
  /** What it is told, when the words are of this place; null otherwise. */
  readonly matches: (words: string) => string | null;
  readonly open: (told: string, options: PlaceOptions) => Promise<Executor>;
}

/** Libraries are loaded with the place that needs them. */
const places: readonly Place[] = [
  {
    form: "local",
    what: "processes of this machine",
    matches: (words) => (words === "local" ? "" : null),
    open: async (_, { parallel }) => (await import("./local.ts")).localProcesses({ parallel }),
  },
  {
    form: "redis://host:port",
    what: 'all machines that run "cutout worker" with the same Redis (rediss:// for TLS)',
    matches: (words) => (/^rediss?:\/\//.test(words) ? words : null),
    open: async (url) => (await import("./redis/queue.ts")).redisQueue({ url }),
  },
  {
    form: "slurm[:partition]",
    what: "array tasks of Slurm, on machines that see the study's folder",
    matches: (words) =>
      /^slurm(?::(.+))?$/
        .exec(words)
        ?.slice(1)
        .map((name) => name ?? "")[0] ?? null,
    open: async (name) => (await import("./slurm.ts")).slurmArray({ partition: name === "" ? null : name }),
  },
];

/**
 * The place of `--on`.
 * @throws CutoutError when there is no such place
 */
export async function executorOn(words: string, options: PlaceOptions): Promise<Executor> {
  for (const { matches, open } of places) {
    const told = matches(words);
    if (told !== null) return open(told, options);
  }
  throw settingsError({
    where: "--on",
    what: `must be ${places.map(({ form }) => form).join(", ")}`,
    got: words,
  });
}
