import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import dns from "node:dns";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type Answer,
  breakAfter,
  type FileServer,
  serve,
  startFileServer,
  status,
  until,
} from "../../../test/helpers/file-server.ts";
import { CutoutError } from "../../error.ts";
import { stream } from "../../rng.ts";
import type { KnownDataset } from "./catalog.ts";
import { type GetOptions, getDataset } from "./get.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-get-"));
/** Nothing here is ever silent for so long, whatever else the machine does. */
const patient = 60_000;
const timings = { connect: patient, silence: patient, backOff: [1, 1, 1] };
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

let server: FileServer;
let archive: Buffer;
let known: KnownDataset;
let folders = 0;
let to: string;
/** Random, so that an archive of it is as long. */
const pixels = Buffer.from(Uint8Array.from({ length: 40_000 }, drawer()));

function drawer(): () => number {
  const random = stream(1, "bytes");
  return () => Math.floor(256 * random.uniform());
}

async function tarOf(entries: readonly (readonly [string, Buffer])[]): Promise<Buffer> {
  const tar = pack();
  for (const [name, content] of entries) tar.entry({ name }, content);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

beforeAll(async () => {
  server = await startFileServer();
  archive = gzipSync(
    await tarOf([
      ["set/a.bin", pixels],
      ["set/names.txt", Buffer.from("cat\ndog\n")],
    ]),
  );
  known = {
    title: "a set for tests",
    addresses: [server.address],
    files: [{ name: "set.tar.gz", bytes: archive.length, sha256: sha256(archive), packing: "tar.gz" }],
    unpackedBytes: 50_000,
    data: "set",
    page: "",
  };
});
beforeEach(() => {
  to = join(root, String(folders++), "deep");
  server.requests.length = 0;
  server.answers = [serve(archive)];
});
afterEach(() => {
  vi.restoreAllMocks();
  expect(existsSync(join(to, ".cutout-get.lock"))).toBe(false);
  expect(existsSync(join(to, ".cutout-unpacking"))).toBe(false);
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true });
});

/** Without Content-Length. */
const unannounced =
  (content: Buffer): Answer =>
  (_, response) => {
    response.write(content);
    response.end();
  };

const get = (options: Partial<GetOptions> = {}, what = known) =>
  getDataset({ name: "set", to, mirror: null, timings, ...options }, what);
/** Whether so many bytes of the archive are on disk. */
const arrived = (bytes: number) =>
  (statSync(join(to, "set.tar.gz.part"), { throwIfNoEntry: false })?.size ?? 0) >= bytes;
const broken = (bytes: number, etag?: string) => breakAfter(archive, bytes, arrived, etag);
const ranges = () => server.requests.map(({ range }) => range);
const expectWhole = () => {
  expect(readFileSync(join(to, "set", "a.bin")).equals(pixels)).toBe(true);
  expect(readFileSync(join(to, "set", "names.txt"), "utf8")).toBe("cat\ndog\n");
  expect(readdirSync(to).sort()).toEqual([".cutout-get.json", "set"]);
};

