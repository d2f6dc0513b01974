// Networks in people's own files, in a process as the program is one: a good file is a network, a bad one is one line.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { conv, flatten, globalAvgPool, linear, relu, sequential } from "./layers/index.ts";
import { standardRecipe, standardSizes } from "./recipe.ts";

const folder = mkdtempSync(join(tmpdir(), "cutout-networks-"));
afterAll(() => rmSync(folder, { recursive: true }));

const imports =
  'import { conv, defineNetwork, flatten, globalAvgPool, integer, linear, relu, sequential } from "cutout";\n';
const layers = '[conv("a", 4, 3, 1, 1), relu, globalAvgPool, flatten, linear("b", numClasses)]';
const tree = sequential(conv("a", 4, 3, 1, 1), relu, globalAvgPool, flatten, linear("b", 2));
const mine = { name: "mine", layer: tree, recipe: standardRecipe, sizes: standardSizes };
const network = (build: string, more = "") =>
  `${imports}export default defineNetwork({ name: "mine", ${more}build: ${build} });\n`;

/** File -> what it holds, and what comes of it: a network, or a line that begins with the file's name. */
const files: Readonly<Record<string, readonly [source: string | null, outcome: object | string]>> = {
  "good.js": [network(`({ numClasses }) => sequential(...${layers})`), mine],
  "good.mjs": [network(`({ numClasses }) => sequential(...${layers})`), mine],
  "good.ts": [network(`({ numClasses }: { readonly numClasses: number }) => sequential(...${layers})`), mine],
  "named.js": [
    `${imports}export const network = { name: "mine", build: ({ numClasses }) => sequential(...${layers}) };`,
    mine,
  ],
  "without-imports.js": [
    `export default { name: "plain", sizes: { imageSize: 32, cacheSize: 36 }, recipe: { learningRate: 0.01, batchSize: 64 },
      build: ({ numClasses: outFeatures }) => ({ kind: "sequential", layers: [{ kind: "flatten" },
        { kind: "linear", name: "a", outFeatures, weightInit: { kind: "lecun" }, bias: 0 }] }) };`,
    {
      name: "plain",
      layer: sequential(flatten, linear("a", 2)),
      recipe: {
        ...standardRecipe,
        batchSize: 64,
        learningRate: { constant: 0.01, steps: 0.01, cosine: 0.01, "one-cycle": 0.01, plateau: 0.01 },
      },
      sizes: { imageSize: 32, cacheSize: 36, keepSmall: true },
    },
  ],
  "nowhere.js": [null, "no such file"],
  "folder.js/inside.txt": ["", "must end in .js, .mjs, .ts, .mts, got .txt"],
  "folder.js": [null, "no such file"],
  "syntax.js": [
    `${imports}\nexport default {\n  name: "a",,\n};\n`,
    "cannot be loaded (line 4: Unexpected token ',')",
  ],
  "throws.js": [
    "const a = null;\nexport default a.b;\n",
    "cannot be loaded (line 2: Cannot read properties of null (reading 'b'))",
  ],
  "throws-nothing.js": ["throw null;", "cannot be loaded (null)"],
  "not-there.js": ['import "./not/there.js";', "cannot be loaded (Cannot find module '"],
  "no-such-layer.js": [
    'import { transformer } from "cutout";\nexport default transformer;\n',
    "cannot be loaded (line 1: The requested module 'cutout' does not provide an export named 'transformer')",
  ],
  "nothing.js": [
    "export const a = 1;",
    "must export a network, got no default export and none named network; write: export default defineNetwork({ ... })",
  ],
  "a-number.js": ["export default 3;", "must be what defineNetwork gives, got 3"],
  "a-function.js": ["export default () => ({});", "must be what defineNetwork gives, got a function"],
  "no-name.js": [
    "export default { build: () => {} };",
    "name must be at most 60 letters, digits, dots, dashes and underscores, got nothing",
  ],
  "path-name.js": ['export default { name: "../up", build() {} };', "name must be at most 60 letters"],
  "no-build.js": [
    'export default { name: "a" };',
    "build must be a function that returns layers, got nothing",
  ],
  "define.js": [
    `${imports}export default defineNetwork({ name: 3 });`,
    "cannot be loaded (line 2: defineNetwork: name must be",
  ],
  "rate.js": [
    network("() => relu", 'recipe: { learningRate: { "one-cycle": -1 } }, ').replace("defineNetwork({", "({"),
    "recipe.learningRate: one-cycle must be a number > 0, got -1",
  ],
  "recipe.js": [
    'export default { name: "a", build() {}, recipe: { epochs: 3 } };',
    'recipe: options must be among batchSize, nesterov, decayBiasAndNorm, learningRateBatch, got "epochs"',
  ],
  "sizes.js": [
    'export default { name: "a", build() {}, sizes: { imageSize: 96 } };',
    "sizes.cacheSize must be at least imageSize (96), got 72",
  ],
  "option.js": [
    'export default { name: "a", build() {}, options: { width: 16 } };',
    "options.width must be { kind, otherwise, help }, with another name than input and numClasses, got 16",
  ],
  "build-throws.js": [
    network("({ numClasses }) => numClasses.nowhere.at(1)"),
    "build must return layers, got an error: Cannot read properties of undefined (reading 'at')",
  ],
  "build-nothing.js": [network("() => {}"), "build: must be a layer, got nothing"],
  "build-promise.js": [network("async () => relu"), "build: kind must be one of avgPool, batchNorm"],
  "build-bad.js": [
    network("({ numClasses }) => sequential(relu, conv('a', 'many', 3))"),
    'build: layers[1].outChannels must be an integer from 1 to 1000000, got "many"',
  ],
  "ten.js": [
    network("() => sequential(flatten, linear('a', 10))"),
    "must end in 2 logits, one a class, got [10]",
  ],
  "image.js": [network("() => conv('a', 2, 3, 1, 1)"), "must end in 2 logits, one a class, got [2, 16, 16]"],
  "large.js": [
    network("({ numClasses }) => sequential(conv('a', 4, 20), flatten, linear('b', numClasses))"),
    "images of 16x16 are too small for it (a: a window of [20, 20] must fit its input, got 16x16); use a larger size",
  ],
  "misfit.js": [
    network("({ numClasses }) => linear('b', numClasses)"),
    "its layers must fit each other (b: needs [features], got [3, 16, 16]; flatten them)",
  ],
};

let outcomes: readonly { readonly line?: string }[] = [];

beforeAll(() => {
  for (const [name, [source]] of Object.entries(files)) {
    if (name.includes("/")) mkdirSync(join(folder, name, ".."));
    if (source !== null) writeFileSync(join(folder, name), source);
  }
  const helper = fileURLToPath(new URL("../../test/helpers/load-networks.ts", import.meta.url));
  const words = ["--import", import.meta.resolve("tsx"), helper, ...Object.keys(files)];
  outcomes = JSON.parse(execFileSync(process.execPath, words, { cwd: folder, encoding: "utf8" }));
});

it.each(Object.keys(files).map((name, index) => [name, index] as const))("%s", (name, index) => {
  const [, expected] = files[name]!;
  const got = outcomes[index]!;
  if (typeof expected === "object") expect(got).toEqual(expected);
  else {
    expect(got.line).not.toContain("\n");
    expect(got.line).toMatch(new RegExp(`^${name}: `));
    expect(got.line).toContain(expected);
  }
});
