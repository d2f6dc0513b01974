// Gets a known data set into a folder: fetch, check, unpack, put in place; a kill at any moment can be gone on from.
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { makeFolders, replaceFile } from "../../durable-file.ts";
import { CutoutError } from "../../error.ts";
import { type KnownDataset, knownDataset, type RemoteFile } from "./catalog.ts";
import { checkRoom, lockFolder, writing } from "./disk.ts";
import { type FetchOptions, fetchFile, patientTimings, removePart, type Timings } from "./fetch.ts";
import { type UnpackedFile, unpack } from "./unpack.ts";

export interface GetProgress {
  readonly task: "fetching" | "checking" | "unpacking";
  readonly name: string;
  /** Bytes. */
  readonly done: number;
  readonly total: number;
}

export interface GetOptions {
  /** A name of the catalogue. */
  readonly name: string;
  /** The folder to fill; made when it is missing. */
  readonly to: string;
  /** Another place that has the files: an http address or a local folder; null for the authors' own. */
  readonly mirror: string | null;
  readonly onProgress?: (progress: GetProgress) => void;
  readonly onMessage?: (text: string) => void;
  readonly signal?: AbortSignal;
  readonly timings?: Timings;
}

export interface GotDataset {
  /** What to give to `cutout train`. */
  readonly data: string;
  /** False when everything was there and right already. */
  readonly fetched: boolean;
}

/** Many more than any known set has. */
const mostFiles = 100_000;
const recordName = ".cutout-get.json";
const unpackingName = ".cutout-unpacking";

/** What stands in the record: every file of the data set, so that it can be checked later. */
interface DatasetRecord {
  readonly name: string;
  readonly files: readonly UnpackedFile[];
}

/**
 * Gets a data set of the catalogue. A file is fetched into `FILE.part`, checked against its SHA-256 and only then gets
 * its name; archives are unpacked into a hidden folder beside and then put in place as a whole. What is interrupted is
 * gone on with by the next call. Archives are removed when all is in place.
 *
 * @param known for tests: a data set that is not in the catalogue
 * @throws Error, one line for people, when the name is unknown, no source has the right file, the files there are not
 *   those that were fetched, the disk is full or another process is at work in the folder
 */
export async function getDataset(
  options: GetOptions,
  known: KnownDataset = knownDataset(options.name),
): Promise<GotDataset> {
  const { name, to } = options;
  const data = known.data === "" ? to : join(to, known.data);
  await writing(to, () => makeFolders(to));
  const unlock = await writing(to, () => lockFolder(to));
  try {
    const record = await readRecord(to);
    if (record !== null) {
      await checkRecord(to, name, record, options);
      return { data, fetched: false };
    }
    checkStrangers(to, known);
    await checkRoom(to, await bytesNeeded(to, known));
    for (const file of known.files) await getFile(file, known, options);
    const files = await unpackAll(known, options);
    replaceFile(join(to, recordName), [Buffer.from(JSON.stringify({ name, files } satisfies DatasetRecord))]);
    for (const { name: archive, packing } of known.files) {
      if (packing !== "none") await rm(join(to, archive), { force: true });
    }
    return { data, fetched: true };
  } finally {
    unlock();
  }
}

/** The file under its final name, checked; fetched where it is not there yet. */
async function getFile(file: RemoteFile, known: KnownDataset, options: GetOptions): Promise<void> {
  const { to, mirror } = options;
  const path = join(to, file.name);
  if (existsSync(path)) {
    // Under its final name, so it was whole once.
    if ((await digest(path, file, options)) === file.sha256) return;
    throw new CutoutError({
      where: "data get",
      what: `${path} is not the file that it should be`,
      remedy: "remove it, then run it again",
    });
  }
  const sources = mirror === null ? known.addresses : [mirror];
  for (const [at, source] of sources.entries()) {
    try {
      await getFrom(source, file, path, options);
      return;
    } catch (error) {
      const next = sources[at + 1];
      // A full disk is full for every source.
      if (next === undefined || !(error instanceof CutoutError) || error.cause !== undefined) throw error;
      options.onMessage?.(error.with({ remedy: `trying ${next}` }).message);
    }
  }
}

async function getFrom(source: string, file: RemoteFile, path: string, options: GetOptions): Promise<void> {
  const part = `${path}.part`;
  const { signal = new AbortController().signal, timings = patientTimings, onMessage = () => {} } = options;
  const onProgress = (done: number) =>
    options.onProgress?.({ task: "fetching", name: file.name, done, total: file.bytes });
  const fetchOptions: FetchOptions = { signal, timings, onMessage, onProgress };
  let where: string;
  // The second time from the first byte on: what was gone on with may have been the part of another file.
  for (const anew of [false, true]) {
    const hadPart = existsSync(part);
    if (/^https?:\/\//.test(source)) {
      where = new URL(encodeURIComponent(file.name), source.endsWith("/") ? source : `${source}/`).href;
      await fetchFile(where, part, file.bytes, fetchOptions);
    } else if (/^[a-z][a-z0-9+.-]+:\/\//i.test(source)) {
      throw new CutoutError({
        where: "data get",
        what: "--mirror must be an http or https address, or a folder",
        got: source,
      });
    } else {
      where = join(source, file.name);
      await copyFile(where, part, file, fetchOptions);
    }
    const got = await digest(part, file, options);
    if (got === file.sha256) {
      await writing(path, () => rename(part, path));
      await removePart(part);
      return;
    }
    await removePart(part);
    if (anew || !hadPart) {
      throw new CutoutError({
        where: "data get",
        what: `${where} must have the SHA-256 ${file.sha256}`,
        got,
        remedy: "it was thrown away, name another source with --mirror",
      });
    }
    onMessage(`${file.name}: what had been fetched before does not fit; fetching all of it again`);
  }
}