describe("a server that answers", () => {
  test("all of it: unpacked, the archive removed, and nothing to do the next time", async () => {
    const seen: string[] = [];
    const onProgress: GetOptions["onProgress"] = ({ task, done, total }) => {
      expect(done).toBeLessThanOrEqual(total);
      if (seen.at(-1) !== task) seen.push(task);
    };
    expect(await get({ onProgress })).toEqual({ data: join(to, "set"), fetched: true });
    expectWhole();
    expect(seen).toEqual(["fetching", "checking", "unpacking"]);
    expect(server.requests).toEqual([{ path: "/set.tar.gz", range: undefined }]);
    expect(await get()).toEqual({ data: join(to, "set"), fetched: false });
    expect(server.requests.length).toBe(1);
  });

  test("a connection that breaks, again and again: each time the rest is asked for", async () => {
    server.answers = [broken(10_000), broken(5_000), serve(archive)];
    const said: string[] = [];
    await get({ onMessage: (text) => said.push(text) });
    expectWhole();
    expect(ranges()).toEqual([undefined, "bytes=10000-", "bytes=15000-"]);
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(/connection was lost; trying again in 1 s$/);
  });

  test("broken for good: what came is kept, and the next call goes on from there", async () => {
    server.answers = [broken(10_000), status(503)];
    await expect(get()).rejects.toThrow(/answered 503, after 4 attempts; run it again to go on from here/);
    expect(readdirSync(to).sort()).toEqual(["set.tar.gz.part", "set.tar.gz.part.version"]);
    server.answers = [serve(archive)];
    await get();
    expectWhole();
    expect(ranges().at(-1)).toBe("bytes=10000-");
  });

  test("the file changed meanwhile: If-Range brings all of it", async () => {
    server.answers = [broken(10_000, '"old"'), serve(archive, '"new"')];
    await get();
    expectWhole();
    expect(ranges()).toEqual([undefined, "bytes=10000-"]);
  });

  test("the part is of another file: fetched again from the first byte on", async () => {
    mkdirSync(to, { recursive: true });
    writeFileSync(join(to, "set.tar.gz.part"), Buffer.alloc(7000, 1));
    const said: string[] = [];
    await get({ onMessage: (text) => said.push(text) });
    expectWhole();
    expect(ranges()).toEqual(["bytes=7000-", undefined]);
    expect(said[0]).toMatch(/does not fit; fetching all of it again/);
  });

  test("a part that is whole, or longer than the file", async () => {
    for (const [content, asked] of [
      [archive, []],
      [Buffer.alloc(archive.length + 1), [undefined]],
    ] as const) {
      rmSync(to, { recursive: true, force: true });
      mkdirSync(to, { recursive: true });
      server.requests.length = 0;
      writeFileSync(join(to, "set.tar.gz.part"), content);
      await get();
      expectWhole();
      expect(ranges()).toEqual(asked);
    }
  });

  test("no support of Range: all of it once more", async () => {
    const whole: Answer = (_, response) => {
      response.writeHead(200, { "content-length": archive.length }).end(archive);
    };
    server.answers = [broken(10_000), whole];
    await get();
    expectWhole();
  });

  test("a Range that starts elsewhere is not believed", async () => {
    server.answers = [
      broken(10_000),
      (_, response) => {
        const range = `bytes 0-${archive.length - 1}/${archive.length}`;
        response.writeHead(206, { "content-range": range }).end(archive);
      },
      serve(archive),
    ];
    await get();
    expectWhole();
    expect(ranges()).toEqual([undefined, "bytes=10000-", undefined]);
  });

  test("500, 429 and then the file", async () => {
    server.answers = [status(500), status(429), serve(archive)];
    await get();
    expectWhole();
  });

  test("redirects are followed, with the range", async () => {
    server.answers = [broken(10_000), status(302, { location: "/elsewhere" }), serve(archive)];
    await get();
    expectWhole();
    expect(server.requests.at(-1)).toEqual({ path: "/elsewhere", range: "bytes=10000-" });
  });

  test("silence in the middle", async () => {
    server.answers = [
      (request, response) => {
        if (request.headers.range === "bytes=9000-") serve(archive)(request, response);
        else response.writeHead(200, { "content-length": archive.length }).write(archive.subarray(0, 9000));
      },
    ];
    const said: string[] = [];
    await get({ timings: { ...timings, silence: 300 }, onMessage: (text) => said.push(text) });
    expectWhole();
    expect(said.at(-1)).toMatch(/the server went silent/);
    expect(ranges().at(-1)).toBe("bytes=9000-");
  });

  test("no Content-Length, and an answer that just ends", async () => {
    server.answers = [unannounced(archive.subarray(0, 9000)), serve(archive)];
    await get();
    expectWhole();
    expect(ranges()[1]).toBe("bytes=9000-");
  });

  test("a first address without the file: the second has it", async () => {
    server.answers = [status(404), serve(archive)];
    await get({}, { ...known, addresses: [`${server.address}gone/`, server.address] });
    expectWhole();
    expect(server.requests.map(({ path }) => path)).toEqual(["/gone/set.tar.gz", "/set.tar.gz"]);
  });

  test("a mirror's address instead of the official one", async () => {
    await get({ mirror: `${server.address}mirror/of it` });
    expectWhole();
    expect(server.requests.map(({ path }) => path)).toEqual(["/mirror/of%20it/set.tar.gz"]);
  });
});

