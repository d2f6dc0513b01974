// Checks that options of Cutout share.

/** A range of numbers, both ends in it. */
export type Range = readonly [number, number];

/** Two finite numbers, the smaller first. */
export function isRange(value: unknown): value is Range {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isFinite) && value[0] <= value[1];
}

export function isShare(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 1;
}

/** @throws Error unless it is an object, and no list */
export function checkObject(where: string, name: string, value: unknown): void {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new Error(`${where}: ${name} must be an object, got ${shown(value)}`);
  }
}

/** @throws Error when the object has a key that is not among these: a mistyped one would be ignored in silence */
export function checkKeys(where: string, name: string, value: object, known: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw new Error(`${where}: ${name} has ${known.join(", ")}, got ${JSON.stringify(key)}`);
    }
  }
}

/** @throws Error unless it is a list */
export function checkList(where: string, name: string, value: unknown): void {
  if (!Array.isArray(value)) throw new Error(`${where}: ${name} must be a list, got ${shown(value)}`);
}

/** @throws Error unless it is a share of the training, 0 to 1 */
export function checkProgress(progress: unknown): void {
  checkShare("cutout", "progress", progress);
}

/** @throws Error unless it is a number from 0 to 1 */
export function checkShare(where: string, name: string, value: unknown): void {
  if (!isShare(value)) throw new Error(`${where}: ${name} must be from 0 to 1, got ${shown(value)}`);
}

/** @throws Error unless it is an integer >= `least` */
export function checkInteger(where: string, name: string, value: unknown, least: number): void {
  if (!Number.isSafeInteger(value) || (value as number) < least) {
    throw new Error(`${where}: ${name} must be an integer >= ${least}, got ${shown(value)}`);
  }
}

/** @throws Error unless it is two numbers, from `least` on where that is given, the smaller first */
export function checkRange(where: string, name: string, value: unknown, least = -Infinity): void {
  if (isRange(value) && value[0] >= least) return;
  const bound = least === -Infinity ? "" : ` >= ${least}`;
  throw new Error(`${where}: ${name} must be two numbers${bound}, the smaller first, got ${shown(value)}`);
}

/** The value as it ends an error; JSON has no NaN and no Infinity. */
export function shown(value: unknown): string {
  if (typeof value === "number" || value === undefined) return String(value);
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  return JSON.stringify(value) ?? String(value);
}
