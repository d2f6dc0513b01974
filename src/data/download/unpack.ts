// Unpacks an archive into a folder: nothing is written outside it, links are refused, sizes are bounded.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import yauzl from "yauzl";
import { CutoutError } from "../../error.ts";
import type { Packing } from "./catalog.ts";
import { writing } from "./disk.ts";

export interface UnpackedFile {
  /** Below the folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface UnpackLimits {
  /** Of all files together. */
  readonly bytes: number;
  readonly files: number;
}

type Bytes = AsyncIterable<Uint8Array>;
type Unpack = (archive: string, sink: Sink) => Promise<void>;

/** Takes the files of an archive one after the other, and keeps them within the folder and the limits. */
interface Sink {
  file(name: string, content: () => Promise<Bytes> | Bytes, announced?: number): Promise<void>;
  folder(name: string): void;
  /** @throws Error that names the archive */
  refuse(reason: string): never;
  readonly limits: UnpackLimits;
}

/**
 * Unpacks `archive` into `folder`, which must exist and be empty.
 * @param onProgress called with the bytes written so far
 * @returns the files in the archive's order
 * @throws Error when the archive is damaged, has an entry that is no file or folder, whose path is absolute or holds
 *   `..`, or that is there twice, when it holds more than the limits, or when the disk refuses; what was written stays
 */
export async function unpack(
  archive: string,
  packing: Exclude<Packing, "none">,
  folder: string,
  limits: UnpackLimits,
  onProgress: (bytes: number) => void = () => {},
): Promise<UnpackedFile[]> {
  const files: UnpackedFile[] = [];
  let total = 0;
  const refuse = (reason: string): never => {
    throw new CutoutError({ where: "data get", what: `${archive} ${reason}`, remedy: "it is not unpacked" });
  };
  const checkTotal = (bytes: number) => {
    if (bytes > limits.bytes) refuse(`must unpack to at most ${limits.bytes} bytes, got more`);
  };
  const sink: Sink = {
    limits,
    refuse,
    folder: (name) => void insidePath(name, refuse),
    async file(name, content, announced = 0) {
      const path = insidePath(name, refuse);
      if (path === "") refuse(`must give every file a name, got ${shown(name)}`);
      if (files.length >= limits.files) refuse(`must hold at most ${limits.files} files, got more`);
      checkTotal(total + announced);
      const target = join(folder, path);
      const hash = createHash("sha256");
      let bytes = 0;
      const file = await writing(target, async () => {
        await mkdir(dirname(target), { recursive: true });
        return open(target, "wx"); // an entry that is there twice, or is a file and a folder, fails
      });
      try {
        for await (const chunk of await content()) {
          checkTotal(total + chunk.length);
          hash.update(chunk);
          await writing(target, () => file.writeFile(chunk)); // at the file's position
          bytes += chunk.length;
          total += chunk.length;
          onProgress(total);
        }
      } finally {
        await file.close();
      }
      files.push({ path, bytes, sha256: hash.digest("hex") });
    },
  };
  try {
    await unpackers[packing](archive, sink);
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    if (error instanceof CutoutError) throw error;
    if (/^E[A-Z]+$/.test(code)) throw error;
    refuse(`must be a whole ${packing} archive (${message})`);
  }
  return files;
}

/** What a stream says that was ended by its reader. */
const endedEarly = ["ERR_STREAM_PREMATURE_CLOSE", "ABORT_ERR"];

const unpackers: { readonly [P in Exclude<Packing, "none">]: Unpack } = {
  gz: async (archive, sink) => {
    const name = basename(archive).replace(/\.gz$/, "");
    await sink.file(name, async function* () {
      const source = createReadStream(archive);
      const gunzip = createGunzip();
      source.on("error", (error) => gunzip.destroy(error));
      yield* source.pipe(gunzip) as Bytes;
    });
  },

  "tar.gz": async (archive, sink) => {
    const entries = extract();
    // A tar of nothing but padding has no files to count: its own length is bounded too.
    const most = sink.limits.bytes + sink.limits.files * 4096 + 2 ** 20;
    const fed = pipeline(
      createReadStream(archive),
      createGunzip(),
      async function* bounded(chunks: Bytes) {
        let length = 0;
        for await (const chunk of chunks) {
          length += chunk.length;
          if (length > most) sink.refuse(`must unpack to at most ${sink.limits.bytes} bytes, got more`);
          yield chunk;
        }
      },
      entries,
    );
    fed.catch(() => {}); // it is awaited below, after the entries
    try {
      for await (const entry of entries) {
        const { name, type, size } = entry.header;
        // The library takes a size it cannot read for null, and then waits for ever.
        if (!Number.isSafeInteger(size)) {
          sink.refuse(`must say how long its files are, got ${size} (${shown(name)})`);
        }
        if (type === "directory") sink.folder(name);
        else if (type === "file" || type === "contiguous-file")
          await sink.file(name, () => entry as unknown as Bytes, size);
        else sink.refuse(`must hold files and folders only, got a ${type} (${shown(name)})`);
        entry.resume();
      }
    } catch (error) {
      entries.destroy();
      // Whatever went wrong on the way shows here as entries that end early: the first error is the reason.
      const reason = await fed.then(
        () => error,
        (cause: NodeJS.ErrnoException) => (endedEarly.includes(cause.code ?? "") ? error : cause),
      );
      throw reason;
    }
    await fed;
  },

  zip: async (archive, sink) => {
    const zip = await yauzl.openPromise(archive, { autoClose: false });
    try {
      if (zip.entryCount > 2 * sink.limits.files) {
        sink.refuse(`must hold at most ${sink.limits.files} files, got more`);
      }
      for await (const entry of zip.eachEntry()) {
        const { fileName, uncompressedSize, externalFileAttributes } = entry;
        // The upper half holds the Unix mode where the archive was made there.
        const isLink = ((externalFileAttributes >>> 16) & 0o170000) === 0o120000;
        if (isLink) sink.refuse(`must hold files and folders only, got a symlink (${shown(fileName)})`);
        if (entry.isEncrypted()) sink.refuse(`must not be encrypted, got ${shown(fileName)}`);
        if (fileName.endsWith("/")) sink.folder(fileName);
        else {
          await sink.file(
            fileName,
            async () => (await zip.openReadStreamPromise(entry)) as Bytes,
            uncompressedSize,
          );
        }
      }
    } finally {
      zip.close();
    }
  },
};

/**
 * The path of an entry below the folder; empty for the folder itself. Refuses every name that could lead out of it,
 * and those that mean something else on another system.
 */
function insidePath(name: string, refuse: (reason: string) => never): string {
  const parts = name.split("/").filter((part) => part !== "." && part !== "");
  const outside = name.startsWith("/") || /^[A-Za-z]:/.test(name) || parts.includes("..");
  if (outside || name === "" || /[\\\p{Cc}]/u.test(name)) {
    refuse(`must hold paths below its folder only, got ${shown(name)}`);
  }
  return parts.join("/");
}

function shown(name: string): string {
  return JSON.stringify(name.length > 100 ? `${name.slice(0, 100)}...` : name);
}
