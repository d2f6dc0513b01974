import { describe, expect, test } from "vitest";
import { CutoutError, refusalText, systemError, telling } from "./error.ts";

const fields = { where: "--length", what: "must be an even integer >= 2", got: "7", remedy: "give 6 or 8" };

test("the message is made of the parts, and of those that are there only", () => {
  expect(new CutoutError(fields).message).toBe("--length: must be an even integer >= 2, got 7; give 6 or 8");
  expect(new CutoutError({ where: "photos", what: "must hold images" }).message).toBe(
    "photos: must hold images",
  );
});

test("an error is the same again after its fields were sent elsewhere", () => {
  const error = new CutoutError({ ...fields, kind: "settings" });
  const again = new CutoutError(structuredClone(error.fields()));
  expect(again.fields()).toEqual(error.fields());
  expect(again.message).toBe(error.message);
});

test("a room that knows better where it was says so; the first error stays its cause", () => {
  const first = new CutoutError({ ...fields, where: "cutout", option: "length" });
  expect(first.message).toMatch(/^cutout: length must be an even integer/);
  const told = first.with({ where: "--length", option: undefined, kind: "settings" });
  expect(told).toMatchObject({ ...fields, kind: "settings" });
  expect(told.message).toMatch(/^--length: must be an even integer/);
  expect(told.cause).toBe(first);
});

test("a field of the config is named by whoever knows where it was told; what is about no field stays", () => {
  const error = new CutoutError({ field: "augment.augmentations", where: "grid-mask", what: "is wrong" });
  expect(error.message).toBe("augment.augmentations: grid-mask: is wrong");
  expect(error.named(() => "--augment").message).toBe("--augment: grid-mask: is wrong");
  expect(error.named(() => "--augment").field).toBeUndefined();
  const other = new CutoutError(fields);
  expect(other.named(() => "--augment")).toBe(other);
});

describe("a refusal of the system", () => {
  const refused = (code: string, path?: string) => Object.assign(new Error("raw"), { code, path });

  test("names the place and what helps", () => {
    expect((systemError(refused("ENOSPC", "/a/b")) as Error).message).toBe(
      "/a/b: the disk is full: free some space, then try again (ENOSPC)",
    );
    expect((systemError(refused("EMFILE"), "photos") as Error).message).toMatch(
      /^photos: .*ulimit -n.*EMFILE/,
    );
    const work = () => {
      throw refused("EACCES");
    };
    expect(() => telling("here", work)).toThrow(CutoutError);
    expect(refusalText(refused("EWHAT"))).toBe("EWHAT");
  });

  test("other errors stay what they are", () => {
    for (const error of [
      new Error("ours"),
      refused("ERR_INVALID_ARG_TYPE"),
      new CutoutError({ what: "x" }),
      "text",
    ]) {
      expect(systemError(error)).toBe(error);
    }
  });
});
