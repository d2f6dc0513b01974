// A Redis server of a test's own, and workers of it; each can be killed and started again.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Redis } from "ioredis";

export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;

export interface RedisServer {
  readonly url: string;
  readonly folder: string;
  start(): Promise<void>;
  /** With kill -9. */
  kill(): Promise<void>;
  close(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface RedisOptions {
  readonly host?: string;
  readonly password?: string;
  /** Files of a key and of a certificate for localhost. */
  readonly tls?: { readonly key: string; readonly certificate: string };
}

/** @param more arguments: `--appendonly yes`, `--requirepass secret` */
export async function openRedis(
  more: readonly string[] = [],
  { host = "127.0.0.1", password = "", tls }: RedisOptions = {},
): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "cutout-redis-"));
  const port = await freePort();
  const secret = password === "" ? "" : `:${password}@`;
  const url = tls ? `rediss://${secret}localhost:${port}` : `redis://${secret}${host}:${port}`;
  let child: ChildProcess | null = null;
  const certified = tls && [
    "--tls-cert-file",
    tls.certificate,
    "--tls-key-file",
    tls.key,
    "--tls-auth-clients",
    "no",
  ];
  const listening = certified
    ? ["--port", "0", "--tls-port", `${port}`, "--tls-ca-cert-file", tls.certificate, ...certified]
    : ["--port", `${port}`];
  const words = [...listening, "--bind", host, "--dir", folder, "--save", "", ...more];
  const server: RedisServer = {
    url,
    folder,
    async start() {
      child = spawn("redis-server", words, { stdio: "ignore" });
      const redis = new Redis(url, {
        maxRetriesPerRequest: null,
        retryStrategy: () => 50,
        ...(tls && { tls: { rejectUnauthorized: false } }),
      });
      redis.on("error", () => {});
      await redis.ping();
      redis.disconnect();
    },
    async kill() {
      if (child === null || child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
      child = null;
    },
    async close() {
      await server.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

export interface RedisWorker {
  readonly pid: number;
  /** What it has said. */
  said(): string;
  /** With kill -9, and its trials too where told so. */
  kill(): Promise<void>;
  /** With SIGTERM: it saves and gives back. */
  end(): Promise<void>;
}

const program = fileURLToPath(new URL("./redis-worker.ts", import.meta.url));

export interface WorkerSettings {
  readonly work: string;
  readonly data?: string | null;
  readonly parallel?: number;
  /** Words before the command: to run it in another network namespace. */
  readonly within?: readonly string[];
}

/** A worker that waits for less long than the program's. */
export function startWorker(
  url: string,
  { work, data = null, parallel = 1, within = [] }: WorkerSettings,
): RedisWorker {
  const command = [
    ...within,
    process.execPath,
    "--import",
    import.meta.resolve("tsx"),
    program,
    JSON.stringify({ url, work, data, parallel }),
  ];
  const child = spawn(command[0]!, command.slice(1), { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      said += text;
    });
  }
  const ended = once(child, "exit");
  const by = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await ended;
  };
  return {
    pid: child.pid!,
    said: () => said,
    kill: () => by("SIGKILL"),
    end: () => by("SIGTERM"),
  };
}
