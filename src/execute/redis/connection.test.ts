// Redis over TLS: a certificate of an authority that is told, and one that nobody vouches for.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasRedis, openRedis, type RedisServer } from "../../../test/helpers/redis.ts";
import { connectRedis } from "./connection.ts";

describe.skipIf(!hasRedis)("TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "cutout-tls-"));
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  let server: RedisServer;
  beforeAll(async () => {
    const about =
      "-x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost";
    execFileSync("openssl", ["req", ...about.split(" "), "-keyout", key, "-out", certificate], {
      stdio: "ignore",
    });
    server = await openRedis([], { tls: { key, certificate } });
  });
  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true });
  });

  test("is spoken where the authority is told", () => {
    const file = new URL("./connection.ts", import.meta.url).href;
    const program = `const { connectRedis } = await import(${JSON.stringify(file)});
const redis = await connectRedis(${JSON.stringify(server.url)});
console.log(await redis.ping());
redis.disconnect();`;
    const words = ["--import", import.meta.resolve("tsx"), "--input-type=module", "--eval", program];
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificate };
    expect(execFileSync(process.execPath, words, { env, encoding: "utf8" }).trim()).toBe("PONG");
  });

  test("a certificate that is not trusted is told", async () => {
    await expect(connectRedis(server.url)).rejects.toThrow(
      `${server.url}: the certificate of that Redis is not trusted here (DEPTH_ZERO_SELF_SIGNED_CERT); name the file of its authority in the environment variable NODE_EXTRA_CA_CERTS`,
    );
  });
});
