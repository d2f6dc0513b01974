// Trees of layers out of files: what is right comes back as it was, anything else is one line.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CutoutError } from "../error.ts";
import { buildNetwork } from "./build.ts";
import { checkLayer } from "./check-layer.ts";
import { conv, flatten, linear, relu, residual, sequential } from "./layers/index.ts";
import { networks } from "./networks/index.ts";

const input = { height: 96, width: 96, channels: 3 };
const trees = networks.map((definition) => buildNetwork(definition, { input, numClasses: 4 }).layer);

/** A layer, or one line about the file. */
function outcome(tree: unknown): string {
  try {
    return JSON.stringify(checkLayer(tree, "network.json"));
  } catch (error) {
    expect(error).toBeInstanceOf(CutoutError);
    const { message } = error as CutoutError;
    expect(message).toMatch(/^network\.json: [^\n]*$/);
    expect(message.length).toBeLessThan(400);
    return message;
  }
}

it.each(trees)("a shipped network comes back from JSON as it was", (tree) => {
  expect(checkLayer(JSON.parse(JSON.stringify(tree)))).toEqual(tree);
  expect(checkLayer(tree)).not.toBe(tree);
});

/** Every place in the tree, as the keys that lead there. */
function placesIn(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, child]) =>
    placesIn(child, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return [path, ...inner];
}

it("a tree with anything put anywhere is layers or one line", () => {
  const mutations = fc.constantFrom(...trees).chain((tree) =>
    fc.record({
      tree: fc.constant(tree),
      place: fc.constantFrom(...placesIn(tree)),
      value: fc.oneof(
        fc.jsonValue(),
        fc.anything(),
        fc.constantFrom<unknown>(
          1e99,
          -1,
          0.5,
          "",
          "__proto__",
          undefined,
          { kind: "constructor" },
          { kind: "relu" },
        ),
      ),
      key: fc.option(fc.oneof(fc.string(), fc.constantFrom("__proto__", "kind", "constructor"))),
    }),
  );
  fc.assert(
    fc.property(mutations, ({ tree, place, value, key }) => {
      const root = { tree: structuredClone(tree) as unknown };
      const path = ["tree", ...place];
      let at: Record<string | number, unknown> = root;
      for (const name of path.slice(0, -1)) at = at[name] as typeof at;
      const last = path.at(-1)!;
      const child = at[last];
      if (key !== null && typeof child === "object" && child !== null) {
        Object.defineProperty(child, key, { value, enumerable: true, configurable: true, writable: true });
      } else at[last] = value;
      const said = outcome(root.tree);
      // What is accepted is accepted again, and is the same.
      if (said.startsWith("{")) expect(outcome(JSON.parse(said))).toBe(said);
    }),
    { numRuns: 2000 },
  );
});

describe("the layer that is wrong is named by its path", () => {
  const bad = { ...conv("a", 4, 3), outChannels: "x" };
  it.each([
    [undefined, "network.json: must be a layer, got nothing"],
    [[relu], "network.json: must be a layer, got a list of 1"],
    [() => relu, "network.json: must be a layer, got a function"],
    [{}, "network.json: kind must be one of avgPool, batchNorm, conv, dropBlock, dropout"],
    [bad, 'network.json: outChannels must be an integer from 1 to 1000000, got "x"'],
    [
      sequential(relu, residual(sequential(relu, bad as never))),
      'network.json: layers[1].body.layers[1].outChannels must be an integer from 1 to 1000000, got "x"',
    ],
    [{ kind: "sequential" }, "network.json: layers must be a list of layers, got nothing"],
    [sequential(relu, flatten, linear as never), "network.json: layers[2] must be a layer, got a function"],
    [{ kind: "relu", slope: 0.1 }, 'network.json: relu has no "slope"'],
    [
      { ...conv("a", 4, 3), stride: [1] },
      "stride must be a list of 2, each an integer from 1 to 1024, got [1]",
    ],
    [
      { ...conv("a", 4, 3), name: "a b" },
      "name must be a name of at most 100 letters, digits, dots, dashes and",
    ],
    [{ ...conv("a", 4, 3), bias: Number.NaN }, "bias must be a number, or null, got NaN"],
    [JSON.parse('{"kind": "relu", "__proto__": 1}'), 'relu has no "__proto__"'],
  ])("%j", (tree, text) => {
    expect(outcome(tree)).toContain(text);
  });
});

describe("what is too much", () => {
  it("layers in each other", () => {
    let deep: unknown = relu;
    for (let depth = 0; depth < 100_000; depth++) deep = { kind: "sequential", layers: [deep] };
    expect(outcome(deep)).toBe("network.json: layers must not lie deeper than 100 in each other");
  });

  it("a layer in itself", () => {
    const layers: unknown[] = [relu];
    const loop = { kind: "sequential", layers };
    layers.push(loop, loop);
    expect(outcome(loop)).toMatch("network.json: layers must not lie deeper than 100");
  });

  it("layers", () => {
    const row = sequential(...Array.from({ length: 1000 }, () => relu));
    const many = sequential(...Array.from({ length: 1000 }, () => row));
    expect(outcome(many)).toBe("network.json: must have at most 50000 layers");
  });
});
