// The command line of the benchmark.
import { describe, expect, it } from "vitest";
import { readCommand } from "../../bench/options.ts";

const read = (line: string) => readCommand(line.split(" "), false);

describe("readCommand", () => {
  it("reads works and what they are measured with", () => {
    const line =
      "train infer --models resnet18,tiny --batch 32,128 --peers torch,jax-js --seconds 0.5 --rounds 3";
    const { names, options, out } = read(`${line} --threads 2 --out rows.json`);
    expect(names).toEqual(["train", "infer"]);
    expect(out).toBe("rows.json");
    expect(options).toMatchObject({
      ...{ models: ["resnet18", "tiny"], batch: [32, 128], peers: ["torch", "jax-js"], threads: 2 },
      ...{ seconds: 0.5, rounds: 3, photos: null, cases: [] },
    });
  });

  it("takes all peers when none are named, and none when `none` is", () => {
    expect(read("train").options.peers).toEqual(
      expect.arrayContaining(["torch", "torch-compile", "tfjs", "jax-js"]),
    );
    expect(read("train --peers none").options.peers).toEqual([]);
  });

  it.each([
    ["", "work must be among train"],
    ["fly", "work must be among train, infer, .*, got fly"],
    ["train --models resnet99", "must be among .*; got resnet99"],
    ["train --models ,", "must name something"],
    ["train --batch ,", "must name something"],
    ["train --batch 0", "whole number from 1 on"],
    ["train --batch 1.5", "whole number from 1 on"],
    ["train --batch many", "whole number from 1 on"],
    ["train --peers torch,none", "got none"],
    ["train --seconds -1", "number above 0"],
    ["train --seconds Infinity", "number above 0"],
    ["train --rounds 0", "whole number from 1 on"],
    ["train --speed 3", "unknown option '--speed'"],
  ])("refuses %j", (line, message) => {
    expect(() => read(line)).toThrow(new RegExp(message));
  });
});
