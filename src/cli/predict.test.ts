import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serve, startFileServer } from "../../test/helpers/file-server.ts";
import { paintPhotos } from "../../test/helpers/photos.ts";
import { readSettings } from "../config/settings.ts";
import { runTrial } from "../run/trial.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-predict-"));
const at = (...names: string[]) => join(root, ...names);
const red = at("photos", "red", "0.png");
const blue = at("photos", "blue", "0.png");
let runDir: string;
beforeAll(async () => {
  await paintPhotos(at("photos"), 20);
  const settings = readSettings({
    data: at("photos"),
    imageSize: 28,
    cacheSize: 32,
    epochs: 1,
    batchSize: 8,
    threads: 1,
    cacheDir: at("cache"),
    runsDir: at("runs"),
  });
  ({ runDir } = await runTrial(settings));
});
afterAll(() => rmSync(root, { recursive: true }));

/** The program as a process of its own, with standard input. */
function cutout(words: readonly string[], input: Uint8Array | string = "") {
  const child = spawn(process.execPath, ["--import", "tsx", resolve("src/cli/main.ts"), ...words]);
  let out = "";
  let err = "";
  child.stdout.on("data", (text) => {
    out += text;
  });
  child.stderr.on("data", (text) => {
    err += text;
  });
  child.stdin.end(input);
  return new Promise<{ code: number | null; out: string; err: string }>((done) => {
    child.on("close", (code) => done({ code, out, err }));
  });
}

const lines = (out: string) =>
  out
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

test("answers for all images that can be read, lists the others, and its exit code says so", async () => {
  mkdirSync(at("mixed"));
  cpSync(red, at("mixed", "a.png"));
  symlinkSync(at("photos", "blue"), at("mixed", "linked"));
  symlinkSync(at("nothing"), at("mixed", "lost.png"));
  writeFileSync(at("mixed", "notes.txt"), "hello");
  writeFileSync(at("mixed", "z.png"), "");
  const { code, out, err } = await cutout(["predict", runDir, at("nowhere.png"), at("mixed"), "--json"]);
  expect(code).toBe(1);
  const told = lines(out);
  expect(told.map(({ file }) => file.slice(root.length + 1)).slice(0, 3)).toEqual([
    "nowhere.png",
    "mixed/a.png",
    "mixed/linked/0.png",
  ]);
  expect(told.length).toBe(1 + 1 + 20 + 2);
  expect(told.filter(({ error }) => error !== undefined)).toEqual([
    { file: at("nowhere.png"), error: "no such image or folder" },
    { file: at("mixed", "lost.png"), error: "a link to nothing" },
    { file: at("mixed", "z.png"), error: "empty file (0 bytes)" },
  ]);
  expect(err.split("\n").sort()).toEqual(
    [
      "",
      `cutout: ${at("nowhere.png")}: not read: no such image or folder`,
      `${at("mixed")}: 1 other files left out (.txt 1)`,
      `cutout: ${at("mixed", "lost.png")}: not read: a link to nothing`,
      `cutout: ${at("mixed", "z.png")}: not read: empty file (0 bytes)`,
    ].sort(),
  );
});

test("--top is honoured in JSON, which is a line an image", async () => {
  const one = await cutout(["predict", runDir, red, blue, "--json", "--top", "1"]);
  expect(one).toMatchObject({ code: 0, err: "" });
  expect(lines(one.out)).toMatchObject([
    { file: red, classes: [{ probability: expect.any(Number) }] },
    { file: blue, classes: [{ probability: expect.any(Number) }] },
  ]);
  expect(lines(one.out).every(({ classes }) => classes.length === 1)).toBe(true);
  const all = await cutout(["predict", runDir, red, "--json"]);
  expect(lines(all.out)[0].classes.length).toBe(2);
});

test("reads an image on standard input, names on it, and addresses", async () => {
  const piped = await cutout(["predict", runDir, "-", blue], readFileSync(red));
  expect(piped.out).toMatch(/^- +(red|blue) .*\n.*blue\/0\.png +(red|blue) .*\n$/);
  for (const separator of ["\n", "\r\n", "\0"]) {
    const named = await cutout(
      ["predict", runDir, "--files-from", "-", "--json"],
      [red, "", at("nowhere.png"), blue].join(separator),
    );
    expect(named.code).toBe(1);
    expect(lines(named.out).map(({ file, error }) => [file, error === undefined])).toEqual([
      [red, true],
      [at("nowhere.png"), false],
      [blue, true],
    ]);
  }
  const server = await startFileServer();
  // By the address: both are fetched at once.
  const photo = serve(readFileSync(red));
  server.answers = [
    (request, response) =>
      request.url === "/a.png" ? photo(request, response) : response.writeHead(404).end(),
  ];
  const fetched = await cutout(["predict", runDir, `${server.address}a.png`, `${server.address}b.png`]);
  await server.close();
  expect(fetched).toMatchObject({
    code: 1,
    err: `cutout: ${server.address}b.png: not read: cannot be fetched (status 404)\n`,
  });
  expect(fetched.out).toMatch(/a\.png +(red|blue)/);
});

test("takes standard input once, and needs something to look at", async () => {
  const [twice, none, data] = await Promise.all([
    cutout(["predict", runDir, "-", "--files-from", "-"]),
    cutout(["predict", runDir, "-"]),
    cutout(["eval", runDir, "-"]),
  ]);
  expect(twice).toMatchObject({ code: 2, out: "" });
  expect(twice.err).toBe("cutout: -: standard input can be read once, got 2 uses of it; leave one out\n");
  expect(none).toMatchObject({ code: 1, out: "", err: "cutout: -: not read: empty file (0 bytes)\n" });
  expect(data).toMatchObject({ code: 1, out: "" });
  expect(data.err).toMatch(
    /^cutout: -: must be a folder, .* got standard input; write it to a file first\n$/,
  );
});

test("a slow reader is waited for, and one that goes away ends it quietly", async () => {
  const names = Array.from({ length: 3000 }, (_, at) => `/nowhere/${"x".repeat(200)}${at}.png`).join("\n");
  const words = ["predict", runDir, "--files-from", "-", "--json"];
  const whole = await cutout(words, names);
  expect(lines(whole.out).length).toBe(3000);
  const child = spawn(process.execPath, ["--import", "tsx", resolve("src/cli/main.ts"), ...words]);
  child.stdin.on("error", () => {}).end(names);
  child.stdout.once("data", () => child.stdout.destroy());
  child.stderr.resume();
  expect(await new Promise((ended) => child.on("close", ended))).toBe(0);
});

test("--weights chooses the checkpoint for predict, eval and export", async () => {
  const best = await cutout(["export", runDir, "--out", at("best.onnx")]);
  const last = await cutout(["export", runDir, "--weights", "last", "--out", at("last.onnx")]);
  expect([best.code, last.code]).toEqual([0, 0]);
  // After one epoch the best is the last.
  expect(readFileSync(at("last.onnx")).equals(readFileSync(at("best.onnx")))).toBe(true);
  expect((await cutout(["eval", runDir, "--weights", "last"])).out).toMatch(/^accuracy/);
  expect((await cutout(["predict", at("last.onnx"), red])).out).toMatch(/0\.png +(red|blue)/);
  const wrong = await cutout(["predict", runDir, red, "--weights", "worst"]);
  expect(wrong).toMatchObject({ code: 2, out: "" });
});
