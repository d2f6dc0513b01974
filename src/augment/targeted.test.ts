// Masks of targeted Cutout: enlarged maps, thresholds, and views that differ.
import { expect, test } from "vitest";
import { paintTargeted, targetedMask, type View } from "./targeted.ts";

const map = (rows: readonly (readonly number[])[]) => ({
  height: rows.length,
  width: rows[0]!.length,
  values: Float32Array.from(rows.flat()),
});

test("the enlarged map is PyTorch's: the example of torch.nn.Upsample, thresholded at the map's mean of 2.5", () => {
  // 1.00 1.25 1.75 2.00 | 1.50 1.75 2.25 2.50 | 2.50 2.75 3.25 3.50 | 3.00 3.25 3.75 4.00
  const mask = targetedMask(
    map([
      [1, 2],
      [3, 4],
    ]),
    { height: 4, width: 4 },
  );
  expect([...mask]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]);
});

test("a map as large as the view is thresholded as it is; one that is the same everywhere masks nothing", () => {
  const rows = [
    [5, 1, 1],
    [1, 1, 4],
  ];
  expect([...targetedMask(map(rows), { height: 2, width: 3 })]).toEqual([1, 0, 0, 0, 0, 1]);
  expect([...targetedMask(map([[7, 7]]), { height: 6, width: 6 })].every((one) => one === 0)).toBe(true);
});

/** A 4x4 view of an image of which one pixel is masked, painted over another view: where zeros are. */
function painted(of: View, now: View, row: number, column: number): readonly string[] {
  const mask = new Uint8Array(16);
  mask[row * 4 + column] = 1;
  const target = new Float32Array(1 + 2 * 16).fill(1);
  paintTargeted(target, 1, { channels: 2, height: 4, width: 4 }, { mask, of, now });
  expect(target[0]).toBe(1);
  const zeros = [...target.keys()].filter((at) => target[at] === 0).map((at) => at - 1);
  return zeros.map((at) => `${Math.floor(at / 16)}: ${Math.floor((at % 16) / 4)},${at % 4}`);
}

test("what is masked stays at its place in the image, whatever crop and flip show of it", () => {
  const at = (top: number, left: number, flip = false): View => ({ top, left, flip });
  expect(painted(at(0, 0), at(0, 0), 1, 3)).toEqual(["0: 1,3", "1: 1,3"]);
  expect(painted(at(-1, 2), at(1, 3), 3, 3)).toEqual(["0: 1,2", "1: 1,2"]);
  expect(painted(at(0, 0), at(0, 0, true), 1, 3)).toEqual(["0: 1,0", "1: 1,0"]);
  expect(painted(at(0, 0, true), at(0, 0), 1, 3)).toEqual(["0: 1,0", "1: 1,0"]);
  // The pixel is column 0 of the image; a view from column -1 on shows it mirrored in its third column.
  expect(painted(at(0, 0, true), at(0, -1, true), 2, 3)).toEqual(["0: 2,2", "1: 2,2"]);
  expect(painted(at(0, 0), at(2, 0), 1, 3)).toEqual([]);
});
