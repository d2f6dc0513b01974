// A run folder as one stream of bytes (tar), and back. What comes from elsewhere is not believed: plain files in the folder or
// one below it, no links, no paths that lead out, bounded in number and size.
import { createReadStream, createWriteStream, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { lstat, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract, pack } from "tar-stream";
import { CutoutError } from "../error.ts";
import { isLockFile } from "../run-folder/index.ts";

/** Of a run: weights of the largest networks, 600 pictures. */
export const archiveLimits = { bytes: 2 ** 32, files: 10_000 } as const;

export interface ArchiveLimits {
  readonly bytes: number;
  readonly files: number;
}

/** The files of a run folder that nobody writes to; locks, what was being written and names that no run gives stay behind. */
export async function* packRun(folder: string): AsyncGenerator<Buffer> {
  const tar = pack();
  const fed = feed();
  // It is awaited below, after the bytes.
  fed.catch((error: Error) => tar.destroy(error));
  yield* tar as AsyncIterable<Buffer>;
  await fed;

  async function feed(): Promise<void> {
    for (const name of filesIn(folder)) {
      const path = join(folder, name);
      const { size } = await lstat(path);
      const entry = tar.entry({ name, size });
      await pipeline(createReadStream(path, { end: Math.max(0, size - 1) }), entry);
    }
    tar.finalize();
  }
}

/** Plain files in the folder and in those in it. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) =>
      entry.isDirectory()
        ? readdirSync(join(folder, entry.name), { withFileTypes: true }).flatMap((inner) =>
            inner.isFile() ? [`${entry.name}/${inner.name}`] : [],
          )
        : entry.isFile()
          ? [entry.name]
          : [],
    )
    .filter((name) => isInside(name) && !isLockFile(name) && !name.endsWith(".partial"))
    .sort();
}

/**
 * Makes a run folder of what {@link packRun} gave, in the place of the one that may be there: at any moment one of the
 * two is there, or {@link putBack} puts it back.
 * @throws CutoutError when it is no such archive; the folder of before then stays
 */
export async function unpackRun(
  bytes: AsyncIterable<Uint8Array>,
  folder: string,
  limits: ArchiveLimits = archiveLimits,
): Promise<void> {
  const arriving = `${folder}.arriving`;
  rmSync(arriving, { recursive: true, force: true });
  mkdirSync(arriving, { recursive: true });
  try {
    await unpackInto(bytes, arriving, limits);
  } catch (error) {
    rmSync(arriving, { recursive: true, force: true });
    throw error;
  }
  putBack(folder);
  const before = beforeOf(folder);
  rmSync(before, { recursive: true, force: true });
  try {
    renameSync(folder, before);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  renameSync(arriving, folder);
  rmSync(before, { recursive: true, force: true });
}

const beforeOf = (folder: string): string => `${folder}.before`;

/** After a kill between the two renames of {@link unpackRun}. */
export function putBack(folder: string): void {
  try {
    // Fails where there is a folder with something in it.
    renameSync(beforeOf(folder), folder);
  } catch {
    // Nothing is to be put back.
  }
}

async function unpackInto(
  bytes: AsyncIterable<Uint8Array>,
  folder: string,
  limits: ArchiveLimits,
): Promise<void> {
  const entries = extract();
  // A tar of nothing but padding has no files to count: its own length is bounded too.
  const most = limits.bytes + limits.files * 4096 + 2 ** 20;
  let read = 0;
  const fed = pipeline(
    Readable.from(bytes),
    async function* bounded(chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        read += chunk.length;
        if (read > most) throw refused(`must be of at most ${most} bytes`);
        yield chunk;
      }
    },
    entries,
  );
  // It is awaited below, after the entries. An entry that is being read does not end when its archive does.
  const cut = new AbortController();
  fed.catch(() => cut.abort());
  let files = 0;
  let total = 0;
  try {
    for await (const entry of entries) {
      const { name, type, size = 0 } = entry.header;
      if (type !== "file") throw refused(`must hold plain files only, got a ${type}`);
      if (!isInside(name))
        throw refused(`must hold paths of a run folder only, got ${JSON.stringify(name.slice(0, 100))}`);
      if (!Number.isSafeInteger(size)) throw refused("must say how long its files are");
      if (++files > limits.files) throw refused(`must hold at most ${limits.files} files`);
      total += size;
      if (total > limits.bytes) throw refused(`must unpack to at most ${limits.bytes} bytes`);
      const path = join(folder, name);
      await mkdir(dirname(path), { recursive: true });
      // One that is there twice fails.
      await pipeline(entry, createWriteStream(path, { flags: "wx", flush: true }), {
        signal: cut.signal,
      });
    }
  } catch (error) {
    entries.destroy();
    // Bytes that could not be had show here as entries that end early: the first error is the reason.
    const cause = await fed.then(
      () => error,
      (first: NodeJS.ErrnoException) =>
        ["ERR_STREAM_PREMATURE_CLOSE", "ABORT_ERR"].includes(first.code ?? "") ? error : first,
    );
    throw explained(folder, cause);
  }
  await fed.catch((error: unknown) => {
    throw explained(folder, error);
  });
}

/** `metrics.jsonl`, `images/12.webp`: names that mean the same on every system, none hidden. */
function isInside(name: string): boolean {
  return /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/.test(name) && !name.includes("..");
}

const refused = (what: string): CutoutError =>
  new CutoutError({ where: "a run folder from another machine", what, remedy: "it is not unpacked" });

function explained(folder: string, error: unknown): unknown {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (error instanceof CutoutError) return error;
  if (code === "EEXIST") return refused("must hold each file once");
  if (/^E[A-Z]+$/.test(code)) {
    const full = code === "ENOSPC" || code === "EDQUOT" ? "the disk is full" : "it cannot be written";
    return new CutoutError(
      {
        where: folder,
        what: `${full} (${code})`,
        remedy: "what is there stays; go on with the study once it can be",
      },
      { cause: error },
    );
  }
  return refused(`must be a whole tar archive (${message})`);
}
