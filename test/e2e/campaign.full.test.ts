// The campaign: a kill at each rename and at random moments, pairs of processes, flipped bits over all files that are read.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Campaign, openCampaign, randomOf } from "../helpers/campaign.ts";

let campaign: Campaign;
beforeAll(async () => {
  campaign = await openCampaign();
});
afterAll(() => campaign.close());

const limit = { timeout: 3_600_000 };

/** Blows one after the other; what each has broken, by its name. */
async function broken(
  blows: readonly (readonly [string, () => Promise<string | null>])[],
): Promise<string[]> {
  const found: string[] = [];
  for (const [name, blow] of blows) {
    const wrong = await blow();
    if (wrong !== null) found.push(`${name}: ${wrong}`);
  }
  console.log(`${blows.length} blows, ${found.length} broken`);
  return found;
}

it("a kill before and after each rename loses nothing", limit, async () => {
  const places = Array.from({ length: campaign.calls.renameSync! }, (_, index) => index + 1);
  const kills = places.flatMap((place) =>
    (["before", "after"] as const).map(
      (when) => [`rename ${place} ${when}`, () => campaign.killAt("renameSync", place, when)] as const,
    ),
  );
  expect(await broken(kills)).toEqual([]);
});

it("a kill at a random moment loses nothing", limit, async () => {
  const random = randomOf(1);
  const kills = Array.from({ length: 50 }, () => {
    const after = Math.round(campaign.duration * (0.2 + 0.8 * random.uniform()));
    return [`after ${after} ms`, () => campaign.killAfter(after)] as const;
  });
  expect(await broken(kills)).toEqual([]);
});

it("a kill at a flush or a link loses nothing", limit, async () => {
  const random = randomOf(2);
  const kills = Array.from({ length: 20 }, () => {
    const place = 1 + Math.floor(random.uniform() * campaign.calls.fsyncSync!);
    return [`flush ${place}`, () => campaign.killAt("fsyncSync", place, "before")] as const;
  });
  const links = (["before", "after"] as const).map(
    (when) => [`link ${when}`, () => campaign.killAt("linkSync", 1, when)] as const,
  );
  expect(await broken([...kills, ...links])).toEqual([]);
});

it("two processes on one folder: one goes on, the other says who does", limit, async () => {
  const pairs = (["new", "resume", "killed"] as const).flatMap((kind) =>
    Array.from({ length: 7 }, (_, index) => [`${kind} ${index}`, () => campaign.pair(kind)] as const),
  );
  expect(await broken(pairs)).toEqual([]);
});

it("no flipped bit is believed", limit, () => {
  const random = randomOf(3);
  const believed: string[] = [];
  let count = 0;
  for (let round = 0; round < 20; round++) {
    for (const file of campaign.files) {
      const { believed: wrongly, said } = campaign.flip(file, random.uniform());
      count++;
      if (wrongly) believed.push(`${file}: ${said}`);
    }
  }
  console.log(`${count} bits flipped in ${campaign.files.join(", ")}, ${believed.length} believed`);
  expect(believed).toEqual([]);
});
