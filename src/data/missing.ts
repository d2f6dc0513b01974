// Whether the images that a run names are there.
import { existsSync } from "node:fs";

/** Names, addresses and patterns of shards are no paths: whether they are there shows when they are opened. */
export function isMissing(data: string): boolean {
  return data !== "fashion-mnist" && !/^https?:|\{/.test(data) && !existsSync(data);
}
