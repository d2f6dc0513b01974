// `cutout models`: what it tells of networks, and of images that they do not take.
import { expect, it } from "vitest";
import { cutout } from "../../test/helpers/command-line.ts";

const json = async (...words: string[]) => JSON.parse((await cutout("models", "--json", ...words)).out);

// By hand, layer by layer; airbench94 is that of its author's 0.29 PFLOP a training.
it("parameters, and multiplications with addition of one image", async () => {
  const [resnet18, airbench94, wide] = await json("resnet18", "airbench94", "wrn-16-4:dropout=0.3");
  expect(resnet18).toMatchObject({
    name: "resnet18",
    options: ["stem"],
    input: { height: 32, width: 32, channels: 3 },
    numClasses: 10,
    parameters: 11_173_962,
  });
  expect(resnet18.multiplyAdds / 1e6).toBeCloseTo(555.4, 1);
  expect(airbench94.multiplyAdds / 1e6).toBeCloseTo(118.1, 1);
  expect(wide.parameters).toBe(2_748_890);
  // What it keeps of an image for the gradients is more than the image, and less than a hundred times its features.
  expect(resnet18.bytesPerImage).toBeGreaterThan(1e6);
  expect(resnet18.bytesPerImage).toBeLessThan(1e8);
});

it("at a size, with one channel, for so many classes", async () => {
  const [one] = await json("resnet18", "--size", "64", "--channels", "1", "--classes", "100");
  expect(one.input).toEqual({ height: 64, width: 64, channels: 1 });
  // Two channels of 64 filters of 3x3 fewer.
  expect(one.parameters).toBe(11_220_132 - 2 * 64 * 9);
  expect((one.multiplyAdds + 2 * 64 * 9 * 64 * 64 - 512 * 100) / 4 / 1e6).toBeCloseTo(555.4, 0);
});

it("times a step, with --time", async () => {
  const [timed] = await json("wrn-10-1", "--size", "8", "--time", "--batch", "2", "--threads", "1");
  expect(timed.step).toMatchObject({ batchSize: 2, threads: 1 });
  expect(timed.step.milliseconds).toBeGreaterThan(0);
  expect(timed.step.imagesPerSecond).toBeCloseTo(2000 / timed.step.milliseconds, 6);
});

it("as a table", async () => {
  const { out } = await cutout("models", "resnet9", "alexnet");
  const lines = out.split("\n");
  expect(lines[0]).toMatch(/^network +images +parameters +multiply-adds +MiB an image +options$/);
  expect(lines[1]).toMatch(/^resnet9 +3x32x32 +[\d,]+ +[\d.]+ M +[\d.]+$/);
  expect(lines[2]).toMatch(/^alexnet +3x227x227 +58,3[\d,]+ +[\d.]+ M +[\d.]+ +initialization, dropout$/);
});

it.each([
  [
    ["alexnet", "--size", "48"],
    1,
    /^cutout: alexnet: images of 48x48 are too small for it .*use a larger size\n$/,
  ],
  [
    ["resnet19"],
    2,
    /^cutout: model: there is no such network, got "resnet19"; names like it: resnet9, resnet18/,
  ],
  [["wrn-27-2"], 2, /^cutout: .*depth must be 6n \+ 4, from 10 to 1000, got 27\n$/],
  [["resnet18:stem=big"], 2, /^cutout: .*stem must be "cifar" or "imagenet", got "big"\n$/],
  [["resnet18", "--channels", "2"], 2, /must be 1 or 3, got 2/],
] as const)("%j is refused in one line", async (words, code, text) => {
  const found = await cutout("models", ...words);
  expect(found.err).toMatch(text);
  expect(found.code).toBe(code);
});
