// A few blows of the campaign: kills where a run is begun and ended, two processes on one folder, a flipped bit in each file.
import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Campaign, openCampaign } from "../helpers/campaign.ts";

let campaign: Campaign;
beforeAll(async () => {
  campaign = await openCampaign();
});
afterAll(() => campaign.close());

const limit = { timeout: 300_000 };

it("a run that is killed before its config.json is begun again in the same folder", limit, async () => {
  // environment.json, dataset.json, config.json: the second and the third are on the way.
  expect(await campaign.killAt("renameSync", 2, "before")).toBeNull();
  expect(await campaign.killAt("renameSync", 3, "before")).toBeNull();
});

it(
  "a run that is killed between config.json and the picture of augmentations gets it later",
  limit,
  async () => {
    expect(await campaign.killAt("renameSync", 4, "before")).toBeNull();
  },
);

it("of two processes on one folder one goes on, and the other says who does", limit, async () => {
  expect(await campaign.pair("killed")).toBeNull();
});

it("a flipped bit anywhere is told with the file's name", limit, () => {
  for (const file of campaign.files) {
    for (const place of [0, 0.003, 0.5, 0.99999]) {
      expect(campaign.flip(file, place), file).toMatchObject({ believed: false });
    }
  }
});

it("SIGHUP saves like SIGTERM", limit, async () => {
  const out = join(campaign.root, "hung up");
  const words = [...campaign.train(out), "--epochs", "500"];
  const { code, errors } = await campaign.run(words, { after: join(out, "metrics.jsonl"), signal: "SIGHUP" });
  expect(errors).toContain("interrupted and saved; go on with: cutout train --resume");
  expect(code).toBe(129);
});

it("a run whose folder is taken away ends with the reason", limit, async () => {
  const out = join(campaign.root, "gone");
  const running = campaign.run([...campaign.train(out), "--epochs", "500"]);
  const metrics = join(out, "metrics.jsonl");
  const removed = setInterval(() => {
    if (!existsSync(metrics)) return;
    clearInterval(removed);
    renameSync(out, `${out} elsewhere`);
  }, 20);
  const { code, errors } = await running;
  expect(errors).toMatch(
    /the run folder has been removed or moved while the run went on; nothing more can be kept/,
  );
  expect(code).toBe(1);
});