describe("one clear error", () => {
  const cases: readonly (readonly [string, () => FileServer["answers"], RegExp])[] = [
    ["404", () => [status(404)], /no longer there \(the server answered 404\); name another source/],
    ["403", () => [status(403)], /it refuses \(the server answered 403\)/],
    ["500 for ever", () => [status(500)], /the server answered 500, after 4 attempts/],
    [
      "a page instead of the file",
      () => [serve(Buffer.from("<html>"))],
      /must have \d+ bytes, got 6: another file/,
    ],
    [
      "other bytes of the same length",
      () => [serve(Buffer.alloc(archive.length))],
      /must have the SHA-256 [0-9a-f]{64}, got [0-9a-f]{64}; it was thrown away/,
    ],
    [
      "more bytes than there should be",
      () => [unannounced(Buffer.concat([archive, archive]))],
      /must have \d+ bytes, got more/,
    ],
    [
      "a Content-Length that is too short",
      () => [
        (_, response) => {
          response.socket!.end(`HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n${"x".repeat(200)}`);
        },
      ],
      /must have \d+ bytes, got 100/,
    ],
    [
      "no HTTP at all",
      () => [(_, response) => void response.socket!.end("SSH-2.0-hello\r\n")],
      /the answer is no HTTP, after 4 attempts/,
    ],
    [
      "a circle of redirects",
      () => [status(302, { location: "/" })],
      /must lead somewhere, got more than 10/,
    ],
    [
      "a redirect to a file",
      () => [status(302, { location: "file:///etc/passwd" })],
      /must lead to an http or https address, got file:/,
    ],
  ];
  test("a web page instead of the file", async () => {
    server.answers = [
      (_, response) => response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end("<html>"),
    ];
    await expect(get()).rejects.toThrow(/^data get: http.*set.tar.gz must be a file, got a web page/);
    expect(server.requests).toHaveLength(1);
    expect(readdirSync(to)).toEqual([]);
  });

  test("a mirror of another kind", async () => {
    await expect(get({ mirror: "ftp://example.org/" })).rejects.toThrow(
      /^data get: --mirror must be an http or https address, or a folder, got ftp:\/\/example.org\/$/,
    );
  });

  test.each(cases)("%s", async (_, answers, message) => {
    server.answers = answers();
    const error = (await get().catch((thrown: unknown) => thrown)) as Error;
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^data get: /);
    expect(error.message).not.toContain("\n");
    expect(error).toBeInstanceOf(CutoutError);
    expect(existsSync(join(to, "set.tar.gz"))).toBe(false);
    expect(existsSync(join(to, "set"))).toBe(false);
  });

  test("never an answer", async () => {
    server.answers = [() => {}];
    await expect(get({ timings: { ...timings, silence: 100, backOff: [] } })).rejects.toThrow(
      /the server does not answer, after 1 attempts; run it again/,
    );
  });

  test("nobody listens, and a server that does not exist", async () => {
    await expect(get({ mirror: "http://127.0.0.1:1/" })).rejects.toThrow(/refuses connections, after 4/);
    // What a name server says of a name that does not exist is up to the network.
    const answers = {
      ENOTFOUND: "no-such-host.invalid must be a server that can be found",
      EAI_AGAIN: "now, after 4",
    };
    for (const [code, message] of Object.entries(answers)) {
      vi.spyOn(dns, "lookup").mockImplementation(((
        _name: string,
        _options: object,
        done: (error: Error) => void,
      ) => done(Object.assign(new Error(code), { code }))) as never);
      await expect(get({ mirror: "http://no-such-host.invalid/" })).rejects.toThrow(message);
    }
  });

  test("an unknown name lists the known ones", async () => {
    await expect(getDataset({ name: "cifar", to, mirror: null })).rejects.toThrow(
      /NAME must be one of cifar10, cifar100, .*, got cifar$/,
    );
  });

  test("a full disk; the download is not tried elsewhere", async () => {
    if (!existsSync("/dev/full")) return; // a device of Linux that is always full
    mkdirSync(to, { recursive: true });
    symlinkSync("/dev/full", join(to, "set.tar.gz.part"));
    await expect(get({}, { ...known, addresses: [server.address, server.address] })).rejects.toThrow(
      /cannot be written, the disk is full: free some space, then run it again.*\(ENOSPC\)/,
    );
    expect(server.requests.length).toBe(1);
  });

  test("too little room is told before anything is fetched", async () => {
    await expect(get({}, { ...known, unpackedBytes: 1e15 })).rejects.toThrow(/must have room for [\d,]+ MB/);
    expect(server.requests).toEqual([]);
  });

  test("a file where the folder should be", async () => {
    mkdirSync(join(to, ".."), { recursive: true });
    writeFileSync(to, "");
    await expect(get()).rejects.toThrow(/something of that name is there already/);
    rmSync(to);
  });

  test("an interruption ends it and keeps the part", async () => {
    const controller = new AbortController();
    server.answers = [
      (_, response) => {
        response.writeHead(200, { "content-length": archive.length });
        response.write(archive.subarray(0, 8000));
        void until(() => response.closed || arrived(8000)).then(() => controller.abort());
      },
    ];
    await expect(get({ signal: controller.signal })).rejects.toThrow(/abort/i);
    expect(readFileSync(join(to, "set.tar.gz.part")).length).toBe(8000);
  });
});

