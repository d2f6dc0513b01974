import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../../test/helpers/data.ts";
import { breakAfter, serve, startFileServer, status } from "../../../test/helpers/file-server.ts";
import { startProxy } from "../../../test/helpers/proxy-server.ts";
import { fetchFile } from "../download/fetch.ts";
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
])("%s", (_, url, environment, expected) => expect(proxyFor(url, environment, "data get")).toBe(expected));

test("a variable that is no address is named", () => {
  expect(() => proxyFor("http://a.org/", { http_proxy: "socks5://here:1" }, "data get")).toThrow(
    "http_proxy must be the http address of a proxy, got socks5://here:1",
  );
});

const timings = { connect: 60_000, silence: 60_000, backOff: [0, 0] };
const quiet = { signal: new AbortController().signal, onProgress: () => {}, onMessage: () => {} };

describe("a download goes through the proxy", () => {
  test("by a tunnel where it is https", async () => {
    const { asked } = await startProxy("http://unused.invalid");
    const fetched = fetchFile("https://data.invalid/file", "/nowhere/file.part", 10, {
      timings: { ...timings, backOff: [] },
      ...quiet,
    });
    await expect(fetched).rejects.toThrow(/^data get: https:\/\/data\.invalid\/file: /);
    expect(asked).toEqual(["CONNECT data.invalid:443"]);
  });

  test("by its full address where it is http, and goes on where the connection breaks", async () => {
    const content = Buffer.from("0123456789".repeat(1000));
    const server = await startFileServer();
    onTestFinished(server.close);
    const part = join(temporaryFolder(), "file.part");
    const arrived = (bytes: number) => (statSync(part, { throwIfNoEntry: false })?.size ?? 0) >= bytes;
    server.answers = [breakAfter(content, 4000, arrived), serve(content)];
    const { asked } = await startProxy(server.address);
    await fetchFile("http://data.invalid/file", part, content.length, { timings, ...quiet });
    expect(readFileSync(part).equals(content)).toBe(true);
    expect(asked).toEqual(["GET http://data.invalid/file", "GET http://data.invalid/file"]);
    expect(server.requests.map(({ range }) => range)).toEqual([undefined, "bytes=4000-"]);
  });

  test("but not where a redirect leads past it", async () => {
    const content = Buffer.from("0123456789");
    const server = await startFileServer();
    onTestFinished(server.close);
    server.answers = [status(302, { location: `${server.address}here` }), serve(content)];
    const { asked } = await startProxy(server.address, "127.0.0.1");
    const part = join(temporaryFolder(), "file.part");
    await fetchFile("http://data.invalid/file", part, content.length, { timings, ...quiet });
    expect(asked).toEqual(["GET http://data.invalid/file"]);
    expect(server.requests.map(({ path }) => path)).toEqual(["/file", "/here"]);
  });
});
