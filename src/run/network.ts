// Which network a run trains: a shipped one, one in a person's file, or the one that a run folder keeps.
import type { Config } from "../config/config.ts";
import { buildNetwork, findNetwork } from "../nn/build.ts";
import type { NetworkDefinition } from "../nn/definition.ts";
import { isNetworkFile, loadNetwork } from "../nn/load.ts";
import type { Network } from "../nn/network.ts";
import { storedDefinition } from "../nn/stored-network.ts";
import { networkJson } from "../run-folder/index.ts";

type Model = Pick<Config, "model">;

/** The network of settings; a person's file is run. */
export async function networkOf({ model: { name } }: Model): Promise<NetworkDefinition> {
  return isNetworkFile(name) ? loadNetwork(name) : findNetwork(name);
}

/**
 * A network that is in a person's file is kept with the run, which can then be used without it; null for others. It is
 * kept without what `regularize` puts among its layers: that is in the config.
 */
export function networkToKeep(
  { model: { name, options } }: Model,
  definition: NetworkDefinition,
  { input, numClasses }: Network,
): Network | null {
  return isNetworkFile(name) ? buildNetwork(definition, { input, numClasses, options }) : null;
}

/** The network of a run; no file that it names is run. */
export function networkOfRun(runDir: string, { model: { name, options } }: Model): NetworkDefinition {
  if (!isNetworkFile(name)) return findNetwork(name);
  return storedDefinition(networkJson.read(runDir), networkJson.pathIn(runDir), options);
}
