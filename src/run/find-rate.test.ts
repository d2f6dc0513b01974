// The range test on photos: the loss falls, then blows up; the suggestion lies between; nothing but the cache is written.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { paintPhotos } from "../../test/helpers/photos.ts";
import { readSettings } from "../config/settings.ts";
import { ratePage, suggestionText } from "../report/rate-page.ts";
import { findRate } from "./find-rate.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-find-rate-"));
afterAll(() => rmSync(root, { recursive: true }));

test("a suggestion, a page with the curve, and no run folder", async () => {
  await paintPhotos(join(root, "photos"), 26);
  const settings = readSettings({
    data: join(root, "photos"),
    imageSize: 28,
    cacheSize: 32,
    batchSize: 8,
    threads: 1,
    loaderWorkers: 0,
    split: { validation: 8, test: 12 },
    cacheDir: join(root, "cache"),
    runsDir: join(root, "runs"),
  });
  const found = await findRate(settings, { lowest: 1e-5, highest: 100, steps: 40 }, () => {});
  const rate = found.suggestion.kind === "rate" ? found.suggestion.rate : Number.NaN;
  expect(rate).toBeGreaterThan(1e-4);
  expect(rate).toBeLessThan(100);
  expect(found.smooth).toHaveLength(found.points.length);
  const rates = found.points.map(({ rate }) => rate);
  expect([...rates].sort((a, b) => a - b)).toEqual(rates);
  const shown = { ...found, data: "photos", network: "resnet9", optimizer: "sgd", batchSize: 8, usual: 0.01 };
  const page = await ratePage(shown);
  expect(page).toContain("where the loss was lowest; the usual rate here, 0.01, is");
  const told = (rate: number) => suggestionText({ ...shown, suggestion: { kind: "rate", rate } });
  expect(told(0.04)).toMatch("0.01, is near that and may as well stay");
  expect(told(0.002)).toMatch("is near that");
  for (const far of [0.06, 0.0019]) expect(told(far)).toMatch("0.01, is far from that");
  expect(suggestionText({ ...shown, suggestion: { kind: "noise" } })).toMatch("no more than its noise");
  expect(suggestionText({ ...shown, suggestion: { kind: "still falling" } })).toMatch("a higher --highest");
  expect(page).not.toMatch(/(?:src|href)="https?:/);
  expect(readdirSync(root).sort()).toEqual(["cache", "photos"]);
  await expect(findRate(settings, { lowest: 1, highest: 0.5, steps: 40 }, () => {})).rejects.toThrow(
    "--lowest: must be below the highest rate (0.5), got 1",
  );
});
