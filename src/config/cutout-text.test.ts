// The short texts of Cutout in flags and config files.
import { expect, test } from "vitest";
import { countFrom, fillFrom, lengthFrom, presetFrom, shapeFrom } from "./cutout-text.ts";

/** What a text says; undefined where it cannot be read. */
function told(read: () => unknown, expected: unknown): void {
  if (expected === undefined) expect(read).toThrow(/^cutout: \w+ must be .*, got /);
  else expect(read()).toEqual(expected);
}

test.each<[number | string, unknown]>([
  [16, 16],
  ["16", 16],
  ["8-24", { pixels: [8, 24] }],
  ["50%", { share: 0.5 }],
  ["25%-50%", { share: [0.25, 0.5] }],
  ["area 2%-33%", { area: [0.02, 0.33] }],
  [
    "0:4, 0.5:16,1:16",
    {
      schedule: [
        [0, 4],
        [0.5, 16],
        [1, 16],
      ],
      unit: "pixels",
    },
  ],
  [
    "0:10%,1:50%",
    {
      schedule: [
        [0, 0.1],
        [1, 0.5],
      ],
      unit: "share",
    },
  ],
  ["24-8", undefined],
  ["8-50%", undefined],
  ["area 2-33", undefined],
  ["0:4,1:50%", undefined],
  ["half", undefined],
  ["", undefined],
])("length %j", (text, expected) => told(() => lengthFrom(text), expected));

test.each<[number | string, unknown]>([
  [3, 3],
  ["3", 3],
  ["1-3", [1, 3]],
  ["3-1", undefined],
  ["50%", undefined],
  ["many", undefined],
])("number of holes %j", (text, expected) => told(() => countFrom(text), expected));

test.each<[string, unknown]>([
  ["square", "square"],
  ["circle", "circle"],
  ["rectangle", { kind: "rectangle", aspect: [0.25, 4] }],
  [
    "0.5,0 1,1 0,1",
    {
      kind: "polygon",
      points: [
        [0.5, 0],
        [1, 1],
        [0, 1],
      ],
    },
  ],
  ["0,0 1,1", undefined],
  ["0,0 1,1 2,0", undefined],
  ["0,0,0 1,1 1,0", undefined],
  ["hexagon", undefined],
])("shape %j", (text, expected) => told(() => shapeFrom(text, 4), expected));

test.each<[string, unknown]>([
  ["zero", "zero"],
  ["channelMean", "channelMean"],
  ["#000000", { colour: [0, 0, 0] }],
  ["#FFffff", { colour: [1, 1, 1] }],
  ["#ff0080", { colour: [1, 0, 128 / 255] }],
  ["uniform", { uniform: [0, 1], per: "pixel", unit: "white" }],
  ["uniformColour", { uniform: [0, 1], per: "channel", unit: "white" }],
  ["blue", undefined],
  ["#fff", undefined],
  ["toString", undefined],
])("fill %j", (text, expected) => told(() => fillFrom(text), expected));

test.each<[string, object]>([
  ["timm", { like: "timm" }],
  ["torchvision:p=1,value=random", { like: "torchvision", p: 1, value: "random" }],
  ["ffcv:cropSize=8,fill=[1,2,3]", { like: "ffcv", cropSize: 8, fill: [1, 2, 3] }],
])("preset %j", (text, preset) => expect(presetFrom(text)).toEqual(preset));

test.each<[() => unknown, string]>([
  [() => lengthFrom("half"), "cutout: length must be an even integer >= 2, or a text such as"],
  [() => shapeFrom("hexagon", 3), "cutout: shape must be square, circle"],
  [() => countFrom("many"), "cutout: nHoles must be an integer >= 1"],
  [() => fillFrom("blue"), "cutout: fill must be zero, imageMean"],
  [() => presetFrom("timm:like=keras"), "cutout like timm: like must stand before the colon, once"],
  [() => presetFrom("timm:p"), "timm: options must be key=value with commas between them"],
])("what cannot be read: %s", (read, message) => expect(read).toThrow(message));
