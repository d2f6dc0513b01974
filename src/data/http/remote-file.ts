// A file behind an http(s) address as a stream: taken up where a connection breaks, given up when nothing comes.
// undici's retries do not do the same: they count all breaks of a file together, and go on only where its length is told.
import { CutoutError } from "../../error.ts";
import { trouble, type Where } from "../formats/trouble.ts";
import { type Answer, drop, HttpClient, NoAnswer } from "./client.ts";

export function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** Whether the file at a path or address is gzipped, by its name. */
export function isPacked(file: string): boolean {
  return /\.t?gz$/i.test(file.replace(/[?#].*$/, ""));
}

export interface RemoteFile {
  /** Bytes; null where the server does not say. */
  readonly size: number | null;
  readonly mtimeMs: number;
  /** What the server calls this state of the file; empty where it has no name. */
  readonly tag: string;
}

/** Nothing for so long counts as a broken connection, milliseconds. */
const silence = 60_000;
/** For one attempt, milliseconds. */
const longest = 24 * 3600_000;
/** Attempts in a row that bring nothing. */
const mostAttempts = 3;

/** One for all shards, so that its connections are used again; those that are idle keep no process alive. */
const client = new HttpClient({ connect: 10_000, silence });

/** What the server says of the file. @throws Error when there is none */
export async function headOf(where: Where): Promise<RemoteFile> {
  const answer = await ask(where, "HEAD", {}).catch((error: unknown) => {
    if (!(error instanceof NoAnswer)) throw error;
    throw trouble(where, "answer", said(error), "check the address and the connection");
  });
  await answer.body.dump();
  const { statusCode } = answer;
  // Some servers know no HEAD.
  if (statusCode === 405 || statusCode === 501) return { size: null, mtimeMs: 0, tag: "" };
  if (!isFine(answer)) throw refused(where, statusCode);
  const length = header(answer, "content-length");
  const modified = Date.parse(header(answer, "last-modified"));
  return {
    size: /^\d{1,15}$/.test(length) ? Number(length) : null,
    mtimeMs: Number.isNaN(modified) ? 0 : modified,
    tag: header(answer, "etag"),
  };
}

/**
 * The bytes of the file as they come. When the connection breaks, the rest is asked for; a file that has changed
 * meanwhile is an error.
 *
 * @throws Error when the server has no such file, cannot go on where it was, or sends nothing in three attempts
 */
export async function* readAddress(where: Where): AsyncGenerator<Uint8Array> {
  let received = 0;
  let tag = "";
  for (let attempt = 1; ; attempt++) {
    const before = received;
    try {
      const rest = { range: `bytes=${received}-`, ...(tag === "" ? {} : { "if-range": tag }) };
      const answer = await ask(where, "GET", received === 0 ? {} : rest);
      answer.body.on("error", () => {}); // it is thrown where the body is read
      if (!isFine(answer)) {
        drop(answer);
        throw refused(where, answer.statusCode);
      }
      const encoding = header(answer, "content-encoding");
      if (encoding !== "" && encoding !== "identity" && !isPacked(where.file)) {
        drop(answer);
        const got = `packed by the server (${encoding})`;
        throw trouble(where, "be sent as it is", got, "download it first");
      }
      const range = /^bytes (\d+)-/.exec(header(answer, "content-range"))?.[1];
      if (received > 0 && (answer.statusCode !== 206 || Number(range) !== received)) {
        drop(answer);
        throw trouble(
          where,
          `go on at byte ${received}`,
          "another answer",
          "download it first (the server cannot)",
        );
      }
      tag = header(answer, "etag");
      // A weak tag says nothing about bytes.
      if (tag.startsWith("W/")) tag = "";
      for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
        received += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (error instanceof CutoutError) throw error;
      if (received > before) attempt = 0;
      if (attempt < mostAttempts) continue;
      const got = `${received} bytes, then nothing (${said(error)})`;
      throw trouble(where, "be sent whole", got, "try again, or download it first");
    }
  }
}

function ask(where: Where, method: "GET" | "HEAD", headers: Record<string, string>): Promise<Answer> {
  const signal = AbortSignal.timeout(longest);
  return client.ask({ asker: where.reader, url: where.file, method, headers, signal });
}

const isFine = ({ statusCode }: Answer) => statusCode >= 200 && statusCode <= 299;

/** Empty where the answer has none of this name. */
const header = ({ headers }: Answer, name: string) => String(headers[name] ?? "");

const said = (error: unknown) => String((error as Error).cause ?? error).slice(0, 160);

function refused(where: Where, status: number): Error {
  return trouble(where, "be there", `status ${status}`, "check the address");
}
