// A network as a file keeps it: its layers for images of one size, without the code that built them.
import { layerName } from "./affine.ts";
import { checkLayer } from "./check-layer.ts";
import { checkDefinition, type NetworkDefinition } from "./definition.ts";
import { type Network, network } from "./network.ts";
import { integer, isObject, type Kind, refusal, show, tuple } from "./options.ts";

/** Plain JSON. */
export type StoredNetwork = Pick<Network, "name" | "input" | "output" | "layer">;

export function storedNetwork({ name, input, output, layer }: Network): StoredNetwork {
  return { name, input, output, layer };
}

/**
 * The same layers whatever they are asked for: what a run that has been trained goes on with.
 * @param settled the options that they were built with, by name; they are taken as they are
 */
export function storedDefinition(
  { name, layer }: StoredNetwork,
  where: string,
  settled: Readonly<Record<string, unknown>> = {},
): NetworkDefinition {
  const options = Object.entries(settled).map(([option, otherwise]) => {
    const kind = { must: `${show(otherwise)}, as the run was begun`, read: (value: unknown) => value };
    return [option, { kind, otherwise, help: "" }];
  });
  return checkDefinition({ name, options: Object.fromEntries(options), build: () => layer }, where);
}

const extent = integer({ min: 1, max: 1_000_000 });
const side = integer({ min: 1, max: 4096 });

/**
 * The network again. Nothing is run.
 * @param where how errors name it: the file
 * @throws CutoutError that names the file and what is wrong in it
 */
export function readStoredNetwork(raw: unknown, where: string): Network {
  const read = <T>(kind: Kind<T>, option: string, value: unknown): T => {
    const found = kind.read(value);
    if (found !== undefined) return found;
    throw refusal({ where, option, what: `must be ${kind.must}`, got: show(value) });
  };
  if (!isObject(raw)) throw refusal({ where, what: "must hold one JSON object", got: show(raw) });
  const input = isObject(raw.input) ? raw.input : {};
  const output = Array.isArray(raw.output) && raw.output.length === 3 ? 3 : 1;
  return network(
    read(layerName, "name", raw.name),
    {
      height: read(side, "input.height", input.height),
      width: read(side, "input.width", input.width),
      channels: read(side, "input.channels", input.channels),
    },
    output === 3
      ? read(tuple<readonly [number, number, number]>(extent, 3), "output", raw.output)
      : read(tuple<readonly [number]>(extent, 1), "output", raw.output),
    checkLayer(raw.layer, `${where}: layer`),
    where,
  );
}
