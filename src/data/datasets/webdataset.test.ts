import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pack } from "tar-stream";
import { afterEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/helpers/data.ts";
import { startProxy } from "../../../test/helpers/proxy-server.ts";
import { pattern, readAll } from "../../../test/helpers/readers.ts";
import { type Files, png, samples, tarOf } from "../../../test/helpers/shards.ts";
import { openDataset } from "../loading/open-dataset.ts";

const golden = join(import.meta.dirname, "../../../test/golden/datasets/webdataset");

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("bad shards", () => {
  const read = async (tar: Uint8Array) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "a.tar"), tar);
    return readAll({ data: join(folder, "a.tar") });
  };

  it("that are cut short anywhere are refused", async () => {
    const whole = await tarOf(await samples(0, 3));
    expect((await read(whole)).images).toHaveLength(3);
    // Between two files too, where every member is whole.
    for (const length of [0, 100, 512, 1024, 1536, whole.length - 1024, whole.length - 512]) {
      await expect(read(whole.subarray(0, length)), String(length)).rejects.toThrow(
        /^webdataset: .*a.tar must be a (whole )?tar shard, got /,
      );
    }
  });

  it.each(["../../etc/x.png", "/etc/x.png", "a/../../x.png", "..\\x.png", "C:\\x.png", "\\\\host\\x.png"])(
    "with the path %s are refused, and nothing is written",
    async (name) => {
      const tar = await tarOf([...(await samples(0, 2)), [name, await png(1)]]);
      await expect(read(tar)).rejects.toThrow(/must hold paths within the shard, got .*nothing was unpacked/);
    },
  );

  it("with a file twice, or nothing, are refused", async () => {
    const twice = await tarOf([
      ["a.png", await png(0)],
      ["a.png", await png(1)],
      ["a.cls", "1"],
    ]);
    await expect(read(twice)).rejects.toThrow(/must hold each file of a sample once, got "a.png" twice/);
    await expect(read(await tarOf([]))).rejects.toThrow(/must hold samples, got none/);
    await expect(read(await tarOf(await samples(0, 3, () => "7")))).rejects.toThrow(
      /at least two classes, got one/,
    );
  });

  it("with a size that is no number are refused at once", async () => {
    const tar = await tarOf(await samples(0, 2));
    tar.fill(0x9d, 124, 136);
    tar.fill(32, 148, 156);
    const sum = tar.subarray(0, 512).reduce((total, byte) => total + byte, 0);
    tar.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    await expect(read(tar)).rejects.toThrow(/must say how long its files are, got null/);
  });

  it("links and folders are passed over", async () => {
    const archive = pack();
    archive.entry({ name: "d", type: "directory" });
    archive.entry({ name: "d/a.png", type: "symlink", linkname: "/etc/passwd" });
    for (const [name, content] of await samples(0, 2)) archive.entry({ name }, content);
    archive.finalize();
    const parts: Uint8Array[] = [];
    for await (const part of archive) parts.push(part as Uint8Array);
    expect((await read(Buffer.concat(parts))).images).toHaveLength(2);
  });
});

