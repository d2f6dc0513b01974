// network.json: the layers of a network that a person's own file defines, so that its run can be used without the file.
import type { Network } from "../nn/network.ts";
import { readStoredNetwork, type StoredNetwork, storedNetwork } from "../nn/stored-network.ts";
import { jsonFile } from "./json-file.ts";

const name = "network.json";
const file = jsonFile<StoredNetwork>({
  name,
  without: "the network is not known",
  damaged: "put it back from a copy: the weights are of no use without their layers (model.onnx has both)",
  most: 2 ** 26,
  versioned: false,
  indent: 0,
  parse: (json) => storedNetwork(readStoredNetwork(json, name)),
});

export const networkJson = {
  ...file,
  write: (folder: string, network: Network) => file.write(folder, storedNetwork(network)),
};
