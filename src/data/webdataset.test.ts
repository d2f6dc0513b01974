import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { pack } from "tar-stream";
import { afterEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/helpers/data.ts";
import { pattern, readAll } from "../../test/helpers/readers.ts";
import { trainingPipeline } from "../augment/pipeline.ts";
import { openDataset } from "./open.ts";
import { expandBraces } from "./shards.ts";
import { readWebDataset, type WebDatasetOptions, webDatasetBatches } from "./webdataset-stream.ts";

const golden = join(import.meta.dirname, "../../test/golden/datasets/webdataset");

type Files = readonly (readonly [name: string, content: string | Uint8Array])[];

async function tarOf(files: Files): Promise<Buffer> {
  const archive = pack();
  for (const [name, content] of files) archive.entry({ name }, content);
  archive.finalize();
  const parts: Uint8Array[] = [];
  for await (const part of archive) parts.push(part as Uint8Array);
  return Buffer.concat(parts);
}

const png = (n: number) =>
  sharp(pattern(n, 6, 5), { raw: { height: 6, width: 5, channels: 3 } })
    .png()
    .toBuffer();

/** `count` samples, named and labelled by their number. */
const samples = async (from: number, count: number, label = (n: number) => String(n % 2)): Promise<Files> => {
  const all = Array.from({ length: count }, async (_, index) => {
    const n = from + index;
    return [[`${n}.png`, await png(n)] as const, [`${n}.cls`, label(n)] as const];
  });
  return (await Promise.all(all)).flat();
};

/** Shards of some samples each; sample `n` is the n-th of all. */
async function shardsOf(sizes: readonly number[]): Promise<string> {
  const folder = temporaryFolder();
  let first = 0;
  for (const [index, size] of sizes.entries()) {
    writeFileSync(
      join(folder, `${String(index).padStart(3, "0")}.tar`),
      await tarOf(await samples(first, size)),
    );
    first += size;
  }
  return folder;
}

async function keys(options: WebDatasetOptions): Promise<number[]> {
  const found: number[] = [];
  for await (const { key } of readWebDataset(options)) found.push(Number(key));
  return found;
}

const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("patterns of shards", () => {
  it("count, list and multiply", () => {
    expect(expandBraces("a-{008..011}.tar")).toEqual(["a-008.tar", "a-009.tar", "a-010.tar", "a-011.tar"]);
    expect(expandBraces("{train,val}-{1..0}")).toEqual(["train-1", "train-0", "val-1", "val-0"]);
    expect(expandBraces("plain.tar")).toEqual(["plain.tar"]);
    expect(() => expandBraces("{0..9999999}")).toThrow(/at most 1000000 shards/);
    expect(() => expandBraces("{0..9999}{0..9999}")).toThrow(/at most 1000000 shards/);
  });
});

describe("a stream of samples", () => {
  it("gives each sample once, in an order that follows from seed and epoch", async () => {
    const shards = await shardsOf([5, 0, 7, 3]);
    expect(await keys({ shards })).toEqual(upTo(15));
    const shuffle = { seed: 1, epoch: 0, buffer: 4 };
    const order = await keys({ shards, shuffle });
    expect(sorted(order)).toEqual(upTo(15));
    expect(order).not.toEqual(upTo(15));
    expect(await keys({ shards, shuffle })).toEqual(order);
    for (const other of [{ seed: 2 }, { epoch: 1 }]) {
      expect(await keys({ shards, shuffle: { ...shuffle, ...other } })).not.toEqual(order);
    }
  });

  it("deals the shards to any number of workers: together they give each sample once", async () => {
    const shards = await shardsOf([2, 3, 1, 4, 2]);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 7 }), fc.boolean(), async (count, shuffled) => {
        const shuffle = shuffled ? { seed: 3, epoch: 5, buffer: 3 } : null;
        const dealt = upTo(count).map((index) => keys({ shards, shuffle, worker: { index, count } }));
        expect(sorted((await Promise.all(dealt)).flat())).toEqual(upTo(12));
      }),
      { numRuns: 14 },
    );
  });

  it("mixes across shards when the buffer is large", async () => {
    const shards = await shardsOf([8, 8]);
    const mixed = await keys({ shards, shuffle: { seed: 1, epoch: 0, buffer: 1000 } });
    expect(new Set(mixed.slice(0, 8).map((n) => n < 8)).size).toBe(2);
  });

  it("says where a sample stands and why one is incomplete", async () => {
    const folder = temporaryFolder();
    const files: Files = [
      ["a.txt", "1"],
      ["b.png", await png(1)],
      ["c.cls", "1"],
      ["d/e.f.png", await png(2)],
      ["d/e.json", '{"label": "x"}'],
    ];
    writeFileSync(join(folder, "a.tar"), await tarOf(files));
    const found = [];
    for await (const { image, ...rest } of readWebDataset({ shards: join(folder, "a.tar") })) {
      found.push({ ...rest, bytes: image?.length ?? null });
    }
    const problem = "no label (.cls, or a label in .json)";
    expect(found).toEqual([
      { key: "a", label: null, problem: "no image", shard: 0, position: 0, bytes: null },
      { key: "b", label: null, problem, shard: 0, position: 1, bytes: (await png(1)).length },
      { key: "c", label: 1, problem: "no image", shard: 0, position: 2, bytes: null },
      { key: "d/e", label: "x", problem: null, shard: 0, position: 3, bytes: (await png(2)).length },
    ]);
  });

  it("refuses options that do not fit", async () => {
    const shards = await shardsOf([1]);
    await expect(keys({ shards, worker: { index: 2, count: 2 } })).rejects.toThrow(
      /worker must be .* got 2 of 2/,
    );
    await expect(keys({ shards, shuffle: { seed: 0, epoch: 0, buffer: 0 } })).rejects.toThrow(
      /buffer must be/,
    );
    await expect(keys({ shards: "/no/such/folder" })).rejects.toThrow(/must be shards \(.tar\), got none/);
    await expect(keys({ shards: join(shards, "{000..001}.tar") })).rejects.toThrow(
      /^webdataset: .*001.tar cannot be read \(ENOENT\); check that it is there/,
    );
  });
});

