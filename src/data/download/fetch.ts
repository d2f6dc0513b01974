// Fetches one file over HTTP into a part file: goes on where it was, tries again, and says what is wrong.
// undici's retries do not do the same: they know no part that an earlier call has left, and cannot begin anew.
import { type FileHandle, open, readFile, rm, stat, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { CutoutError } from "../../error.ts";
import { type Answer, drop, HttpClient, NoAnswer, type TimeLimits } from "../http/client.ts";
import { writing } from "./disk.ts";

export interface Timings extends TimeLimits {
  /** Waits before each new attempt, milliseconds; their number is the number of attempts in a row without gain. */
  readonly backOff: readonly number[];
}

export const patientTimings: Timings = {
  connect: 20_000,
  silence: 30_000,
  backOff: [1000, 2000, 4000, 8000, 16_000],
};

export interface FetchOptions {
  readonly timings: Timings;
  readonly signal: AbortSignal;
  /** Bytes that are there so far, those of an earlier attempt included. */
  readonly onProgress: (bytes: number) => void;
  /** Something a person should know while it goes on. */
  readonly onMessage: (text: string) => void;
}

/** What may be better at the next attempt. */
class Passing extends Error {}

/** An attempt that gains as much as this starts the count of attempts anew. */
const gainThatCounts = 2 ** 20;

/**
 * Fetches `url` into the file `part` until it has `bytes` bytes. What is in `part` already is kept, and the rest asked
 * for (RFC 9110, Range and If-Range); a server that cannot do that sends all of it again. The bytes are those of the
 * server's file: nothing is unpacked on the way. Whether they are right is for a checksum to tell.
 *
 * @throws Error when the server refuses, has a file of another size, or stays unreachable; `part` is kept then
 */
export async function fetchFile(
  url: string,
  part: string,
  bytes: number,
  options: FetchOptions,
): Promise<void> {
  const { timings, signal } = options;
  const client = new HttpClient(timings);
  try {
    for (let attempt = 1; ; attempt++) {
      const before = await sizeOf(part);
      try {
        await attemptFetch(url, part, bytes, client, options);
        return;
      } catch (error) {
        if (!(error instanceof Passing)) throw error;
        if ((await sizeOf(part)) - before >= gainThatCounts) attempt = 1;
        const wait = timings.backOff[attempt - 1];
        if (wait === undefined) {
          throw new CutoutError({
            where: "data get",
            what: `${url}: ${error.message}, after ${attempt} attempts`,
            remedy: "run it again to go on from here, or name another source with --mirror",
          });
        }
        options.onMessage(`${url}: ${error.message}; trying again in ${Math.ceil(wait / 1000)} s`);
        await sleep(wait, undefined, { signal });
      }
    }
  } finally {
    await client.close();
  }
}

async function attemptFetch(
  url: string,
  part: string,
  bytes: number,
  client: HttpClient,
  options: FetchOptions,
): Promise<void> {
  let from = await sizeOf(part);
  if (from > bytes) {
    await rm(part, { force: true });
    from = 0;
  }
  if (from === bytes) return;
  const headers = from === 0 ? {} : await rangeHeaders(url, part, from);
  const { signal } = options;
  const response = await client.ask({ asker: "data get", url, headers, signal }).catch((error: unknown) => {
    throw error instanceof NoAnswer ? explained(error.cause, error.address, signal) : error;
  });
  try {
    const start = startOf(response, url, from, bytes);
    if (start === null) {
      await rm(part, { force: true });
      throw new Passing("the server cannot go on from here, it starts again");
    }
    await keepValidator(url, part, response);
    const file = await writing(part, () => open(part, start === 0 ? "w" : "r+"));
    try {
      await receive(response, file, part, start, bytes, url, options);
      await writing(part, () => file.sync());
    } finally {
      await file.close();
    }
  } finally {
    drop(response);
  }
}

/**
 * From which byte on the body of an answer is; null when what is there cannot be gone on with.
 * @throws Error when the server refuses, or its file has another size
 */
function startOf({ statusCode, headers }: Answer, url: string, from: number, bytes: number): number | null {
  const checkSize = (size: number) => {
    if (size === bytes) return;
    throw new CutoutError({
      where: "data get",
      what: `${url} must have ${bytes} bytes`,
      got: `${size}: another file is there now`,
      remedy: "name another source with --mirror",
    });
  };
  if (statusCode === 200 && String(headers["content-type"]).startsWith("text/html")) {
    throw new CutoutError({
      where: "data get",
      what: `${url} must be a file`,
      got: "a web page (a log-in or an error)",
      remedy: "open it in a browser, or name another source with --mirror",
    });
  }
  if (statusCode === 200) {
    if (headers["content-length"] !== undefined) checkSize(Number(headers["content-length"]));
    return 0;
  }
  if (statusCode === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(String(headers["content-range"]));
    if (range !== null && range[2] !== "*") checkSize(Number(range[2]));
    return range !== null && Number(range[1]) === from ? from : null;
  }
  if (statusCode === 416) return null;
  if (statusCode === 408 || statusCode === 425 || statusCode === 429 || statusCode >= 500) {
    throw new Passing(`the server answered ${statusCode}`);
  }
  const advice = statusCode === 404 || statusCode === 410 ? "the file is no longer there" : "it refuses";
  throw new CutoutError({
    where: "data get",
    what: `${url}: ${advice} (the server answered ${statusCode})`,
    remedy: "name another source with --mirror",
  });
}

async function receive(
  response: Answer,
  file: FileHandle,
  part: string,
  start: number,
  bytes: number,
  url: string,
  { onProgress, signal }: FetchOptions,
): Promise<void> {
  let position = start;
  onProgress(position);
  const body = response.body[Symbol.asyncIterator]();
  for (;;) {
    const next = await body.next().catch((error: unknown) => {
      throw explained(error, url, signal);
    });
    if (next.done === true) break;
    const chunk = next.value as Buffer;
    if (position + chunk.length > bytes) {
      await rm(part, { force: true });
      throw new CutoutError({
        where: "data get",
        what: `${url} must have ${bytes} bytes`,
        got: "more",
        remedy: "name another source with --mirror",
      });
    }
    for (let done = 0; done < chunk.length; ) {
      const rest = chunk.length - done;
      done += (await writing(part, () => file.write(chunk, done, rest, position + done))).bytesWritten;
    }
    position += chunk.length;
    onProgress(position);
  }
  if (position < bytes) throw new Passing(`the answer ended after ${position} of ${bytes} bytes`);
}

/** The file beside the part that remembers which version of the server's file it is a part of. */
const validatorOf = (part: string) => `${part}.version`;

async function keepValidator(url: string, part: string, { headers }: Answer): Promise<void> {
  // A weak ETag (`W/...`) may stand for other bytes; If-Range does not take it (RFC 9110, 13.1.5).
  const etag = String(headers.etag ?? "");
  const strong = etag.startsWith('"') ? etag : headers["last-modified"];
  const known = JSON.stringify({ url, validator: strong ?? null });
  await writing(part, () => writeFile(validatorOf(part), known));
}

async function rangeHeaders(url: string, part: string, from: number): Promise<Record<string, string>> {
  const range = { range: `bytes=${from}-` };
  try {
    const kept = JSON.parse(await readFile(validatorOf(part), "utf8")) as { url: string; validator: unknown };
    const same = kept.url === url && typeof kept.validator === "string";
    return same ? { ...range, "if-range": kept.validator as string } : range;
  } catch {
    return range; // the checksum tells in the end
  }
}

/** Removes a part and what is remembered of it. */
export async function removePart(part: string): Promise<void> {
  await rm(part, { force: true });
  await rm(validatorOf(part), { force: true });
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}

/** What is worth another attempt, in words; anything else ends the download. */
const passing: { readonly [code: string]: string } = {
  ECONNRESET: "the connection was lost",
  EPIPE: "the connection was lost",
  UND_ERR_SOCKET: "the connection was lost",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "the answer is not as long as announced",
  UND_ERR_BODY_TIMEOUT: "the server went silent",
  UND_ERR_HEADERS_TIMEOUT: "the server does not answer",
  UND_ERR_CONNECT_TIMEOUT: "the server cannot be reached",
  ETIMEDOUT: "the server cannot be reached",
  ECONNREFUSED: "the server refuses connections",
  EHOSTUNREACH: "the server cannot be reached",
  ENETUNREACH: "there is no network",
  EAI_AGAIN: "the name of the server cannot be looked up now",
};

function explained(error: unknown, url: string, signal: AbortSignal): unknown {
  if (signal.aborted) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  // A name with several addresses fails with one error for each of them.
  const first = code === "" ? (error as AggregateError).errors?.[0]?.code : code;
  const words = passing[first ?? ""];
  if (words !== undefined) return new Passing(words);
  if (String(code).startsWith("HPE_")) return new Passing("the answer is no HTTP");
  if (code === "ENOTFOUND") {
    return new CutoutError({
      where: "data get",
      what: `${new URL(url).host} must be a server that can be found`,
      got: "none of that name",
      remedy: "check the network, or name another source with --mirror",
    });
  }
  return new CutoutError(
    { where: "data get", what: `${url}: ${message}`, remedy: "name another source with --mirror" },
    { cause: error },
  );
}
