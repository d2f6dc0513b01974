// A contest between engines that are programs of a few lines: medians, ratios, and engines that cannot take part.
import { afterEach, describe, expect, it, vi } from "vitest";
import { compete } from "../../bench/contest.ts";
import type { Entrant } from "../../bench/contestant.ts";

/** A program that answers each number of seconds with the next of the rates, and ends after the last. */
const program = (greeting: object, rates: readonly number[]) => `
  const rates = ${JSON.stringify(rates)};
  console.log("a library's greeting");
  console.log(${JSON.stringify(JSON.stringify(greeting))});
  require("node:readline").createInterface({ input: process.stdin }).on("line", () => {
    const rate = rates.shift();
    if (rate === undefined) { console.error("out of memory"); process.exit(3); }
    console.log(JSON.stringify({ images: rate * 2, seconds: 2 }));
  });
`;

const hello = (parameters: number | null) => ({ version: "1.0", parameters, load: 1, compile: 2, step: 3 });

const entrant = (name: string, command: readonly string[], rest: Partial<Entrant> = {}): Entrant => ({
  name,
  ours: false,
  install: "Install it with `npm install it`",
  unfit: null,
  command,
  processes: null,
  cores: null,
  bytesPerImage: null,
  ...rest,
});

const engine = (name: string, rates: readonly number[], rest: Partial<Entrant> = {}) =>
  entrant(name, [process.execPath, "-e", program(hello(10), rates)], rest);

function contest(entrants: readonly Entrant[]) {
  vi.spyOn(console, "log").mockImplementation(() => {});
  const place = { work: "train", model: "tiny 32x32", batch: 4, threads: 2 };
  return compete({ ...place, entrants }, { seconds: 0.01, rounds: 3 });
}

afterEach(() => vi.restoreAllMocks());

describe("compete", () => {
  it("takes medians of the rounds, and ratios to the best that is not ours", async () => {
    const rows = await contest([
      engine("cutout", [300, 900, 600], { ours: true }),
      engine("fast", [200, 500, 400]),
      engine("slow", [1, 3, 2]),
    ]);
    expect(rows).toHaveLength(3);
    const [cutout, fast, slow] = rows;
    expect(cutout).toMatchObject({
      ...{ work: "train", engine: "cutout", version: "1.0", batch: 4, imagesPerSecond: 600 },
      ...{ ratioToBestPeer: 1.5, oursToThis: 1, rounds: [300, 900, 600], spread: [300, 900], note: null },
      timeToFirstStep: { load: 1, compile: 2, step: 3 },
    });
    expect(fast).toMatchObject({ imagesPerSecond: 400, ratioToBestPeer: 1, oursToThis: 1.5 });
    expect(slow).toMatchObject({ imagesPerSecond: 2, ratioToBestPeer: 0.005, oursToThis: 300 });
  });

  it("goes on without a program that is not there, and says how to get it", async () => {
    const rows = await contest([
      engine("cutout", [3, 3, 3], { ours: true }),
      entrant("missing", ["./no-such-program"]),
      entrant("no library", [
        process.execPath,
        "-e",
        program({ reason: "it is not installed", missing: true }, []),
      ]),
    ]);
    expect(rows.map(({ imagesPerSecond }) => imagesPerSecond)).toEqual([3, null, null]);
    expect(rows[0]).toMatchObject({ ratioToBestPeer: null, oursToThis: 1 });
    expect(rows[1]!.note).toMatch(/no-such-program cannot be started .*Install it with `npm install it`$/);
    expect(rows[2]!.note).toBe("it is not installed. Install it with `npm install it`");
  });

  it("leaves out an engine with another network, one that is unfit, and one that fails on the way", async () => {
    const rows = await contest([
      engine("cutout", [3, 3, 3], { ours: true }),
      entrant("another network", [process.execPath, "-e", program(hello(11), [9, 9, 9])]),
      engine("unfit", [9, 9, 9], { unfit: "a step would take an hour" }),
      engine("fails", [9, 9]),
      engine("lasts", [1, 1, 1]),
    ]);
    expect(rows.map(({ note }) => note)).toEqual([
      null,
      "its network has 11 parameters, the first engine's 10",
      "a step would take an hour",
      "it ended with code 3: out of memory",
      null,
    ]);
    // What has failed is not the best peer.
    expect(rows[0]!.ratioToBestPeer).toBe(3);
    expect(rows[3]).toMatchObject({ imagesPerSecond: null, rounds: [] });
  });

  it("adds the rates of processes that work at once", async () => {
    const rows = await contest([engine("two cores", [5, 5, 5], { processes: 2 })]);
    expect(rows[0]!.imagesPerSecond).toBe(10);
  });
});
