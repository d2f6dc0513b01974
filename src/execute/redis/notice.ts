// What a coordinator makes known of a study in Redis, and under which keys: workers decide by it whether they can help.
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { z } from "zod";
import { formatVersion } from "../../config/config.ts";
import type { RunEvent } from "../../run/events.ts";
import type { Outcome, Study } from "../../study-folder/index.ts";
import { version } from "../../version.ts";

/** Prefix of all keys; BullMQ's too. */
export const prefix = "cutout";

/** Hash of all studies that are conducted: id -> notice, as JSON. */
export const noticesKey = `${prefix}:studies`;

export const keysOf = (id: string) => ({
  /** Of run folders. */
  archives: `${prefix}:study:${id}`,
  /** Hash: arm -> fingerprint of the images as that arm decodes them. */
  fingerprints: `${prefix}:study:${id}:fingerprints`,
  /** Hash: trial -> workers in a row that took it and did not bring it further. */
  taken: `${prefix}:study:${id}:taken`,
  /** Channel of what goes on. */
  events: `${prefix}:study:${id}:events`,
  /** There while a coordinator wants all trials to save and end. */
  stop: `${prefix}:study:${id}:stop`,
  /** BullMQ's own. */
  meta: `${prefix}:${queueOf(id)}:meta`,
});

/** BullMQ's queue of a study. */
export const queueOf = (id: string): string => `trials-${id}`;

export const jobOf = (trial: number): string => `trial-${trial}`;

const schema = z.object({
  /** Of this study folder and its copies. */
  id: z.string().regex(/^[0-9a-f]{32}$/),
  hash: z.string(),
  /** Of the coordinator's program: trials of one study come from one version. */
  version: z.string(),
  formatVersion: z.int(),
  host: z.string(),
  study: z.unknown(),
});
export type Notice = z.infer<typeof schema>;

export function noticeOf(study: Study): Notice {
  const { hash } = study;
  const id = createHash("sha256").update(`${hash} ${study.created}`).digest("hex").slice(0, 32);
  return { id, hash, version, formatVersion, host: hostname(), study };
}

/** Null for what is none. */
export function noticeIn(text: string): Notice | null {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Data of a job. */
export interface TrialJob {
  /** As in trials.jsonl. */
  readonly line: string;
}

/** What becomes of a job. */
export interface TrialResult {
  readonly outcome: Outcome;
  /** The end of what the trial's process said. */
  readonly log: string;
}

/** A message on the channel of events. */
export interface Happening {
  readonly trial: number;
  readonly where: string;
  readonly event: RunEvent;
}
