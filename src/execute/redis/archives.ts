// Run folders in Redis, on their way between machines: the last saved state of each run, in chunks.
import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import { CutoutError } from "../../error.ts";
import { archiveLimits, packRun, unpackRun } from "../run-archive.ts";

/** Redis wants values far below its 512 MB, and one command to be over soon. */
const chunkBytes = 2 ** 20;

/** What is known of an archive without unpacking it. */
export interface Archived {
  readonly token: string;
  readonly chunks: number;
  /** How far its run has come: epochs, and one more for the test. */
  readonly progress: number;
}

/**
 * KEYS: archives, chunks of the new one. ARGV: run, description, progress, prefix of keys of chunks.
 * The new one takes the place of the old one, unless that has come further; the chunks of the other go.
 */
const putScript = `
local old = redis.call('HGET', KEYS[1], ARGV[1])
if old then
  local before = cjson.decode(old)
  if before.progress > tonumber(ARGV[3]) then
    redis.call('DEL', KEYS[2])
    return 0
  end
  local chunks = ARGV[4] .. before.token
  if chunks ~= KEYS[2] then redis.call('DEL', chunks) end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
`;

export class Archives {
  readonly #redis: Redis;
  readonly #key: string;

  /** @param key of the study */
  constructor(redis: Redis, key: string) {
    this.#redis = redis;
    this.#key = key;
  }

  get #index(): string {
    return `${this.#key}:archives`;
  }

  #chunks(token: string): string {
    return `${this.#key}:archive:${token}`;
  }

  /** @param run index of the trial that trains it */
  async about(run: number): Promise<Archived | null> {
    const text = await this.#redis.hget(this.#index, String(run));
    return text === null ? null : (JSON.parse(text) as Archived);
  }

  /** Puts a run folder that nobody writes to in the place of the one before, unless that has come further. */
  async put(run: number, folder: string, progress: number): Promise<void> {
    const token = randomBytes(12).toString("hex");
    const key = this.#chunks(token);
    let chunks = 0;
    let waiting: Buffer[] = [];
    let bytes = 0;
    // By its number: a command that is sent again after a lost connection changes nothing.
    const send = async () => {
      await this.#redis.hset(key, String(chunks++), Buffer.concat(waiting));
      waiting = [];
      bytes = 0;
    };
    try {
      for await (const piece of packRun(folder)) {
        waiting.push(piece);
        bytes += piece.length;
        if (bytes >= chunkBytes) await send();
      }
      if (bytes > 0) await send();
      const about: Archived = { token, chunks, progress };
      const prefix = this.#chunks("");
      await this.#redis.eval(putScript, 2, this.#index, key, run, JSON.stringify(about), progress, prefix);
    } catch (error) {
      await this.#redis.del(key).catch(() => {});
      throw error;
    }
  }

  /**
   * Makes the run folder of an archive.
   * @returns what it was; null when there is none
   */
  async get(run: number, folder: string): Promise<Archived | null> {
    for (;;) {
      const about = await this.about(run);
      if (about === null) return null;
      try {
        await unpackRun(this.#bytesOf(about), folder);
        return about;
      } catch (error) {
        // Another one has taken its place in the meantime, or Redis has lost a part of it.
        const now = await this.about(run);
        if (now?.token !== about.token) continue;
        if (error instanceof LostChunk) {
          await this.remove(run);
          return null;
        }
        throw error;
      }
    }
  }

  async *#bytesOf({ token, chunks }: Archived): AsyncGenerator<Buffer> {
    const most = Math.ceil((archiveLimits.bytes + archiveLimits.files * 4096) / chunkBytes) + 1;
    for (let chunk = 0; chunk < Math.min(chunks, most); chunk++) {
      const bytes = await this.#redis.hgetBuffer(this.#chunks(token), String(chunk));
      if (bytes === null) throw new LostChunk();
      yield bytes;
    }
  }

  async clear(): Promise<void> {
    for (const run of await this.#redis.hkeys(this.#index)) await this.remove(Number(run));
  }

  async remove(run: number): Promise<void> {
    const about = await this.about(run);
    if (about === null) return;
    await this.#redis.multi().hdel(this.#index, String(run)).del(this.#chunks(about.token)).exec();
  }
}

class LostChunk extends CutoutError {
  constructor() {
    super({ where: "Redis", what: "has lost a part of a run folder" });
  }
}
