// Composition: several augmentations one after the other are an augmentation again.
import { CutoutError } from "../error.ts";
import type { Augmentation } from "./augmentation.ts";
import { checkImage, copyImage } from "./image/image.ts";
import type { ImageShape } from "./image/layout.ts";

const name = "compose";

/**
 * The augmentations in this order. Parameters are a list with those of each, plain JSON data; `progress` goes to all.
 *
 * @example
 * const augment = compose([resizedCrop({ size: 224 }), horizontalFlip(), colorJitter({ brightness: 0.4 })]);
 * const parameters = augment.sample(stream(seed, "augment", epoch, index), image, 0);
 * const changed = augment.apply(image, parameters);
 *
 * @param steps may be empty: then the image is copied
 */
export function compose<const Drawn extends readonly unknown[]>(
  steps: {
    readonly [I in keyof Drawn]: Augmentation<Drawn[I]>;
  },
): Augmentation<Drawn> {
  const list: readonly Augmentation<unknown>[] = steps;
  if (!Array.isArray(list)) {
    throw new CutoutError({
      where: name,
      option: "steps",
      what: "must be a list of augmentations",
      got: String(list),
    });
  }
  for (const [index, step] of list.entries()) {
    // A function has an `apply` too: the one that `cutout(...)` gives, for example.
    if (typeof step?.apply !== "function" || typeof step.sample !== "function") {
      throw new CutoutError({
        where: name,
        what: "every step must be an augmentation",
        got: `${typeof step} at ${index}`,
        remedy:
          typeof step === "function" ? "Cutout as an augmentation is cutoutAugmentation(options)" : undefined,
      });
    }
  }
  return {
    name,
    outputShape: (input) => list.reduce((shape, step) => step.outputShape(shape), input),
    sample(rng, input, progress) {
      let shape = input;
      const drawn = list.map((step) => {
        const parameters = step.sample(rng, shape, progress);
        shape = step.outputShape(shape);
        return parameters;
      });
      return drawn as readonly unknown[] as Drawn;
    },
    apply(image, drawn) {
      checkImage(name, image);
      checkLength(drawn, list.length);
      if (list.length === 0) return copyImage(image);
      return list.reduce((changed, step, index) => step.apply(changed, drawn[index]), image);
    },
    effects(drawn, input) {
      checkLength(drawn, list.length);
      let shape: ImageShape = input;
      return list.flatMap((step, index) => {
        const effects = step.effects?.(drawn[index], shape) ?? [];
        shape = step.outputShape(shape);
        return effects;
      });
    },
  };
}

function checkLength(drawn: readonly unknown[], steps: number): void {
  if (!Array.isArray(drawn) || drawn.length !== steps) {
    const got = Array.isArray(drawn) ? drawn.length : String(drawn);
    throw new CutoutError({
      where: name,
      option: "parameters",
      what: `must be a list of ${steps}, one for each step`,
      got: String(got),
    });
  }
}
