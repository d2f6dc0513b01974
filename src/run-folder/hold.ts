// run.lock: a run folder is held by one process, and given up by one that is dead.
// Own code, because Node has no lock of the system's, and proper-lockfile (last release of 2021) takes a lock for stale by
// the age of its folder's time: a resume straight after kill -9 is refused for ten seconds, a jump of the clock or a busy
// event loop gives a living run away. Here whoever is of this machine is asked for by its process; only another machine's
// is watched, by whether its file changes while we look, so that no clock is compared. A file is made under a name of its
// own and linked into place, which is one step on network file systems too. Who takes the place of a dead one first holds
// a lock of that one's name in the same way, so that of two takers one removes the dead lock, and never a living one.
import { randomBytes } from "node:crypto";
import {
  closeSync,
  fstatSync,
  futimesSync,
  linkSync,
  openSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { CutoutError } from "../error.ts";
import { entryAt, isFolder, readPlainFile, withPlainFile } from "./plain-file.ts";

export interface RunHold {
  /** The folder. */
  readonly path: string;
  /** @throws CutoutError when the folder is gone, or another process has taken it over */
  check(): void;
  /** Gives the folder free; nothing happens the second time. */
  release(): void;
}

export interface HoldOptions {
  /** Hears that another machine's lock is being watched. */
  readonly tell?: (text: string) => void;
  readonly signal?: AbortSignal;
  /** What the folder is, for people; `the run folder` when left out. */
  readonly what?: string;
  /** What helps when it is gone, for people; by default what helps with a run. */
  readonly gone?: string;
  /** Times in milliseconds; tests have less patience. */
  readonly times?: { readonly beat: number; readonly watch: number; readonly look: number };
}

const name = "run.lock";
const usual = { beat: 5_000, watch: 30_000, look: 1_000 };

/** Files of locks that may be left by killed processes: `run.lock`, `run.lock.<token>`, and what was being written. */
export function isLockFile(file: string): boolean {
  return /^run\.lock(\.[0-9a-f]+)*(\.partial)?$/.test(file);
}

/** The lock of the holder, who takes the others away: whoever still holds one of those finds that it is too late. */
export function isHeldLock(file: string): boolean {
  return file === name;
}

/**
 * Holds a run folder, which must exist, for this process.
 * @throws CutoutError that says who holds it
 */
export async function holdRun(path: string, options: HoldOptions = {}): Promise<RunHold> {
  const lock = await acquire(path, join(path, name), options);
  return {
    path,
    check() {
      // The lock first: the folder may be taken away between two looks.
      const now = look(lock.file);
      if (now?.token === lock.token) return;
      if (isFolder(path) !== true || entryAt(lock.file) === null) {
        throw new CutoutError({
          where: path,
          what: `${options.what ?? "the run folder"} has been removed or moved while the run went on`,
          remedy:
            options.gone ??
            "nothing more can be kept: train anew, or go on with it where it is now (--resume)",
        });
      }
      throw heldBy(path, now, options);
    },
    release: lock.release,
  };
}

/**
 * Waits as long as another process holds a run folder; where nobody does, or there is no folder, not at all. It holds
 * nothing itself.
 * @throws the signal's reason
 */
export async function waitUntilFree(path: string, options: HoldOptions = {}): Promise<void> {
  const file = join(path, name);
  const { signal, times = usual } = options;
  for (let told = false; ; told = true) {
    signal?.throwIfAborted();
    const found = look(file);
    if (found === null || (await stateOf(path, found, { ...options, file })) !== "alive") return;
    if (!told) options.tell?.(`${path} is held by ${nameOf(found.holder)}: waiting until that one ends`);
    await sleep(Math.min(times.look, 500), undefined, signal && { signal });
  }
}

/** Whether its process is one of this machine. */
function isNear({ machine, host }: Holder): boolean {
  const me = here();
  return machine === me.machine && (me.machine !== null || host === me.host);
}

const holderSchema = z.object({
  token: z.string().regex(/^[0-9a-f]{32}$/),
  host: z.string(),
  /** Boot and process namespace, within which a process number means something; null where the system does not tell. */
  machine: z.string().nullable(),
  pid: z.int().positive(),
  /** Tells a process from a later one of the same number; null where the system does not tell. */
  started: z.string().nullable(),
  /** ISO 8601. */
  since: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

interface Found {
  readonly token: string;
  /** Null when the file does not say. */
  readonly holder: Holder | null;
  /** Changes as long as its process lives. */
  readonly beat: number;
}

interface Lock {
  readonly file: string;
  readonly token: string;
  readonly release: () => void;
}

async function acquire(folder: string, file: string, options: HoldOptions): Promise<Lock> {
  for (;;) {
    options.signal?.throwIfAborted();
    const mine = make(folder, file, (options.times ?? usual).beat);
    if (mine !== null) return mine;
    const found = look(file);
    if (found === null) continue;
    const state = await stateOf(folder, found, { ...options, file });
    if (state === "alive") throw heldBy(folder, found, options);
    if (state === "gone") continue;
    const claim = await acquire(folder, `${file}.${found.token}`, options);
    try {
      // Only who holds the claim removes this one; if it is another by now, somebody has been faster.
      if (look(file)?.token === found.token) rmSync(file, { force: true });
    } finally {
      claim.release();
    }
  }
}

/** Null when there is a lock already. */
function make(folder: string, file: string, beat: number): Lock | null {
  const token = randomBytes(16).toString("hex");
  const holder: Holder = { token, ...here(), since: new Date().toISOString() };
  const beside = `${file}.${token}.partial`;
  let opened: number | null = null;
  let held: number | null;
  try {
    opened = openSync(beside, "wx");
    writeSync(opened, `${JSON.stringify(holder)}\n`);
    held = placed(opened, beside, file);
    if (held !== opened) closeSync(opened);
    if (held === null) return null;
  } catch (error) {
    if (opened !== null) closeSync(opened);
    if (isFolder(folder) !== true)
      throw new CutoutError({ where: folder, what: "the run folder has been removed" });
    const { code } = error as NodeJS.ErrnoException;
    // Swept away by who has just become the holder.
    if (code === "ENOENT" && opened !== null) return null;
    throw new CutoutError(
      {
        where: file,
        what: `could not be written (${code}), and a run folder must be held by the process that writes into it`,
        remedy: "check the folder's permissions and the room on its disk",
      },
      { cause: error },
    );
  } finally {
    rmSync(beside, { force: true });
  }
  const mine = held;
  // Through the open file: should the lock be another's by now, that one is not touched.
  const timer = setInterval(() => touch(mine), beat).unref();
  let released = false;
  return {
    file,
    token,
    release() {
      if (released) return;
      released = true;
      clearInterval(timer);
      closeSync(mine);
      try {
        if (look(file)?.token === token) rmSync(file, { force: true });
      } catch {
        // The folder is gone or damaged; there is nothing left to give free.
      }
    },
  };
}

function touch(opened: number): void {
  try {
    futimesSync(opened, new Date(), new Date());
  } catch {
    // The disk is gone for the moment; whoever writes will say so.
  }
}

const withoutLinks = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EINVAL", "EMLINK"]);

/** Puts the file in its place; the open file that is there now, or null when there was one already. */
function placed(opened: number, beside: string, file: string): number | null {
  try {
    linkSync(beside, file);
    return opened;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A network file system may have done it and lost the answer.
    if (code === "EEXIST") return fstatSync(opened).nlink === 2 ? opened : null;
    if (!withoutLinks.has(code ?? "")) throw error;
  }
  return copied(beside, file);
}

/** For disks without links: two steps, between which an empty lock counts as one that is watched. */
function copied(beside: string, file: string): number | null {
  try {
    const opened = openSync(file, "wx");
    writeSync(opened, readFileSync(beside));
    return opened;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return null;
    throw error;
  }
}

/** Null when there is none (any more). */
function look(file: string): Found | null {
  if (entryAt(file) === null) return null;
  let text: string;
  let beat: number;
  try {
    // Opened anew each time: a network file system then asks for the file's time.
    beat = withPlainFile(file, 2 ** 16, (_, { mtimeMs }) => mtimeMs);
    text = readPlainFile(file, 2 ** 16).toString("utf8");
  } catch (error) {
    if (entryAt(file) === null) return null;
    throw error;
  }
  const holder = holderIn(text);
  return { token: holder?.token ?? "0".repeat(32), holder, beat };
}

function holderIn(text: string): Holder | null {
  try {
    return holderSchema.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}

async function stateOf(
  folder: string,
  found: Found,
  { file, tell, signal, times = usual }: HoldOptions & { readonly file: string },
): Promise<"alive" | "dead" | "gone"> {
  const { holder } = found;
  if (holder !== null && isNear(holder)) return isAlive(holder) ? "alive" : "dead";
  const { watch, look: every } = times;
  tell?.(
    `${folder} is held by ${nameOf(holder)}; looking for ${Math.ceil(watch / 1000)} s whether that still goes on`,
  );
  for (let waited = 0; waited < watch; waited += every) {
    await sleep(every, undefined, signal && { signal });
    const now = look(file);
    if (now?.token !== found.token) return "gone";
    if (now.beat !== found.beat) return "alive";
  }
  return "dead";
}

/** Of a process of this machine. */
function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Anything else than "no such process" (not permitted) means that there is one.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  if (started === null) return true;
  const now = startOf(pid);
  return now === null || now === started;
}

function here(): Pick<Holder, "host" | "machine" | "pid" | "started"> {
  return { host: hostname(), machine: machineHere(), pid: process.pid, started: startOf(process.pid) };
}

function machineHere(): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return null;
  }
}

/** When a process of this machine began, in ticks since the start of the machine; "ended" when it only waits to be buried. */
function startOf(pid: number): string | null {
  try {
    // The second field, the program's name in brackets, may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? "ended" : fields[19]!;
  } catch {
    return null;
  }
}

function nameOf(holder: Holder | null): string {
  if (holder === null) return "a process that its run.lock does not name";
  return `process ${holder.pid} on ${holder.host}, since ${holder.since}`;
}

function heldBy(
  folder: string,
  found: Found | null,
  { what = "the run folder" }: Pick<HoldOptions, "what">,
): CutoutError {
  return new CutoutError({
    where: folder,
    what: `${what} is held by ${nameOf(found?.holder ?? null)}`,
    remedy: "let that one end, or choose another folder (if it is no process of Cutout, remove run.lock)",
  });
}