describe("what is in the folder", () => {
  test("a changed or missing file is told, not overwritten", async () => {
    await get();
    writeFileSync(join(to, "set", "names.txt"), "dog\ncat\n");
    await expect(get()).rejects.toThrow(/names\.txt has been changed since it was fetched/);
    rmSync(join(to, "set", "names.txt"));
    await expect(get()).rejects.toThrow(/names\.txt is missing since it was fetched/);
    expect(server.requests.length).toBe(1);
  });

  test("files of other making are neither taken nor overwritten", async () => {
    mkdirSync(join(to, "set"), { recursive: true });
    await expect(get()).rejects.toThrow(/set is there already and was not made by "data get"/);
    expect(server.requests).toEqual([]);
  });

  test("another data set", async () => {
    await get();
    await expect(get({ name: "other" })).rejects.toThrow(/must not hold another data set, got set/);
  });

  test("killed while putting in place: the next call finishes", async () => {
    await get();
    rmSync(join(to, ".cutout-get.json"));
    writeFileSync(join(to, "set.tar.gz"), archive); // what is there before the record is written
    mkdirSync(join(to, ".cutout-unpacking", "set"), { recursive: true });
    expect((await get()).fetched).toBe(true);
    expectWhole();
    expect(server.requests.length).toBe(1);
  });

  test("a lock of a running process keeps out, one of an ended process does not", async () => {
    mkdirSync(to, { recursive: true });
    const lock = join(to, ".cutout-get.lock");
    const hold = (pid: number) => writeFileSync(lock, JSON.stringify({ pid, host: JSON.parse(hostOf()) }));
    hold(process.ppid);
    await expect(get()).rejects.toThrow(/is being filled by another process \(\d+\)/);
    hold(spawnSync(process.execPath, ["--version"]).pid);
    await get();
    expectWhole();
  });

  const hostOf = () =>
    spawnSync(process.execPath, ["-p", "JSON.stringify(require('os').hostname())"], { encoding: "utf8" })
      .stdout;
});

describe("a folder as mirror", () => {
  test("its files are copied and checked", async () => {
    const mirror = join(root, "mirror");
    mkdirSync(mirror);
    writeFileSync(join(mirror, "set.tar.gz"), archive);
    await get({ mirror });
    expectWhole();
    expect(readdirSync(mirror)).toEqual(["set.tar.gz"]);
    expect(server.requests).toEqual([]);
    writeFileSync(join(mirror, "set.tar.gz"), Buffer.alloc(archive.length));
    to = `${to}2`;
    await expect(get({ mirror })).rejects.toThrow(/must have the SHA-256/);
    writeFileSync(join(mirror, "set.tar.gz"), "short");
    await expect(get({ mirror })).rejects.toThrow(/must have \d+ bytes, got 5/);
    rmSync(join(mirror, "set.tar.gz"));
    await expect(get({ mirror })).rejects.toThrow(/cannot be read \(ENOENT\); --mirror must be a folder/);
  });
});

test("several files, some packed by themselves and some not packed", async () => {
  const plain = Buffer.from("matlab");
  const packed = gzipSync(pixels);
  const files = [
    { name: "a-ubyte.gz", bytes: packed.length, sha256: sha256(packed), packing: "gz" },
    { name: "b.mat", bytes: plain.length, sha256: sha256(plain), packing: "none" },
  ] as const;
  const content: Record<string, Buffer> = { "/a-ubyte.gz": packed, "/b.mat": plain };
  server.answers = [(request, response) => serve(content[request.url!]!)(request, response)];
  const set = { ...known, files, data: "" };
  expect(await get({}, set)).toEqual({ data: to, fetched: true });
  expect(readFileSync(join(to, "a-ubyte")).equals(pixels)).toBe(true);
  expect(readFileSync(join(to, "b.mat")).equals(plain)).toBe(true);
  expect(existsSync(join(to, "a-ubyte.gz"))).toBe(false);
  expect((await get({}, set)).fetched).toBe(false);
});
