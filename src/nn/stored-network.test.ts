// Networks as files keep them: they come back as they were, and anything else is one line.
import { expect, it } from "vitest";
import { buildNetwork } from "./build.ts";
import { conv } from "./layers/index.ts";
import { network } from "./network.ts";
import { networks } from "./networks/index.ts";
import { readStoredNetwork, storedNetwork } from "./stored-network.ts";

const input = { height: 72, width: 80, channels: 3 };
const encoder = network("encoder", input, null, conv("a", 4, 3, 2, 1));
const stored = (given: object) => JSON.parse(JSON.stringify(given));

it.each([encoder, ...networks.map((definition) => buildNetwork(definition, { input, numClasses: 3 }))])(
  "$name",
  (built) => {
    expect(readStoredNetwork(stored(storedNetwork(built)), "network.json")).toEqual(built);
  },
);

it.each([
  [null, "network.json: must hold one JSON object, got null"],
  [{}, "network.json: name must be a name of at most 100 letters"],
  [{ input: 3 }, "network.json: input.height must be an integer from 1 to 4096, got nothing"],
  [{ input: { ...input, width: 0 } }, "network.json: input.width must be an integer from 1 to 4096, got 0"],
  [{ output: "4" }, 'network.json: output must be a list of 1, each an integer from 1 to 1000000, got "4"'],
  [{ output: [4, 36, 41] }, "network.json: must end in [4, 36, 41], got [4, 36, 40]"],
  [{ layer: [] }, "network.json: layer: must be a layer, got []"],
  [{ layer: { ...encoder.layer, stride: 2 } }, "network.json: layer: stride must be a list of 2"],
])("%j", (change, text) => {
  const given =
    change === null || Object.keys(change).length === 0
      ? change
      : { ...stored(storedNetwork(encoder)), ...change };
  expect(() => readStoredNetwork(given, "network.json")).toThrow(text);
});
