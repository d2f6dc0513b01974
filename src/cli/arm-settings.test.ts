// Settings that are set against others, from a text of flags or a file; mistakes are named before anything runs.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../../test/fixtures/run-folder.ts";
import { paintPhotos } from "../../test/helpers/photos.ts";
import { standardRule } from "../stats/sequential-rule.ts";
import { beginStudy } from "../study/begin.ts";
import { armFrom } from "./arm-settings.ts";

let photos: string;
beforeAll(async () => {
  photos = temporaryFolder();
  for (const name of ["cat", "dog"]) await paintPhotos(join(photos, name), 4);
});

const arm = (text: string, common: object = {}) => armFrom("--b", text, photos, { ...common });

test("flags of an arm win over those for all; quotes hold words together", async () => {
  const { name, settings } = await arm("--cutout 16 --fill '#808080' --epochs 3", { epochs: "5", flip: "0" });
  expect(name).toBe("--cutout 16 --fill '#808080' --epochs 3");
  expect(settings).toMatchObject({ data: photos, epochs: 3, augment: { flip: 0, cutout: { length: 16 } } });
  expect((await arm("")).name).toBe("baseline");
  expect((await arm("--no-cutout", { cutout: "16" })).settings.augment.cutout).toBeNull();
});

test("a config file is an arm", async () => {
  const file = join(temporaryFolder(), "hole.json");
  writeFileSync(file, JSON.stringify({ augment: { cutout: { length: 8 } } }));
  expect((await arm(file)).settings.augment.cutout).toMatchObject({ length: 8 });
});

test.each([
  ["--cutuot 16", "--b: must hold flags of cutout train: unknown option '--cutuot'"],
  ["--cutout 16 photos", '"photos" belongs to none'],
  ["--cutout 200", "--cutout: must be at most"],
  ["--epochs 0", "--epochs: must be an integer from 1 to 100000"],
  ["--length 8", "--length: Cutout is off; turn it on with --cutout"],
])("%s", async (text, message) => {
  await expect(arm(text)).rejects.toThrow(message);
});

test("arms that see different images, or are the same, are not compared", async () => {
  const begin = async (a: string, b: string) => {
    const arms = [await arm(a), await arm(b)] as const;
    const plan = { rule: standardRule, part: "test", firstSeed: 0 } as const;
    return beginStudy({ question: "compare", plan, command: [], arms: [...arms], out: null });
  };
  await expect(begin("", "--train-images 3")).rejects.toThrow(
    /must be the same for all .* “--train-images 3”/,
  );
  await expect(begin("--epochs 3", "--epochs 3 ")).rejects.toThrow("are the same settings");
});
