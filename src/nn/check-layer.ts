// Layers out of what is not known to be layers: a person's file, or the file of a run folder.
import type { CutoutError } from "../error.ts";
import type { Inner, LayerRule } from "./layer.ts";
import { type Layer, type LayerKind, layerRules } from "./layers/index.ts";
import { isObject, type Kind, refusal, show } from "./options.ts";

/** Far beyond any network, and little enough for the stack and for memory. */
const most = { depth: 100, layers: 50_000 };

/**
 * The same tree with nothing in it but what its layers need.
 * @param where whose layers they are, for errors
 * @throws CutoutError that names the layer by its path, as `layers[3].body.outChannels`
 */
export function checkLayer(tree: unknown, where = "network"): Layer {
  let count = 0;
  const fail = (path: string, what: string, got?: string): CutoutError =>
    refusal({ where, ...(path === "" ? {} : { option: path }), what, got });

  const readInner: { readonly [I in Inner]: (value: unknown, path: string, depth: number) => unknown } = {
    layer: read,
    layers(value, path, depth) {
      if (!Array.isArray(value)) throw fail(path, "must be a list of layers", show(value));
      return Array.from(value, (each, index) => read(each, `${path}[${index}]`, depth));
    },
  };

  function read(value: unknown, path: string, depth: number): Layer {
    if (depth > most.depth) throw fail("", `layers must not lie deeper than ${most.depth} in each other`);
    if (++count > most.layers) throw fail("", `must have at most ${most.layers} layers`);
    if (!isObject(value)) throw fail(path, "must be a layer", show(value));
    const { kind } = value;
    if (typeof kind !== "string" || !Object.hasOwn(layerRules, kind)) {
      const known = Object.keys(layerRules).join(", ");
      throw fail(inside(path, "kind"), `must be one of ${known}`, show(kind));
    }
    const { fields } = layerRules[kind as LayerKind] as LayerRule<never>;
    const kinds: Readonly<Record<string, Kind<unknown> | Inner>> = fields;
    const stranger = Object.keys(value).find((name) => name !== "kind" && !Object.hasOwn(kinds, name));
    if (stranger !== undefined) {
      throw fail(path, `${kind} has no ${show(stranger)}`);
    }
    const settings = Object.entries(kinds).map(([name, field]) => {
      const given = Object.hasOwn(value, name) ? value[name] : undefined;
      const at = inside(path, name);
      if (typeof field === "string") return [name, readInner[field](given, at, depth + 1)];
      const setting = field.read(given);
      if (setting === undefined) throw fail(at, `must be ${field.must}`, show(given));
      return [name, setting];
    });
    return { kind, ...Object.fromEntries(settings) };
  }
  return read(tree, "", 0);
}

const inside = (path: string, name: string): string => (path === "" ? name : `${path}.${name}`);
