import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { cutout } from "../../test/helpers/command-line.ts";
import { startFileServer } from "../../test/helpers/file-server.ts";
import { paintPhotos } from "../../test/helpers/photos.ts";
import { openDataset, readGroups, writeGroups } from "../data/index.ts";
import { shellWord } from "../text.ts";
import { createPace } from "./data.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-data-"));
const at = (...names: string[]) => join(root, ...names);

beforeAll(async () => {
  await paintPhotos(at("photos"), 6);
  // The same photo under both labels, and a name that is HTML.
  writeFileSync(at("photos", "blue", "<b>&.png"), readFileSync(at("photos", "red", "0.png")));
  writeFileSync(at("photos", "red", "empty.png"), "");
  await paintPhotos(at("plain"), 2);
  for (const part of ["train", "test"]) await paintPhotos(at("parts", part), 2);
  for (const part of ["train", "test"]) await paintPhotos(at("unlike", part), 2);
  renameSync(at("unlike", "test", "red"), at("unlike", "test", "green"));
});
afterAll(() => rmSync(root, { recursive: true }));
afterEach(() => void vi.restoreAllMocks());

test("stats: a table, a JSON file, a page that holds its pictures, and groups for train", async () => {
  const files = { json: at("stats.json"), html: at("stats.html"), groups: at("groups.tsv") };
  const { code, out } = await cutout(
    ...["data", "stats", at("photos"), "--json", files.json, "--html", files.html],
    ...["--write-groups", files.groups],
  );
  expect(code).toBe(0);
  expect(out).toMatch(/^class {2}images\nblue {8}7\nred {9}6\nall {8}13\n/);
  expect(out).toContain("1 broken image: empty file (0 bytes) (1 image)");
  expect(out).toContain("1 image with more than one label");
  expect(out).toContain("  blue/<b>&.png (blue) = red/0.png (red): same file\n");
  expect(out).toContain(
    `next: cutout train ${shellWord(at("photos"))} --groups ${shellWord(files.groups)}\n`,
  );
  expect(JSON.parse(readFileSync(files.json, "utf8"))).toMatchObject({
    images: 13,
    conflicts: 1,
    likeness: 0.85,
  });
  const page = readFileSync(files.html, "utf8");
  expect(page).toContain("The same image under several labels");
  expect(page).toContain("blue/&lt;b&gt;&amp;.png");
  expect(page).not.toContain("<b>&.png");
  expect(page.match(/src="data:image\/webp;base64,/g)).toHaveLength(2 + 12);
  expect(readGroups(files.groups)).toEqual([["blue/<b>&.png", "red/0.png"]]);
});

test("stats without duplicates: a page with pictures of each class, and what is not read", async () => {
  const data = at("beside");
  await paintPhotos(data, 2);
  writeFileSync(join(data, "blue", "x.ppm"), "P6");
  writeFileSync(join(data, "blue", "IMG_1.heic"), `\0\0\0\x10ftypheic\0\0\0\0heic`);
  mkdirSync(join(data, "@eaDir"));
  const { out } = await cutout("data", "stats", data, "--html", at("beside.html"));
  expect(out).toContain("no image is there twice\n");
  expect(out).toContain("1 broken image: HEIC photos are not read here; convert them to JPEG (1 image)\n");
  expect(out).toContain("not read:\n");
  expect(out).toContain("  .ppm: 1, such as blue/x.ppm; convert them to PNG or JPEG\n");
  expect(out).toContain("  folders of photo tools or the system: 1, such as @eaDir/\n");
  expect(out).toMatch(/classes are too small to be in every part: "blue" \(2 images, none for /);
  const page = readFileSync(at("beside.html"), "utf8");
  expect(page).toContain("A few images of each class");
  expect(page.match(/src="data:image\/webp;base64,/g)).toHaveLength(4);
  expect(page).toContain("What is not read");
});

test("stats without duplicates writes no groups", async () => {
  const { out, err, code } = await cutout("data", "stats", at("plain"), "--write-groups", at("none.tsv"));
  expect(code).toBe(0);
  expect(out).toContain("no image is there twice\n");
  expect(err).toContain("no groups are written");
  expect(existsSync(at("none.tsv"))).toBe(false);
});

test("stats of parts: leaks between them, and groups in the names that train knows", async () => {
  const { out, code } = await cutout("data", "stats", at("parts"), "--write-groups", at("parts.tsv"));
  expect(code).toBe(0);
  expect(out).toMatch(/^class +train +test +together\n/);
  const { names } = await openDataset({
    ...{ data: at("parts"), cacheDir: at("cache"), size: { height: 8, width: 8 }, fit: "squash" },
    ...{ maxPixels: 1e6, maxBroken: 0 },
  });
  const groups = readGroups(at("parts.tsv"));
  expect(groups.length).toBeGreaterThan(0);
  expect(groups.flat().filter((name) => !names.includes(name))).toEqual([]);
});

test("get lists the known data sets", async () => {
  const { out } = await cutout("data", "get");
  expect(out).toMatch(/^cifar10 +170\.1 MB {2}CIFAR-10/);
  expect(out).toContain("asirra");
  expect(out).toMatch(/get one with: cutout data get NAME\n$/);
});

test.each([
  [["data", "get", "cifra10"], 1, /NAME must be one of cifar10, .*, got cifra10$/],
  [
    ["data", "get", "mnist", "--mirror", at("nowhere"), "--to", at("mnist")],
    1,
    /ubyte\.gz cannot be read \(ENOENT\)/,
  ],
  [["data", "stats"], 2, /missing required argument 'data'/],
  [["data", "stats", at("nowhere")], 1, /nowhere does not exist/],
  [["data", "stats", at("plain"), "--likeness", "2"], 2, /--likeness: must be above 0 and at most 1, got 2$/],
  [
    ["data", "stats", at("plain"), "--likeness", "much"],
    2,
    /--likeness: must be a number above 0, got much$/,
  ],
  [
    ["data", "stats", at("unlike"), "--write-groups", at("x.tsv")],
    2,
    /--write-groups: needs data that train takes as one; data: the parts of .*unlike must have the same classes/,
  ],
  [["data", "stats", at("plain"), "--columns", "a"], 2, /--columns: must be two names/],
  [
    ["data", "stats", at("plain"), "--json", at("plain")],
    2,
    /--json: must be the name of a file, got the folder .*plain$/,
  ],
] as const)("a mistake: %j", async (words, code, text) => {
  const { err, ...outcome } = await cutout(...words);
  const said = err.replace("\n(--help lists the options)", "").trimEnd();
  expect(said.slice(said.indexOf("cutout: "))).toMatch(text);
  expect(said).not.toContain("unexpected");
  expect(outcome.code).toBe(code);
});

test("a mirror with a wrong file is told, and leaves nothing behind", async () => {
  mkdirSync(at("mirror"));
  writeFileSync(at("mirror", "train-images-idx3-ubyte.gz"), "not it");
  const { err, code } = await cutout("data", "get", "mnist", "--mirror", at("mirror"), "--to", at("mnist"));
  expect(code).toBe(1);
  expect(err).toMatch(/must have 9912422 bytes, got 6; name another source with --mirror\n$/);
  expect(readdirSync(at("mnist"))).toEqual([]);
});

test("Ctrl-C keeps what came, and says so in one line", async () => {
  const server = await startFileServer();
  server.answers = [
    (_, response) => {
      response.writeHead(200, { "content-length": 9_912_422 }).write(Buffer.alloc(1000));
    },
  ];
  try {
    const to = at("interrupted");
    const words = ["data", "get", "mnist", "--mirror", server.address, "--to", to];
    const child = spawn(process.execPath, ["--import", "tsx", resolve("src/cli/main.ts"), ...words]);
    let err = "";
    child.stderr.on("data", (text) => {
      err += text;
    });
    const part = join(to, "train-images-idx3-ubyte.gz.part");
    await vi.waitUntil(() => existsSync(part) && statSync(part).size === 1000, { timeout: 120_000 });
    child.kill("SIGINT");
    const code = await new Promise((done) => child.on("close", done));
    expect(code).toBe(130);
    expect(err).toMatch(/interrupted; the same command goes on from here\n$/);
    expect(statSync(part).size).toBe(1000);
  } finally {
    await server.close();
  }
});

test("pace: bytes, share, rate over the last seconds, time left", () => {
  let now = 0;
  const pace = createPace(() => now);
  const at = (done: number, task: "fetching" | "checking" | "unpacking" = "fetching") =>
    pace({ task, name: "set.zip", done, total: 100e6 });
  expect(at(20e6)).toBe("fetching set.zip  20 of 100 MB  20 %");
  now = 1000;
  expect(at(30e6)).toBe("fetching set.zip  30 of 100 MB  30 %  10 MB/s  7 s left");
  // A minute without a byte, then it goes on: the rate is that of now.
  for (let second = 61; second <= 70; second++) {
    now = second * 1000;
    at(30e6 + (second - 60) * 2e6);
  }
  expect(at(50e6)).toBe("fetching set.zip  50 of 100 MB  50 %  2 MB/s  25 s left");
  expect(at(5e6, "unpacking")).toBe("unpacking set.zip  5 MB");
  expect(at(0, "checking")).toBe("checking set.zip  0 of 100 MB  0 %");
});

test("groups that are written are read again", () => {
  const name = fc.stringMatching(/^[#"',a-z. ]{1,8}$/).filter((text) => text.trim() === text);
  fc.assert(
    fc.property(fc.array(fc.array(name, { minLength: 2, maxLength: 4 }), { minLength: 1 }), (groups) => {
      writeGroups(at("some.tsv"), groups);
      const plain = groups.map((group) => group.map((text) => text.replace(/^\.\//, "")));
      expect(readGroups(at("some.tsv"))).toEqual(plain);
    }),
    { numRuns: 50 },
  );
  expect(() => writeGroups(at("some.tsv"), [["a\tb", "c"]])).toThrow(/must have no tabs, .* got "a\\tb"/);
});
