// Trials by workers of a real Redis, against what every place must do; Redis killed and started anew, passwords, versions, other images.
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  conduct,
  executorContract,
  expectUndisturbed,
  inTheMiddle,
  openTrials,
  until,
} from "../../../test/helpers/executor-contract.ts";
import { paintPhotos } from "../../../test/helpers/photos.ts";
import {
  hasRedis,
  openRedis,
  type RedisServer,
  type RedisWorker,
  startWorker,
} from "../../../test/helpers/redis.ts";
import { openSmallStudies, type SmallStudies, training } from "../../../test/helpers/studies.ts";
import { noticeOf, noticesKey } from "./notice.ts";
import { redisQueue } from "./queue.ts";

describe.skipIf(!hasRedis)("redis-server", () => {
  executorContract("workers of a Redis", async () => {
    const server = await openRedis();
    let number = 0;
    const start = () => startWorker(server.url, { work: join(server.folder, `worker${number++}`) });
    const workers = [start(), start()];
    return {
      open: () => redisQueue({ url: server.url }),
      async kill(_study, trial) {
        const at = workers.findIndex((worker) =>
          worker
            .said()
            .match(/trial \d+: [^\n]*\n$/)?.[0]
            .startsWith(`trial ${trial.index}: begins`),
        );
        await workers[Math.max(0, at)]!.kill();
        workers[Math.max(0, at)] = start();
      },
      async close() {
        await Promise.all(workers.map((worker) => worker.end()));
        await server.close();
      },
    };
  });

  describe("what goes wrong", () => {
    let studies: SmallStudies;
    let server: RedisServer;
    let workers: RedisWorker[] = [];
    beforeAll(async () => {
      studies = await openSmallStudies(4);
      server = await openRedis(["--requirepass", "secret"], { password: "secret" });
    });
    afterAll(async () => {
      await Promise.all(workers.map((worker) => worker.kill()));
      await server?.close();
      studies?.close();
    });
    let number = 0;
    const start = (data: string | null = null) => {
      const worker = startWorker(server.url, { work: join(server.folder, `worker${number++}`), data });
      workers.push(worker);
      return worker;
    };
    const endAll = async () => {
      await Promise.all(workers.map((worker) => worker.end()));
      workers = [];
    };
    const place = { open: () => redisQueue({ url: server.url }) };

    test("no Redis, another password, no address: one line each", async () => {
      const study = studies.study([training(1)]);
      const at = (url: string) => conduct({ open: () => redisQueue({ url }) }, study, study.trials);
      await expect(at("redis://127.0.0.1:1")).rejects.toThrow(
        "redis://127.0.0.1:1: no Redis answers (ECONNREFUSED); start one there: redis-server",
      );
      await expect(at(server.url.replace(":secret@", ""))).rejects.toThrow("Redis wants another password");
      await expect(at("redis")).rejects.toThrow("--redis: must be an address such as redis://127.0.0.1:6379");
    });

    test("other images and other versions are left to others", async () => {
      const study = studies.study([training(1)]);
      const others = join(studies.root, "others");
      await paintPhotos(others, 27, 12);
      const wrong = start(others);
      const nowhere = start(join(studies.root, "nowhere"));
      const redis = new Redis(server.url);
      const notice = noticeOf(study.study);
      const foreign = { ...notice, id: "0".repeat(32), version: "0.0.1" };
      await redis.hset(noticesKey, foreign.id, JSON.stringify(foreign));
      const conducted = conduct(place, study, study.trials);
      await until("the images are seen to be others", () =>
        wrong.said().includes("left to other workers: the images in"),
      );
      await until("images are missing", () => nowhere.said().includes("its images are not on this machine"));
      await until("the version is seen", () =>
        wrong.said().includes("conducted by cutout 0.0.1, and this worker is"),
      );
      // The same images at another place.
      const moved = join(studies.root, "elsewhere", "photos");
      cpSync(studies.photos, moved, { recursive: true });
      start(moved);
      await conducted;
      await expectUndisturbed(studies, study);
      expect(wrong.said()).not.toContain("begins");
      await redis.del(noticesKey);
      redis.disconnect();
      await endAll();
    });

    test("a worker that leaves gives its trial to others, who go on with it", async () => {
      const study = studies.study([training(1)]);
      const first = start();
      let second: RedisWorker | null = null;
      let leaving: Promise<void> | null = null;
      await conduct(place, study, study.trials, (event) => {
        if (!inTheMiddle(event) || leaving !== null) return;
        leaving = first.end();
        second = start();
      });
      await leaving;
      expect(first.said()).toContain("saved after");
      expect(second!.said()).toContain("trial 0: finished");
      await expectUndisturbed(studies, study);
      await endAll();
    });

    test("a Redis that is killed and knows nothing afterwards is told again", async () => {
      const study = studies.study([training(1), training(1, { arm: 0 })]);
      start();
      start();
      let restarted: Promise<void> | null = null;
      const events = await conduct(place, study, study.trials, (event) => {
        if (inTheMiddle(event)) restarted ??= server.kill().then(() => server.start());
      });
      expect(restarted).not.toBeNull();
      expect(workers.map((worker) => worker.said()).join("")).not.toContain("failed");
      expect(events.filter(({ type }) => type === "end")).toHaveLength(2);
      await expectUndisturbed(studies, study);
      const redis = new Redis(server.url);
      // Workers take away what their last looks have made.
      const gone = async () => (await redis.keys("*")).length === 0;
      for (let tries = 0; tries < 100 && !(await gone()); tries++) await sleep(100);
      expect(await redis.keys("*")).toEqual([]);
      redis.disconnect();
      await endAll();
    });

    test("one folder is one worker's", async () => {
      mkdirSync(join(server.folder, "same"));
      const first = startWorker(server.url, { work: join(server.folder, "same") });
      await until("it is there", () => first.said().includes("worker on"));
      const second = startWorker(server.url, { work: join(server.folder, "same") });
      await until("the second has ended", () =>
        second.said().includes("--work: the run folder is held by process"),
      );
      await first.end();
      expect(openTrials(studies.study([training(1)]))).toHaveLength(1);
    });
  });
});