describe("as a data set", () => {
  const cache = (data: string) =>
    openDataset({
      data,
      size: { height: 6, width: 5 },
      fit: "squash",
      maxPixels: 1e6,
      maxBroken: 0.5,
      cacheDir: temporaryFolder(),
    });

  it("has classes in order, named by a file beside the shards, and the official test part", async () => {
    const folder = temporaryFolder();
    const label = (n: number) => String([2, 0, 2, 0, 2, 0][n]);
    for (const [part, first] of [
      ["train", 0],
      ["val", 4],
    ] as const) {
      mkdirSync(join(folder, part));
      writeFileSync(
        join(folder, part, "0.tar"),
        await tarOf(await samples(first, part === "val" ? 2 : 4, label)),
      );
    }
    writeFileSync(join(folder, "classnames.txt"), "owl\nnever\nbee\n");
    const dataset = await cache(folder);
    expect(dataset.classes).toEqual(["owl", "bee"]);
    expect([...dataset.labels]).toEqual([1, 0, 1, 0, 1, 0]);
    expect(dataset.officialParts).toEqual(["train", "train", "train", "train", "test", "test"]);
    const pixels = new Uint8Array(90);
    dataset.read([5], pixels);
    expect(pixels).toEqual(pattern(5, 6, 5));
  });

  it.each([
    [{ label: 1, split: "test" }, "split"],
    [{ label: 1, is_test: false }, "is_test"],
    [{ label: 1, set: "laion" }, null],
    [{ label: 1 }, null],
  ])("says of %j that the part is not used, also out of the cache", async (json, field) => {
    const file = join(temporaryFolder(), "a.tar");
    const files = (await samples(0, 4)).filter(([name]) => !name.endsWith(".cls"));
    const named = files.flatMap(([name, content], at): Files => {
      const label = JSON.stringify({ ...json, label: at % 2 });
      return [
        [name, content],
        [name.replace(/\.[^.]+$/, ".json"), label],
      ];
    });
    writeFileSync(file, await tarOf(named));
    const cacheDir = temporaryFolder();
    const size = { height: 6, width: 5 };
    for (let time = 0; time < 2; time++) {
      const dataset = await openDataset({
        ...{ data: file, size, fit: "squash", maxPixels: 1e6, maxBroken: 0.5, cacheDir },
      });
      const note = `the field "${field}" in .json is not used to divide the images: the names of shards are (train-000000.tar, val-000000.tar, test-000000.tar)`;
      expect(dataset.notes).toEqual(field === null ? [] : [note]);
      dataset.close();
    }
  });

  it("lists broken samples with their reasons", async () => {
    const folder = temporaryFolder();
    const files: Files = [
      ...(await samples(0, 4)),
      ["x.png", "no image"],
      ["x.cls", "1"],
      ["y.png", await png(1)],
    ];
    writeFileSync(join(folder, "a.tar"), await tarOf(files));
    const dataset = await cache(join(folder, "a.tar"));
    expect(dataset.count).toBe(4);
    expect(dataset.broken.map(({ name }) => name.replace(/.*\//, ""))).toEqual(["a.tar#x", "a.tar#y"]);
  });
});

describe("behind an address", () => {
  let server: Server | null = null;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = null;
  });

  /** Serves files; `cut` says after how many bytes each answer breaks off. */
  async function serve(files: ReadonlyMap<string, Buffer>, cut = Infinity, ranges = true) {
    const asked: string[] = [];
    server = createServer((request, response) => {
      const bytes = files.get(request.url!);
      const from = ranges ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0) : 0;
      asked.push(`${request.method} ${request.url} ${from}`);
      if (bytes === undefined) {
        response.writeHead(404).end();
        return;
      }
      const headers = { "content-length": bytes.length - from, etag: '"1"', "accept-ranges": "bytes" };
      const range = { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
      response.writeHead(from > 0 ? 206 : 200, from > 0 ? { ...headers, ...range } : headers);
      if (request.method === "HEAD") response.end();
      else if (from + cut >= bytes.length) response.end(bytes.subarray(from));
      else response.write(bytes.subarray(from, from + cut), () => setTimeout(() => response.destroy(), 20));
    });
    await new Promise<void>((done) => server!.listen(0, "127.0.0.1", done));
    return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
  }

  const shards = new Map(
    ["000000", "000001"].map((number) => [
      `/train-${number}.tar`,
      readFileSync(join(golden, `train-${number}.tar`)),
    ]),
  );

  it("is read once, from front to back", async () => {
    const { address, asked } = await serve(shards);
    const read = await readAll({ data: `${address}/train-{000000..000001}.tar` });
    expect(read.images.map(({ pixels }) => pixels)).toEqual(upTo(6).map((n) => pattern(n, 6, 5)));
    expect(read.source.classes).toEqual(["4", "5", "6"]);
    expect(asked.filter((line) => line.startsWith("GET"))).toEqual([
      "GET /train-000000.tar 0",
      "GET /train-000001.tar 0",
    ]);
  });

  it("goes on where a connection breaks", async () => {
    const { address, asked } = await serve(shards, 6000);
    const read = await readAll({ data: `${address}/train-000000.tar` });
    expect(read.images.map(({ pixels }) => pixels)).toEqual(upTo(3).map((n) => pattern(n, 6, 5)));
    expect(asked.at(-1)).toBe("GET /train-000000.tar 18000");
  });

  it("is asked of the proxy that the environment names", async () => {
    const { address, asked } = await serve(shards, 6000);
    const proxy = await startProxy(address);
    const read = await readAll({ data: "http://shards.invalid/train-000000.tar" });
    expect(read.images.map(({ pixels }) => pixels)).toEqual(upTo(3).map((n) => pattern(n, 6, 5)));
    const shard = "http://shards.invalid/train-000000.tar";
    expect(proxy.asked).toEqual([`HEAD ${shard}`, ...new Array(4).fill(`GET ${shard}`)]);
    expect(asked.at(-1)).toBe("GET /train-000000.tar 18000");
  });

  it("is refused where the server packs it", async () => {
    server = createServer((_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end("x"));
    await new Promise<void>((done) => server!.listen(0, "127.0.0.1", done));
    const data = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.tar`;
    await expect(readAll({ data })).rejects.toThrow(
      /must be sent as it is, got packed by the server \(gzip\); download it first/,
    );
  });

  it("says when it is not there, or cannot go on", async () => {
    const { address } = await serve(shards);
    await expect(readAll({ data: `${address}/no.tar` })).rejects.toThrow(
      /^webdataset: http:.*no.tar must be there, got status 404; check the address/,
    );
    server!.close();
    const broken = await serve(shards, 6000, false);
    await expect(readAll({ data: `${broken.address}/train-000000.tar` })).rejects.toThrow(
      /must go on at byte 6000, got another answer; download it first/,
    );
    server!.closeAllConnections();
    await new Promise((done) => server!.close(done));
    await expect(readAll({ data: `${broken.address}/a.tar` })).rejects.toThrow(
      /^webdataset: .* must answer, got .*ECONNREFUSED/,
    );
  });
});