/** The file of a local mirror, under the same checks as one that is fetched. */
async function copyFile(from: string, part: string, file: RemoteFile, options: FetchOptions): Promise<void> {
  const size = await stat(from).then(
    (stats) => stats.size,
    (error: NodeJS.ErrnoException) => {
      throw new CutoutError({
        where: "data get",
        what: `${from} cannot be read (${error.code})`,
        remedy: "--mirror must be a folder with it",
      });
    },
  );
  if (size !== file.bytes) {
    throw new CutoutError({
      where: "data get",
      what: `${from} must have ${file.bytes} bytes`,
      got: String(size),
      remedy: "name another source with --mirror",
    });
  }
  const target = await writing(part, () => open(part, "w"));
  try {
    let done = 0;
    for await (const chunk of createReadStream(from, { signal: options.signal }) as AsyncIterable<Buffer>) {
      await writing(part, () => target.writeFile(chunk));
      done += chunk.length;
      options.onProgress(done);
    }
    await writing(part, () => target.sync());
  } finally {
    await target.close();
  }
}

/** Unpacks every archive beside, then puts all that is in them in place. */
async function unpackAll(known: KnownDataset, options: GetOptions): Promise<UnpackedFile[]> {
  const { to } = options;
  const beside = join(to, unpackingName);
  await writing(beside, () => rm(beside, { recursive: true, force: true }));
  await writing(beside, () => mkdir(beside));
  const all: UnpackedFile[] = [];
  const limits = { bytes: known.unpackedBytes, files: mostFiles };
  try {
    for (const { name, packing, bytes, sha256 } of known.files) {
      if (packing === "none") {
        all.push({ path: name, bytes, sha256 });
        continue;
      }
      const report = (done: number) =>
        options.onProgress?.({ task: "unpacking", name, done, total: known.unpackedBytes });
      all.push(...(await unpack(join(to, name), packing, beside, limits, report)));
    }
    for (const entry of await readdir(beside)) {
      const target = join(to, entry);
      // There already: put in place by a call that was killed before it could write its record.
      const own = all.filter(({ path }) => path === entry || path.startsWith(`${entry}/`));
      if (existsSync(target)) await checkFiles(to, own, options);
      else await writing(target, () => rename(join(beside, entry), target));
    }
    return all;
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
}

/** Files of other making are neither taken for the data set nor overwritten. */
function checkStrangers(to: string, known: KnownDataset): void {
  const begun = known.files.some(({ name }) =>
    [name, `${name}.part`].some((file) => existsSync(join(to, file))),
  );
  if (begun) return;
  const names = known.data === "" ? known.files.map(({ name }) => name.replace(/\.gz$/, "")) : [known.data];
  const stranger = names.find((name) => existsSync(join(to, name)));
  if (stranger === undefined) return;
  throw new CutoutError({
    where: "data get",
    what: `${join(to, stranger)} is there already and was not made by "data get"`,
    remedy: "train with it as it is, or choose another folder with --to",
  });
}

/** What is still to be written, bytes. */
async function bytesNeeded(to: string, known: KnownDataset): Promise<number> {
  let needed = known.unpackedBytes;
  for (const { name, bytes } of known.files) {
    const sizes = [name, `${name}.part`].map((file) =>
      stat(join(to, file)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    needed += bytes - Math.min(bytes, Math.max(...(await Promise.all(sizes))));
  }
  return needed;
}

async function readRecord(to: string): Promise<DatasetRecord | null> {
  try {
    return JSON.parse(await readFile(join(to, recordName), "utf8")) as DatasetRecord;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function checkRecord(
  to: string,
  name: string,
  record: DatasetRecord,
  options: GetOptions,
): Promise<void> {
  if (record.name !== name) {
    throw new CutoutError({
      where: "data get",
      what: `${to} must not hold another data set`,
      got: record.name,
      remedy: "choose with --to",
    });
  }
  await checkFiles(to, record.files, options);
}

/** @throws Error when one of the files is missing or has other bytes */
async function checkFiles(to: string, files: readonly UnpackedFile[], options: GetOptions): Promise<void> {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  for (const { path, bytes, sha256 } of files) {
    const file = join(to, path);
    const size = await stat(file).then(
      (stats) => stats.size,
      () => null,
    );
    const right = size === bytes && (await hashOf(file, () => {})) === sha256;
    if (!right) {
      const trouble = size === null ? "is missing" : "has been changed";
      throw new CutoutError({
        where: "data get",
        what: `${file} ${trouble} since it was fetched`,
        remedy: `train with it as it is, or remove ${to} and get it anew`,
      });
    }
    done += bytes;
    options.onProgress?.({ task: "checking", name: options.name, done, total });
  }
}

async function digest(path: string, file: RemoteFile, options: GetOptions): Promise<string> {
  return hashOf(path, (done) =>
    options.onProgress?.({ task: "checking", name: file.name, done, total: file.bytes }),
  );
}

/** SHA-256 of a file as it is on the disk. */
async function hashOf(path: string, onProgress: (bytes: number) => void): Promise<string> {
  const hash = createHash("sha256");
  let done = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    done += chunk.length;
    onProgress(done);
  }
  return hash.digest("hex");
}
