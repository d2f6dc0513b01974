// Workers, the coordinator and Redis itself, killed with kill -9 again and again: no trial is lost, none is counted twice, and
// every run is that of one left alone. And a worker in a network of its own.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { conduct, expectUndisturbed, openTrials, until } from "../../../test/helpers/executor-contract.ts";
import { hasRedis, openRedis, type RedisWorker, startWorker } from "../../../test/helpers/redis.ts";
import { openSmallStudies, type SmallStudies, training } from "../../../test/helpers/studies.ts";
import { stream } from "../../rng.ts";
import type { OpenStudy } from "../../study-folder/index.ts";
import { redisQueue } from "./queue.ts";

const coordinatorProgram = fileURLToPath(
  new URL("../../../test/helpers/redis-coordinator.ts", import.meta.url),
);

let studies: SmallStudies;
beforeAll(async () => {
  studies = await openSmallStudies(4);
});
afterAll(() => studies?.close());

const trials = () => [1, 2, 3].flatMap((seed) => [training(seed), training(seed, { arm: 0 })]);

/** Kills until so many have been killed and all trials have ended. */
async function killing(
  kills: number,
  persistence: readonly string[],
): Promise<{ readonly killed: Record<string, number>; readonly counted: string[] }> {
  const random = stream(kills, "kills");
  const server = await openRedis(persistence);
  const killed: Record<string, number> = { worker: 0, coordinator: 0, redis: 0 };
  const counted: string[] = [];
  let number = 0;
  const start = (work: string) => startWorker(server.url, { work });
  const workers: { worker: RedisWorker; work: string }[] = [1, 2].map(() => {
    const work = join(server.folder, `worker${number++}`);
    return { worker: start(work), work };
  });
  try {
    while (Object.values(killed).reduce((sum, one) => sum + one, 0) < kills) {
      const study = studies.study(trials());
      const notes = join(server.folder, `notes${number++}`);
      const words = [
        "--import",
        import.meta.resolve("tsx"),
        coordinatorProgram,
        server.url,
        study.path,
        notes,
      ];
      const begin = () => spawn(process.execPath, words, { stdio: ["ignore", "ignore", "pipe"] });
      let coordinator: ChildProcess = begin();
      while (openTrials(study).length > 0) {
        await sleep(2000 + 5000 * random.uniform());
        if (openTrials(study).length === 0) break;
        const what = random.uniform();
        if (what < 0.5) {
          const one = workers[Math.floor(workers.length * random.uniform())]!;
          await one.worker.kill();
          // The same folder again, as after a restart of the machine, or another machine.
          if (random.uniform() < 0.5) one.work = join(server.folder, `worker${number++}`);
          one.worker = start(one.work);
          killed.worker!++;
        } else if (what < 0.75) {
          const ended = once(coordinator, "exit");
          if (coordinator.exitCode === null) {
            coordinator.kill("SIGKILL");
            await ended;
            killed.coordinator!++;
          }
          coordinator = begin();
        } else {
          await server.kill();
          await sleep(500);
          await server.start();
          killed.redis!++;
        }
      }
      if (coordinator.exitCode === null) await once(coordinator, "exit");
      await expectUndisturbed(studies, study);
      counted.push(...countedIn(notes, study));
    }
  } finally {
    await Promise.all(workers.map(({ worker }) => worker.kill()));
    await server.close();
  }
  return { killed, counted };
}

/** What is wrong with the notes: a trial that was counted twice, or as failed. */
function countedIn(notes: string, { trials: all }: OpenStudy): string[] {
  const lines = existsSync(notes) ? readFileSync(notes, "utf8").trim().split("\n") : [];
  return all.flatMap(({ index }) => {
    const own = lines.filter((line) => line.startsWith(`${index} `));
    const isRight = own.length <= 1 && own.every((line) => line.includes('"finished"'));
    return isRight ? [] : own;
  });
}

describe.skipIf(!hasRedis)("redis-server", () => {
  test.each([
    ["that forgets", []],
    ["with its file of commands", ["--appendonly", "yes"]],
  ])("18 kills around a Redis %s", { timeout: 3_600_000 }, async (_, persistence) => {
    const { killed, counted } = await killing(18, persistence);
    console.log(`killed: ${JSON.stringify(killed)}`);
    expect(counted).toEqual([]);
    expect(Math.min(...Object.values(killed))).toBeGreaterThan(0);
  });

  test.skipIf(process.getuid?.() !== 0)(
    "a worker in a network of its own, with its own copy of the images",
    { timeout: 600_000 },
    async () => {
      const name = `cutout-${process.pid}`;
      const ip = (...words: string[]) => execFileSync("ip", words);
      const inside = ["ip", "netns", "exec", name];
      ip("netns", "add", name);
      try {
        ip("link", "add", "cutout-a", "type", "veth", "peer", "name", "cutout-b");
        ip("link", "set", "cutout-b", "netns", name);
        ip("addr", "add", "10.213.77.1/24", "dev", "cutout-a");
        ip("link", "set", "cutout-a", "up");
        execFileSync("ip", ["-n", name, "addr", "add", "10.213.77.2/24", "dev", "cutout-b"]);
        execFileSync("ip", ["-n", name, "link", "set", "cutout-b", "up"]);
        const server = await openRedis(["--requirepass", "secret"], {
          host: "10.213.77.1",
          password: "secret",
        });
        const copy = join(server.folder, "elsewhere", "photos");
        cpSync(studies.photos, copy, { recursive: true });
        const there = startWorker(server.url, {
          work: join(server.folder, "there"),
          data: copy,
          within: inside,
        });
        try {
          const study = studies.study([training(1), training(1, { arm: 0 })]);
          const place = { open: () => redisQueue({ url: server.url }) };
          let cut: Promise<void> | null = null;
          await conduct(place, study, study.trials, (event) => {
            // The cable is pulled for longer than a worker may be silent.
            if (event.type !== "run" || event.event.type !== "epoch" || cut !== null) return;
            ip("link", "set", "cutout-a", "down");
            cut = sleep(6000).then(() => void ip("link", "set", "cutout-a", "up"));
          });
          expect(cut).not.toBeNull();
          await cut;
          await until("the worker has told of its end", () => there.said().includes("finished"));
          await expectUndisturbed(studies, study);
        } finally {
          await there.kill();
          await server.close();
        }
      } finally {
        ip("netns", "del", name);
      }
    },
  );
});
