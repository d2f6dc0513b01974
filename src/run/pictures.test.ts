// Which test images get a picture.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ImagePrediction } from "../train/evaluation.ts";
import { imagesWorthLooking } from "./pictures.ts";

describe("images worth looking at", () => {
  const anyPredictions = fc.array(
    fc.record({ label: fc.nat(3), predicted: fc.nat(3), loss: fc.integer({ min: 0, max: 9 }) }),
    { maxLength: 60 },
  );
  const anyLimits = fc.record({ mostWrong: fc.nat(6), perCell: fc.nat(4), total: fc.nat(40) });
  const withRest = (each: Pick<ImagePrediction, "label" | "predicted" | "loss">): ImagePrediction => ({
    ...each,
    name: "",
    confidence: 0.5,
    picture: null,
  });

  test("no more than allowed, each once, the most wrong first", () => {
    fc.assert(
      fc.property(anyPredictions, anyLimits, (list, limits) => {
        const predictions = list.map(withRest);
        const chosen = imagesWorthLooking({ predictions }, limits);
        expect(chosen.length).toBeLessThanOrEqual(limits.total);
        expect(new Set(chosen).size).toBe(chosen.length);
        const wrong = predictions
          .filter((each) => each.label !== each.predicted)
          .sort((a, b) => b.loss - a.loss);
        const first = Math.min(limits.mostWrong, wrong.length, limits.total);
        expect(chosen.slice(0, first).map((index) => predictions[index]!.loss)).toEqual(
          wrong.slice(0, first).map((each) => each.loss),
        );
      }),
    );
  });

  test("with room for all, every error is kept", () => {
    fc.assert(
      fc.property(anyPredictions, (list) => {
        const predictions = list.map(withRest);
        const chosen = new Set(
          imagesWorthLooking({ predictions }, { mostWrong: 1, perCell: 1, total: 1000 }),
        );
        const missing = predictions.filter(
          (each, place) => each.label !== each.predicted && !chosen.has(place),
        );
        expect(missing).toEqual([]);
      }),
    );
  });

  test("with room for all, each cell has its worst images", () => {
    fc.assert(
      fc.property(anyPredictions, (list) => {
        const predictions = list.map(withRest);
        const chosen = new Set(
          imagesWorthLooking({ predictions }, { mostWrong: 3, perCell: 2, total: 1000 }),
        );
        predictions.forEach((each, index) => {
          const worse = predictions.filter(
            (other) =>
              other.label === each.label && other.predicted === each.predicted && other.loss > each.loss,
          );
          const kept = predictions.filter(
            (other, place) =>
              chosen.has(place) && other.label === each.label && other.predicted === each.predicted,
          );
          expect(kept.length).toBeGreaterThanOrEqual(1);
          if (!chosen.has(index))
            expect(Math.min(...kept.map((other) => other.loss))).toBeGreaterThanOrEqual(each.loss);
          if (chosen.has(index) && each.label === each.predicted) expect(worse.length).toBeLessThan(2);
        });
      }),
    );
  });
});
