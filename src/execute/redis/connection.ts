// A connection to Redis that comes back by itself; an address without a Redis is told in one line.
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { settingsError } from "../../config/settings.ts";
import { CutoutError } from "../../error.ts";

/** The address without its password. */
export function shownAddress(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname === "/" ? "" : pathname}`;
  } catch {
    return url;
  }
}

/**
 * Connects; a connection that is lost later is made again, and commands wait for it.
 * @param url `redis://:password@host:port`, `rediss://` for TLS, or the path of a socket
 * @throws CutoutError when there is no Redis, or it wants another password
 */
export async function connectRedis(url: string): Promise<Redis> {
  if (!/^(rediss?:\/\/|\/)/.test(url)) {
    throw settingsError({
      where: "--redis",
      what: "must be an address such as redis://127.0.0.1:6379 (rediss:// for TLS)",
      got: url,
    });
  }
  let hasBeenThere = false;
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 10_000,
    // BullMQ's condition: commands wait until Redis is there again.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => (hasBeenThere ? Math.min(100 * times, 2000) : null),
  });
  let reason = new Error("no answer");
  redis.on("error", (error: Error) => {
    reason = error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    redis.disconnect();
    throw explained(url, error instanceof Error && /NOAUTH|WRONGPASS/.test(error.message) ? error : reason);
  }
  hasBeenThere = true;
  return redis;
}

/** Milliseconds for which Redis may be away when everything is to end. */
const patience = 3000;

/**
 * Resolves once everything is to end and Redis is not there to be told.
 * @param release ends the waiting
 */
export async function isAwayAtTheEnd(redis: Redis, signal: AbortSignal, release: AbortSignal): Promise<void> {
  for (let away = 0; away < patience; away += 100) {
    await sleep(100, undefined, { ref: false });
    if (release.aborted) return new Promise(() => {});
    if (!signal.aborted || redis.status === "ready") away = 0;
  }
}

function explained(url: string, error: Error): CutoutError {
  const where = shownAddress(url);
  const code = (error as NodeJS.ErrnoException).code ?? error.message;
  if (/CERT|ISSUER|LEAF_SIGNATURE/.test(code)) {
    return new CutoutError(
      {
        where,
        what: `the certificate of that Redis is not trusted here (${code})`,
        remedy:
          "name the file of its authority in the environment variable NODE_EXTRA_CA_CERTS, and the host as the certificate does",
      },
      { cause: error },
    );
  }
  if (/NOAUTH|WRONGPASS|AUTH/.test(error.message)) {
    return new CutoutError(
      { where, what: "Redis wants another password", remedy: "redis://:PASSWORD@HOST:PORT" },
      { cause: error },
    );
  }
  return new CutoutError(
    {
      where,
      what: `no Redis answers (${code})`,
      remedy:
        code === "ETIMEDOUT" && url.startsWith("rediss:")
          ? "use redis:// if that one does not speak TLS"
          : "start one there: redis-server --appendonly yes, or docker run -p 6379:6379 redis",
    },
    { cause: error },
  );
}
