// A Slurm of a test's own: munged, slurmctld and slurmd of this machine in a temporary folder (as root).
import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { freePort } from "./redis.ts";

const run = promisify(execFile);

/** Debian's package slurm-wlm, and root, who may start its daemons. */
export const hasSlurm =
  process.getuid?.() === 0 &&
  ["munged", "slurmctld", "slurmd"].every(
    (name) =>
      spawnSync(name, ["--version"]).error === undefined || spawnSync(name, ["-V"]).error === undefined,
  );

export interface Slurm {
  /** For SLURM_CONF. */
  readonly config: string;
  close(): Promise<void>;
}

/** @param cpus tasks of one processor that run at a time */
export async function openSlurm(cpus: number): Promise<Slurm> {
  const folder = mkdtempSync(join(tmpdir(), "cutout-slurm-"));
  chmodSync(folder, 0o755);
  for (const name of ["state", "spool", "munge"]) mkdirSync(join(folder, name), { mode: 0o755 });
  const socket = join(folder, "munge", "socket");
  const key = join(folder, "munge", "key");
  writeFileSync(key, randomBytes(128), { mode: 0o600 });
  const config = join(folder, "slurm.conf");
  const host = hostname();
  const [controller, node] = [await freePort(), await freePort()];
  const settings = {
    ClusterName: "test",
    SlurmctldHost: `${host}(127.0.0.1)`,
    SlurmctldPort: controller,
    SlurmdPort: node,
    SlurmUser: "root",
    SlurmdUser: "root",
    AuthType: "auth/munge",
    CredType: "cred/munge",
    AuthInfo: `socket=${socket}`,
    StateSaveLocation: join(folder, "state"),
    SlurmdSpoolDir: join(folder, "spool"),
    SlurmctldPidFile: join(folder, "slurmctld.pid"),
    SlurmdPidFile: join(folder, "slurmd.pid"),
    SlurmctldLogFile: join(folder, "slurmctld.log"),
    SlurmdLogFile: join(folder, "slurmd.log"),
    ProctrackType: "proctrack/linuxproc",
    TaskPlugin: "task/none",
    JobAcctGatherType: "jobacct_gather/none",
    SelectType: "select/cons_tres",
    SelectTypeParameters: "CR_CPU",
    SchedulerType: "sched/builtin",
    MpiDefault: "none",
    SwitchType: "switch/none",
    SlurmdParameters: "config_overrides",
    ReturnToService: 2,
    KillWait: 30,
    MailProg: "/bin/true",
  };
  writeFileSync(
    config,
    `${Object.entries(settings)
      .map(([name, value]) => `${name}=${value}`)
      .join(
        "\n",
      )}\nNodeName=${host} NodeAddr=127.0.0.1 CPUs=${cpus} State=UNKNOWN\nPartitionName=main Nodes=${host} Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO\n`,
  );
  const env = { ...process.env, SLURM_CONF: config };
  const children: ChildProcess[] = [];
  const start = (name: string, words: readonly string[]) => {
    const child = spawn(name, words, { env, stdio: "ignore" });
    children.push(child);
  };
  const at = (name: string) => join(folder, "munge", name);
  start("munged", [
    "--foreground",
    "--force",
    `--key-file=${key}`,
    `--socket=${socket}`,
    `--pid-file=${at("pid")}`,
    `--log-file=${at("log")}`,
    `--seed-file=${at("seed")}`,
  ]);
  for (let waited = 0; !existsSync(socket); waited++) {
    if (waited > 200) throw new Error("munged does not start");
    await sleep(50);
  }
  start("slurmctld", ["-D", "-f", config]);
  start("slurmd", ["-D", "-f", config, "-N", host]);
  const close = async () => {
    for (const child of children.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await Promise.race([ended, sleep(5000)]);
      child.kill("SIGKILL");
    }
    rmSync(folder, { recursive: true, force: true });
  };
  for (let waited = 0; ; waited++) {
    const state = await run("sinfo", ["--noheader", "--format=%T"], { env }).then(
      ({ stdout }) => stdout.trim(),
      () => "",
    );
    if (state === "idle") return { config, close };
    if (waited > 300) {
      await close();
      throw new Error(`Slurm does not start: ${state}`);
    }
    await sleep(100);
  }
}
