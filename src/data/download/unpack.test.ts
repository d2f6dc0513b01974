import { spawnSync } from "node:child_process";
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
import { crc32, deflateRawSync, gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { type Header, pack } from "tar-stream";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { unpack } from "./unpack.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-unpack-"));
const limits = { bytes: 1e6, files: 20 };
let runs = 0;
let folder: string;
beforeEach(() => {
  folder = join(root, String(runs++), "into");
  mkdirSync(folder, { recursive: true });
});
afterAll(() => rmSync(root, { recursive: true }));

type Entry = Partial<Header> & { readonly name: string } & { readonly content?: string };

async function tarGz(...entries: readonly Entry[]): Promise<string> {
  const tar = pack();
  for (const { content = "", ...header } of entries) {
    if (header.type === undefined || header.type === "file") tar.entry(header, content);
    else tar.entry(header);
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return write("a.tar.gz", gzipSync(Buffer.concat(chunks)));
}

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, "..", name);
  writeFileSync(path, bytes);
  return path;
}

interface ZipEntry {
  readonly name: string;
  readonly content: string;
  readonly mode?: number;
  readonly flags?: number;
  /** What the directory says of the size, where that is a lie. */
  readonly size?: number;
}

/** A ZIP made by hand, so that it can hold what no library would write (APPNOTE.TXT 6.3, sections 4.3.7 to 4.3.16). */
function zip(...entries: readonly ZipEntry[]): string {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let offset = 0;
  for (const { name, content, mode = 0o100644, flags = 0, size = content.length } of entries) {
    const path = Buffer.from(name);
    const packed = deflateRawSync(content);
    const crc = typeof crc32 === "function" ? crc32(content) : 0;
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(flags, 2);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc, 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(size, 18);
    fields.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), fields, path, packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE((mode << 16) >>> 0, 6);
    rest.writeUInt32LE(offset, 10);
    centrals.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x03"), fields, rest, path]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  return write("a.zip", Buffer.concat([...locals, directory, Buffer.from("PK\x05\x06"), end]));
}

const everything = (below: string): string[] =>
  readdirSync(below, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));

describe("what is in the archive is in the folder", () => {
  test("a tar", async () => {
    const archive = await tarGz(
      { name: "./" },
      { name: "set/", type: "directory" },
      { name: "./set/a.bin", content: "aaa" },
      { name: `set/${"long".repeat(40)}/b.bin`, content: "" },
    );
    const files = await unpack(archive, "tar.gz", folder, limits).catch((error) => error);
    expect(files).toMatchObject({ message: expect.stringContaining("must give every file a name") });
    const good = await tarGz(
      { name: "set/", type: "directory" },
      { name: "./set/a.bin", content: "aaa" },
      { name: `set/${"long".repeat(40)}/b.bin`, content: "" },
    );
    const listed = await unpack(good, "tar.gz", folder, limits);
    expect(listed.map(({ path, bytes }) => [path, bytes])).toEqual([
      ["set/a.bin", 3],
      [`set/${"long".repeat(40)}/b.bin`, 0],
    ]);
    expect(listed[0]!.sha256).toBe("9834876dcfb05cb167a5c24953eba58c4ac89b1adf57f28f2f9d09af107ee8f0");
    expect(readFileSync(join(folder, "set", "a.bin"), "utf8")).toBe("aaa");
  });

  test("a tar of the system's own tar, when there is one", async () => {
    mkdirSync(join(folder, "..", "from", "set"), { recursive: true });
    writeFileSync(join(folder, "..", "from", "set", "ä b.txt"), "hello");
    const archive = join(folder, "..", "system.tar.gz");
    const { status } = spawnSync("tar", ["-czf", archive, "-C", join(folder, "..", "from"), "set"]);
    if (status !== 0) return;
    await unpack(archive, "tar.gz", folder, limits);
    expect(readFileSync(join(folder, "set", "ä b.txt"), "utf8")).toBe("hello");
  });

  test("a zip, also with the separators of Windows", async () => {
    const archive = zip(
      { name: "set/", content: "" },
      { name: "set/a.txt", content: "aaa" },
      { name: "set\\b\\c.txt", content: "c" },
    );
    const listed = await unpack(archive, "zip", folder, limits);
    expect(listed.map(({ path }) => path)).toEqual(["set/a.txt", "set/b/c.txt"]);
    expect(readFileSync(join(folder, "set", "b", "c.txt"), "utf8")).toBe("c");
  });

  test("a file packed by itself", async () => {
    const archive = write("digits-ubyte.gz", gzipSync("0123"));
    const seen: number[] = [];
    const listed = await unpack(archive, "gz", folder, limits, (bytes) => seen.push(bytes));
    expect(listed.map(({ path, bytes }) => [path, bytes])).toEqual([["digits-ubyte", 4]]);
    expect(seen).toEqual([4]);
  });
});

/** No machine has a file of this name in its root. */
const out = "cutout-test-out";
const hostileNames = [
  ...[`../${out}`, `/${out}`, `a/../../${out}`, `C:/${out}`, `a\\..\\..\\${out}`, `\\${out}`],
  ...["..", "a\nb", ""],
];

