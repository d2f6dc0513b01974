// The images of a study, by their fingerprint: whether another machine has the same ones.
import { CutoutError } from "../error.ts";
import { prepare } from "../run/prepare.ts";
import type { Study } from "../study-folder/index.ts";

export interface FoundImages {
  /** Index of the arm by whose settings they were decoded. */
  readonly arm: number;
  readonly fingerprint: string;
}

/**
 * Decodes the images of a study, which its trials then find done, by its first arm whose settings allow it.
 * @returns null when none does; its trials say why
 */
export async function imagesOf(study: Study, data: string, cacheDir?: string): Promise<FoundImages | null> {
  for (const [arm, { settings }] of study.arms.entries()) {
    try {
      const { dataset } = await prepare(
        { ...settings, data, seed: 0, ...(cacheDir !== undefined && { cacheDir }) },
        () => {},
      );
      dataset.close();
      return { arm, fingerprint: dataset.fingerprint };
    } catch (error) {
      if (!(error instanceof CutoutError)) throw error;
    }
  }
  return null;
}
