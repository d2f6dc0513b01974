// Which network a run trains: a shipped one, one in a person's file, or the one that a run folder keeps.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { replaceFile } from "../durable-file.ts";
import { CutoutError } from "../error.ts";
import { findNetwork } from "../nn/build.ts";
import type { NetworkDefinition } from "../nn/definition.ts";
import { isNetworkFile, loadNetwork } from "../nn/load.ts";
import type { Network } from "../nn/network.ts";
import { readStoredNetwork, storedDefinition, storedNetwork } from "../nn/stored-network.ts";

const fileName = "network.json";

/** The network of settings; a person's file is run. */
export const networkOf = async (model: string): Promise<NetworkDefinition> =>
  isNetworkFile(model) ? loadNetwork(model) : findNetwork(model);

/** Keeps a network that is in a person's file: its run can be used without it. */
export function keepNetwork(runDir: string, model: string, network: Network): void {
  if (!isNetworkFile(model)) return;
  replaceFile(join(runDir, fileName), [Buffer.from(`${JSON.stringify(storedNetwork(network))}\n`)]);
}

/** The network of a run; no file that it names is run. */
export function networkOfRun(runDir: string, { model }: Pick<Config, "model">): NetworkDefinition {
  if (!isNetworkFile(model)) return findNetwork(model);
  const file = join(runDir, fileName);
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const what = `the run's network must stand there (${(error as Error).message})`;
    throw new CutoutError({ where: file, what }, { cause: error });
  }
  return storedDefinition(readStoredNetwork(raw, file), file);
}