describe("batches of a stream", () => {
  const pipeline = trainingPipeline({
    input: { height: 6, width: 5, channels: 3 },
    crop: { height: 4, width: 4, padding: 1 },
    flip: 0.5,
    normalization: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    cutout: null,
  });
  const options = {
    classes: ["even", "odd"],
    size: { height: 6, width: 5 },
    fit: "squash",
    pipeline,
    batchSize: 4,
    seed: 9,
    epoch: 2,
  } as const;

  it("are decoded, augmented from the sample's own stream, and labelled", async () => {
    const shards = await shardsOf([5, 6]);
    const batches = [];
    for await (const batch of webDatasetBatches({ ...options, shards, shuffle: null })) batches.push(batch);
    expect(batches.map(({ indices }) => [...indices])).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    expect([...batches[1]!.labels]).toEqual([0, 1, 0, 1]);
    // One worker of two that gets the second shard augments its images in the same way.
    const alone = [];
    for await (const batch of webDatasetBatches({ ...options, shards, worker: { index: 1, count: 2 } }))
      alone.push(batch);
    // Image 5 is the first of the second shard: at 1 of the second batch, at 0 when alone.
    expect(alone[0]!.images.slice(0, 48)).toEqual(batches[1]!.images.slice(48, 96));
    expect(alone).toHaveLength(1);
  });

  it("leave out what is broken, say so, and end when it is too much", async () => {
    const folder = temporaryFolder();
    const files: Files = [
      ...(await samples(0, 4)),
      ["x.png", "no image"],
      ["x.cls", "1"],
      ...(await samples(4, 4)),
    ];
    writeFileSync(join(folder, "a.tar"), await tarOf(files));
    const broken: string[] = [];
    const read = async (maxBroken: number) => {
      let count = 0;
      const onBroken = (name: string, reason: string) => void broken.push(`${name}: ${reason}`);
      for await (const batch of webDatasetBatches({ ...options, shards: folder, onBroken, maxBroken }))
        count += batch.count;
      return count;
    };
    expect(await read(0.2)).toBe(8);
    expect(broken).toEqual(["shard 0, x: no image in a known format (JPEG, PNG, WebP, GIF, TIFF, AVIF)"]);
    await expect(read(0.05)).rejects.toThrow(/at most a share of 0.05 .* got 1 of 9 \(the last: shard 0, x/);
  });

  it("refuse labels that are no classes", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "a.tar"), await tarOf(await samples(0, 4, (n) => (n === 3 ? "cat" : "1"))));
    const read = async () => {
      for await (const _ of webDatasetBatches({ ...options, shards: folder }));
    };
    await expect(read()).rejects.toThrow(/labels must be among the 2 classes, got "cat" in shard 0, 3/);
  });

  it("take memory that does not grow with the stream", async () => {
    // 1,000 samples of 200 kB; 10 MB of them wait in the buffer.
    const folder = temporaryFolder();
    const image = Buffer.concat([await png(0), Buffer.alloc(200_000)]);
    const files: Files = Array.from({ length: 100 }, (_, n) => [
      [`${n}.png`, image] as const,
      [`${n}.cls`, "1"] as const,
    ]).flat();
    writeFileSync(join(folder, "a.tar"), await tarOf(files));
    const shards = Array.from({ length: 10 }, () => join(folder, "a.tar"));
    let highest = 0;
    let count = 0;
    const shuffle = { seed: 0, epoch: 0, buffer: 50 };
    for await (const _ of readWebDataset({ shards, shuffle })) {
      count++;
      if (count % 20 === 0) highest = Math.max(highest, process.memoryUsage().arrayBuffers);
    }
    expect(count).toBe(1000);
    expect(highest).toBeLessThan(100e6);
  });
});

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
    expect([...dataset.officialTest!]).toEqual([0, 0, 0, 0, 1, 1]);
    const pixels = new Uint8Array(90);
    dataset.read([5], pixels);
    expect(pixels).toEqual(pattern(5, 6, 5));
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
