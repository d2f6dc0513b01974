// For tests: a local HTTP proxy that sends whatever it is asked for on to one local server.
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished, vi } from "vitest";

export interface ProxyServer {
  readonly address: string;
  /** Method and full address of what was asked, or `CONNECT host:port`. */
  readonly asked: string[];
}

/** Starts it for the length of a test, and names it to the program, as the only way out but `exempt`. */
export async function startProxy(target: string, exempt = ""): Promise<ProxyServer> {
  const asked: string[] = [];
  const server = createServer((question, answer) => {
    asked.push(`${question.method} ${question.url}`);
    const { pathname, search } = new URL(question.url!);
    const { method = "GET", headers } = question;
    const sent = request(new URL(pathname + search, target), { method, headers }, (response) => {
      answer.writeHead(response.statusCode!, response.headers);
      response.on("error", () => answer.destroy());
      response.pipe(answer);
    });
    sent.on("error", () => answer.destroy());
    sent.end();
  });
  server.on("connect", (question, socket) => {
    asked.push(`CONNECT ${question.url}`);
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const name of ["http_proxy", "https_proxy"]) vi.stubEnv(name, address);
  for (const name of ["no_proxy", "NO_PROXY"]) vi.stubEnv(name, exempt);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    server.closeAllConnections();
    server.close();
  });
  return { address, asked };
}
