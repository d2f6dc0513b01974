// The files of a run folder that are only made of others and read by people and other programs: pages, charts, the model.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../durable-file.ts";

/** What -> the file's name. */
const names = {
  report: "report.html",
  learningCurves: "learning-curves.svg",
  confusion: "confusion.svg",
  augmented: "augmented.png",
  model: "model.onnx",
} as const;

type Product = keyof typeof names;

function productPath(folder: string, product: Product): string {
  return join(folder, names[product]);
}

/**
 * Writes a product; one of before is replaced as a whole.
 * @returns its path
 */
export function writeProduct(folder: string, product: Product, content: Uint8Array | string): string {
  const path = productPath(folder, product);
  replaceFile(path, [typeof content === "string" ? Buffer.from(content) : content]);
  return path;
}

/** The picture of augmented training images (PNG); null, with a sentence in `problems`, when it is not there. */
export function showAugmented(folder: string, problems: string[]): Buffer | null {
  const path = productPath(folder, "augmented");
  if (existsSync(path)) return readFileSync(path);
  problems.push(`${names.augmented} is missing: no augmented images can be shown.`);
  return null;
}
