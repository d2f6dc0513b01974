// The file of timings: what is kept, and what happens when it is damaged, shared or read-only.
import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { addTimings, type Remembered, readTimings, timingFile } from "./timing-file.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-timings-"));
afterAll(() => rmSync(root, { recursive: true }));

let files = 0;
const newFile = () => join(root, `${files++}`, "convolutions.json");
const entry: Remembered = { algorithm: "winograd", milliseconds: { winograd: 1.5, im2col: 4 } };
const of = (...names: string[]) => new Map(names.map((name) => [name, entry]));

describe("the file of timings", () => {
  it("gives back what was added, by machine, and keeps what was there", () => {
    const path = newFile();
    expect(readTimings(path, "here").size).toBe(0);
    addTimings(path, "here", of("a", "b"));
    addTimings(path, "there", of("c"));
    addTimings(path, "here", new Map([["b", { ...entry, algorithm: "im2col" }]]));
    expect(readTimings(path, "here")).toEqual(
      new Map([...of("a"), ["b", { ...entry, algorithm: "im2col" }]]),
    );
    expect(readTimings(path, "there")).toEqual(of("c"));
    expect(readTimings(path, "constructor").size).toBe(0);
    expect(readdirSync(join(path, ".."))).toEqual(["convolutions.json"]);
  });

  it.each([
    ["nothing", ""],
    ["cut short", '{"format":1,"timings":{"here":{"a":'],
    ["bytes", "\u0000\u0001\u0002"],
    ["a list", "[]"],
    ["null", "null"],
    ["of another format", JSON.stringify({ format: 2, timings: { here: { a: entry } } })],
    ["without timings", JSON.stringify({ format: 1 })],
    ["with a machine that is none", JSON.stringify({ format: 1, timings: { here: 3 } })],
    [
      "with an unknown algorithm",
      JSON.stringify({ format: 1, timings: { here: { a: { ...entry, algorithm: "magic" } } } }),
    ],
    [
      "with an inherited name",
      JSON.stringify({ format: 1, timings: { here: { a: { ...entry, algorithm: "toString" } } } }),
    ],
    [
      "with entries that are none",
      JSON.stringify({ format: 1, timings: { here: { a: null, b: 1, c: {} } } }),
    ],
  ])("that is %s is as if it were empty, and is made again", (_, content) => {
    const path = newFile();
    mkdirSync(join(path, ".."));
    writeFileSync(path, content);
    expect(readTimings(path, "here").size).toBe(0);
    addTimings(path, "here", of("b"));
    expect(readTimings(path, "here")).toEqual(of("b"));
  });

  it("keeps good entries beside damaged ones", () => {
    const path = newFile();
    mkdirSync(join(path, ".."));
    writeFileSync(path, JSON.stringify({ format: 1, timings: { here: { a: 1, b: entry } } }));
    expect(readTimings(path, "here")).toEqual(of("b"));
  });

  it("that is a folder is read as empty, and an error when it is written", () => {
    const path = newFile();
    mkdirSync(path, { recursive: true });
    expect(readTimings(path, "here").size).toBe(0);
    expect(() => addTimings(path, "here", of("a"))).toThrow();
    expect(readdirSync(join(path, ".."))).toEqual(["convolutions.json"]);
  });

  it("is whole at every moment while several processes write it", async () => {
    const path = newFile();
    const enough = join(root, "seen enough");
    // Forty entries, the last of them again and again until it has been read a few times.
    const code = `
      import { existsSync } from "node:fs";
      import { addTimings } from ${JSON.stringify(new URL("./timing-file.ts", import.meta.url).href)};
      for (let index = 0; index < 40 || !existsSync(${JSON.stringify(enough)}); index++) {
        const name = process.argv[1] + Math.min(index, 39);
        addTimings(${JSON.stringify(path)}, "here", new Map([[name, ${JSON.stringify(entry)}]]));
      }
    `;
    let running = 2;
    const ends = ["a", "b"].map(
      (name) =>
        new Promise((resolve) => {
          const words = ["--import", "tsx", "--input-type=module", "-e", code, name];
          spawn(process.execPath, words, { stdio: "inherit" }).on("close", (status) => {
            running--;
            resolve(status);
          });
        }),
    );
    let seen = 0;
    while (running > 0) {
      if (existsSync(path)) {
        JSON.parse(readFileSync(path, "utf8"));
        if (++seen === 20) writeFileSync(enough, "");
      }
      await new Promise((wake) => setTimeout(wake, 1));
    }
    expect(await Promise.all(ends)).toEqual([0, 0]);
    expect(seen).toBeGreaterThanOrEqual(20);
    // One may have overwritten what the other had just added; what was added last is there.
    const left = [...readTimings(path, "here").keys()];
    expect(left.some((name) => name.endsWith("39"))).toBe(true);
    expect(readdirSync(join(path, ".."))).toEqual(["convolutions.json"]);
  });
});

describe("its place, the user's cache folder", () => {
  it.each([
    ["linux", {}, ["home", "me", ".cache"]],
    ["darwin", {}, ["home", "me", "Library", "Caches"]],
    ["win32", {}, ["home", "me", "AppData", "Local"]],
    ["win32", { LOCALAPPDATA: "/local" }, ["local"]],
    ["linux", { XDG_CACHE_HOME: "/caches" }, ["caches"]],
    ["darwin", { XDG_CACHE_HOME: "/caches" }, ["caches"]],
    ["linux", { XDG_CACHE_HOME: "" }, ["home", "me", ".cache"]],
  ] as const)("on %s with %o", (platform, environment, folders) => {
    const expected = join("/", ...folders, "cutout", "convolutions.json");
    expect(timingFile(environment, platform, () => "/home/me")).toBe(expected);
  });

  it("is the folder for temporary files where the user has no home, and no home is asked for in vain", () => {
    const none = () => {
      throw new Error("uv_os_homedir returned ENOENT");
    };
    const expected = join(tmpdir(), ".cache", "cutout", "convolutions.json");
    expect(timingFile({}, "linux", none)).toBe(expected);
    expect(timingFile({}, "linux", () => "")).toBe(expected);
    expect(timingFile({ XDG_CACHE_HOME: "/caches" }, "linux", none)).toBe("/caches/cutout/convolutions.json");
  });
});
