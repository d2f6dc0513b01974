// A file behind an http(s) address as a stream: taken up where a connection breaks, given up when nothing comes.
import { trouble, type Where } from "./trouble.ts";

export function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

export interface RemoteFile {
  /** Bytes; null where the server does not say. */
  readonly size: number | null;
  readonly mtimeMs: number;
  /** What the server calls this state of the file; empty where it has no name. */
  readonly tag: string;
}

/** Nothing for so long counts as a broken connection, milliseconds. */
const patience = 60_000;
/** Attempts in a row that bring nothing. */
const mostAttempts = 3;

/** What the server says of the file. @throws Error when there is none */
export async function headOf(where: Where): Promise<RemoteFile> {
  const response = await request(where, "HEAD", {});
  const { headers, status } = response;
  // Some servers know no HEAD.
  if (status === 405 || status === 501) return { size: null, mtimeMs: 0, tag: "" };
  if (!response.ok) throw refused(where, status);
  const length = headers.get("content-length");
  const modified = Date.parse(headers.get("last-modified") ?? "");
  return {
    size: length === null || !/^\d{1,15}$/.test(length) ? null : Number(length),
    mtimeMs: Number.isNaN(modified) ? 0 : modified,
    tag: headers.get("etag") ?? "",
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
      const rest = { Range: `bytes=${received}-`, ...(tag === "" ? {} : { "If-Range": tag }) };
      const response = await request(where, "GET", received === 0 ? {} : rest);
      if (!response.ok) throw refused(where, response.status);
      const range = /^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1];
      if (received > 0 && (response.status !== 206 || Number(range) !== received)) {
        throw trouble(
          where,
          `go on at byte ${received}`,
          "another answer",
          "download it first (the server cannot)",
        );
      }
      tag = response.headers.get("etag") ?? "";
      // A weak tag says nothing about bytes.
      if (tag.startsWith("W/")) tag = "";
      for await (const chunk of patiently(response)) {
        received += chunk.length;
        yield chunk;
      }
      return;
    } catch (error) {
      if (error instanceof Error && error.message.startsWith(`${where.reader}: `)) throw error;
      if (received > before) attempt = 0;
      if (attempt < mostAttempts) continue;
      const said = String((error as Error).cause ?? error).slice(0, 160);
      const must = "be sent whole";
      throw trouble(
        where,
        must,
        `${received} bytes, then nothing (${said})`,
        "try again, or download it first",
      );
    }
  }
}

async function request(where: Where, method: string, headers: Record<string, string>): Promise<Response> {
  try {
    // A transparent compression would make the positions of a range meaningless.
    const all = { "Accept-Encoding": "identity", ...headers };
    return await fetch(where.file, { method, headers: all, signal: AbortSignal.timeout(24 * 3600_000) });
  } catch (error) {
    if (method === "GET") throw error;
    const said = String((error as Error).cause ?? error).slice(0, 160);
    throw trouble(where, "answer", said, "check the address and the connection");
  }
}

async function* patiently(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`nothing came for ${patience / 1000} seconds`)), patience);
      });
      const next = await Promise.race([reader.read(), late]).finally(() => clearTimeout(timer));
      if (next.done) return;
      yield next.value;
    }
  } finally {
    reader.cancel().catch(() => {}); // it may be broken already
  }
}

function refused(where: Where, status: number): Error {
  return trouble(where, "be there", `status ${status}`, "check the address");
}