describe("hostile archives", () => {
  test.each(hostileNames.filter((name) => name !== ""))("tar with %j", async (name) => {
    const archive = await tarGz({ name: "fine", content: "x" }, { name, content: "evil" });
    await expect(unpack(archive, "tar.gz", folder, limits)).rejects.toThrow(
      /must hold paths below its folder only, got ".*"; it is not unpacked$/,
    );
    expect(everything(join(folder, "..")).filter((path) => path.endsWith(out))).toEqual([]);
    expect(existsSync(`/${out}`)).toBe(false);
  });

  // In a zip that does not claim UTF-8 a line break is a character like others.
  test.each(hostileNames.filter((name) => name !== "a\nb"))("zip with %j", async (name) => {
    const archive = zip({ name: "fine", content: "x" }, { name, content: "evil" });
    await expect(unpack(archive, "zip", folder, limits)).rejects.toThrow(/it is not unpacked$/);
    expect(everything(join(folder, "..")).filter((path) => path.endsWith(out))).toEqual([]);
  });

  test.each(["symlink", "link", "fifo", "character-device"] as const)("tar with a %s", async (type) => {
    const archive = await tarGz({ name: "a", type, linkname: "/etc" }, { name: "a/passwd", content: "evil" });
    await expect(unpack(archive, "tar.gz", folder, limits)).rejects.toThrow(
      new RegExp(`files and folders only, got a ${type} \\("a"\\)`),
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  const sizes = { "no number": [0xc0, 0], "a negative one": [0xff, 0xfe], "one of 88 bits": [0x80, 0x7f] };
  test.each(Object.entries(sizes))("tar with %s for a size", async (_, head) => {
    for (const type of ["file", "directory"] as const) {
      const tar = gunzipSync(readFileSync(await tarGz({ name: "a", type })));
      tar.fill(0xff, 124, 136).set(head, 124);
      tar.fill(32, 148, 156);
      const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
      tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
      const archive = write("size.tar.gz", gzipSync(tar));
      await expect(unpack(archive, "tar.gz", folder, limits)).rejects.toThrow(
        /must say how long its files are, got .* \("a"\)|must be a whole tar.gz archive/,
      );
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  test("zip with a symlink", async () => {
    const archive = zip({ name: "a", content: "/etc", mode: 0o120777 });
    await expect(unpack(archive, "zip", folder, limits)).rejects.toThrow(/got a symlink \("a"\)/);
  });

  test("an encrypted zip", async () => {
    const archive = zip({ name: "a", content: "x", flags: 1 });
    await expect(unpack(archive, "zip", folder, limits)).rejects.toThrow(/must not be encrypted, got "a"/);
  });

  test("the same name twice, and a file that is a folder too", async () => {
    const twice = await tarGz({ name: "a", content: "1" }, { name: "./a", content: "2" });
    await expect(unpack(twice, "tar.gz", folder, limits)).rejects.toThrow(/is there already/);
    expect(readFileSync(join(folder, "a"), "utf8")).toBe("1");
    rmSync(join(folder, "a"));
    const both = await tarGz({ name: "a", content: "1" }, { name: "a/b", content: "2" });
    await expect(unpack(both, "tar.gz", folder, limits)).rejects.toThrow(
      /a part of the path is a file|already/,
    );
  });

  const big = "0".repeat(2e6);
  test("more than is allowed, known before and noticed while unpacking", async () => {
    const tar = await tarGz({ name: "a", content: big });
    await expect(unpack(tar, "tar.gz", folder, limits)).rejects.toThrow(/at most 1000000 bytes, got more/);
    expect(readdirSync(folder)).toEqual([]);
    const gz = write("a.gz", gzipSync(big));
    await expect(unpack(gz, "gz", folder, limits)).rejects.toThrow(/at most 1000000 bytes, got more/);
    rmSync(join(folder, "a"));
    await expect(unpack(zip({ name: "a", content: big }), "zip", folder, limits)).rejects.toThrow(/at most/);
    const lie = zip({ name: "b", content: big, size: 10 });
    await expect(unpack(lie, "zip", folder, limits)).rejects.toThrow(/must be a whole zip archive/);
  });

  test("a tar of nothing but padding", async () => {
    const archive = write("a.tar.gz", gzipSync(Buffer.alloc(2e7)));
    await expect(unpack(archive, "tar.gz", folder, limits)).rejects.toThrow(
      /at most 1000000 bytes, got more/,
    );
  });

  test("too many files", async () => {
    const names = Array.from({ length: 21 }, (_, at) => ({ name: `f${at}`, content: "x" }));
    await expect(unpack(await tarGz(...names), "tar.gz", folder, limits)).rejects.toThrow(/at most 20 files/);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    await expect(unpack(zip(...names), "zip", folder, limits)).rejects.toThrow(/at most 20 files/);
  });

  test("an archive that is cut or damaged anywhere gives the files or one error, and nothing outside", async () => {
    const tar = readFileSync(
      await tarGz({ name: "set/a", content: "abc".repeat(1000) }, { name: "b", content: "b" }),
    );
    const packed = {
      "tar.gz": tar,
      gz: gzipSync("abc".repeat(1000)),
      zip: readFileSync(zip({ name: "a", content: "abc" })),
    };
    const kind = fc.constantFrom(...(["tar.gz", "gz", "zip"] as const));
    await fc.assert(
      fc.asyncProperty(kind, fc.nat(), fc.nat(255), fc.boolean(), async (packing, place, byte, cut) => {
        const whole = packed[packing];
        const bytes = Buffer.from(cut ? whole.subarray(0, place % whole.length) : whole);
        if (!cut) bytes[place % bytes.length] = byte;
        const archive = write(`mutated.${packing}`, bytes);
        const into = join(folder, "..", `m${runs++}`);
        mkdirSync(into);
        const before = readdirSync(join(folder, "..")).length;
        const result = await unpack(archive, packing, into, limits).catch((error: Error) => error);
        if (result instanceof Error) expect(result.message).toMatch(/^data get: /);
        else for (const { path } of result) expect(existsSync(join(into, path))).toBe(true);
        expect(readdirSync(join(folder, "..")).length).toBe(before);
      }),
      { numRuns: 150, seed: 3 },
    );
  });
});
