// A local HTTP server for tests, whose answers each test decides.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface FileServer {
  /** Base address, ends in `/`. */
  readonly address: string;
  /** What was asked: path and Range header, in order. */
  readonly requests: { readonly path: string; readonly range: string | undefined }[];
  /** The next answers, one a request; the last one stays. */
  answers: Answer[];
  close(): Promise<void>;
}

export async function startFileServer(): Promise<FileServer> {
  const requests: { path: string; range: string | undefined }[] = [];
  const server = createServer((request, response) => {
    requests.push({ path: request.url ?? "", range: request.headers.range });
    const answer = self.answers.length > 1 ? self.answers.shift()! : self.answers[0]!;
    answer(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const self: FileServer = {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    requests,
    answers: [],
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections();
        server.close(() => closed());
      }),
  };
  return self;
}

/** The whole file, or the range that is asked for, as a server should. */
export function serve(content: Buffer, etag = '"one"'): Answer {
  return (request, response) => {
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? "");
    const fits = request.headers["if-range"] === undefined || request.headers["if-range"] === etag;
    if (range === null || !fits) {
      response.writeHead(200, { "content-length": content.length, etag }).end(content);
      return;
    }
    const from = Number(range[1]);
    if (from >= content.length) {
      response.writeHead(416, { "content-range": `bytes */${content.length}` }).end();
      return;
    }
    response.writeHead(206, {
      etag,
      "content-length": content.length - from,
      "content-range": `bytes ${from}-${content.length - 1}/${content.length}`,
    });
    response.end(content.subarray(from));
  };
}

/**
 * The head of the whole file, its first bytes, and then a cut connection.
 * @param arrived whether as many bytes of the file have arrived; only then the connection is cut
 */
export function breakAfter(
  content: Buffer,
  bytes: number,
  arrived: (bytes: number) => boolean,
  etag = '"one"',
): Answer {
  return (request, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const status = from === 0 ? 200 : 206;
    const range = { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` };
    response.writeHead(status, {
      etag,
      "content-length": content.length - from,
      ...(from === 0 ? {} : range),
    });
    response.write(content.subarray(from, from + bytes));
    void until(() => response.closed || arrived(from + bytes)).then(() => response.destroy());
  };
}

/** Waits until something is so. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(2);
}

export function status(code: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return (_, response) => {
    response.writeHead(code, headers).end();
  };
}
