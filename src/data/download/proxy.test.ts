import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test, vi } from "vitest";
import { fetchFile } from "./fetch.ts";
import { proxyFor } from "./proxy.ts";

const proxy = "http://proxy.example:3128";

test.each([
  ["none", "http://a.org/x", {}, null],
  ["of the protocol", "http://a.org/x", { http_proxy: proxy }, proxy],
  ["of the other protocol", "https://a.org/x", { http_proxy: proxy }, null],
  ["in capitals", "https://a.org/x", { HTTPS_PROXY: proxy }, proxy],
  ["for all", "https://a.org/x", { all_proxy: proxy }, proxy],
  ["without http://", "https://a.org/x", { https_proxy: "proxy.example:3128" }, proxy],
  ["but not this host", "http://a.org/x", { http_proxy: proxy, no_proxy: "b.org, a.org" }, null],
  ["but not its subdomains", "http://www.a.org/x", { http_proxy: proxy, no_proxy: ".a.org" }, null],
  ["a host that only ends alike", "http://aa.org/x", { http_proxy: proxy, no_proxy: "a.org" }, proxy],
  ["but not this port", "http://a.org:81/x", { http_proxy: proxy, NO_PROXY: "a.org:81" }, null],
  ["another port", "http://a.org/x", { http_proxy: proxy, NO_PROXY: "a.org:81" }, proxy],
  ["but nowhere", "http://a.org/x", { http_proxy: proxy, no_proxy: "*" }, null],
])("%s", (_, url, environment, expected) => expect(proxyFor(url, environment)).toBe(expected));

test("a variable that is no address is named", () => {
  expect(() => proxyFor("http://a.org/", { http_proxy: "socks5://here:1" })).toThrow(
    "http_proxy must be the http address of a proxy, got socks5://here:1",
  );
});

test("a download goes through the proxy", async () => {
  const asked: string[] = [];
  const server = createServer();
  server.on("connect", (request, socket) => {
    asked.push(String(request.url));
    socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  vi.stubEnv("https_proxy", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv("no_proxy", "");
  vi.stubEnv("NO_PROXY", "");
  try {
    await expect(
      fetchFile("https://data.invalid/file", "/nowhere/file.part", 10, {
        timings: { connect: 60_000, silence: 60_000, backOff: [] },
        signal: new AbortController().signal,
        onProgress: () => {},
        onMessage: () => {},
      }),
    ).rejects.toThrow(/^data get: https:\/\/data\.invalid\/file: /);
    expect(asked).toEqual(["data.invalid:443"]);
  } finally {
    vi.unstubAllEnvs();
    server.close();
  }
});
