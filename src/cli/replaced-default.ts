// Settings of which some name augmentations and others leave them to the default differ in more than what was named.
import { automatic } from "../config/augmentation-fields.ts";
import type { Arm } from "../study-folder/index.ts";

/** A line for the person; null where all are alike in that. `--no-augment` says itself that there is none. */
export function replacedDefaultNote(arms: readonly Arm[]): string | null {
  const lists = arms.map(({ settings: { augment } }) => augment.augmentations);
  if (!lists.some((list) => list.includes(automatic))) return null;
  const named = arms.filter((_, at) => lists[at]!.length > 0 && !lists[at]!.includes(automatic));
  if (named.length === 0) return null;
  const names = named.map(({ name }) => name).join("; ");
  return `${names}: in the place of what few photos get by default, which others here may have; --augment ${automatic} beside it keeps that`;
}
