// For tests of everything that reads data: temporary folders, small pictures, and a dataset in memory.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { onTestFinished } from "vitest";
import type { Dataset } from "../../src/data/index.ts";

/** A new folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "cutout-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a picture of one colour; the format follows the name. Makes the folders above it. */
export async function paint(
  file: string,
  color: readonly [number, number, number],
  side = 12,
): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const [r, g, b] = color;
  await sharp({ create: { width: side, height: side, channels: 3, background: { r, g, b } } }).toFile(file);
}

/** A dataset whose image `i` is `pixels(i)`; named `CLASS/i.png`. */
export function memoryDataset(
  labels: readonly number[],
  extra: Partial<Dataset> = {},
  pixels: (image: number, at: number) => number = (image, at) => (image * 7 + at) % 256,
): Dataset {
  const numClasses = Math.max(2, ...labels.map((label) => label + 1));
  const classes = Array.from({ length: numClasses }, (_, label) => `class${label}`);
  const { height, width, channels } = { height: 2, width: 2, channels: 3 as const, ...extra };
  const imageBytes = height * width * channels;
  return {
    name: "memory",
    classes,
    height,
    width,
    channels,
    count: labels.length,
    labels: Int32Array.from(labels),
    names: labels.map((label, image) => `${classes[label]}/${image}.png`),
    officialParts: null,
    fingerprint: "memory",
    broken: [],
    read(indices, target) {
      for (let at = 0; at < indices.length; at++) {
        for (let byte = 0; byte < imageBytes; byte++)
          target[at * imageBytes + byte] = pixels(indices[at]!, byte);
      }
    },
    close() {},
    ...extra,
  };
}
