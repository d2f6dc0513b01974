// Regularizers inside the network as a flag tells them: `spatial-dropout:0.1@layer3`, `dropblock:blockSize=5@last`.
import { CutoutError } from "../error.ts";
import { type RegularizerInput, type RegularizerSpec, readRegularizer } from "../nn/regularizers.ts";
import { parseNamed } from "./augmentation-text.ts";

/** How such a text looks. */
export const regularizerForm = "NAME@LAYER or NAME:PROBABILITY,key=value,...@LAYER";

/**
 * A regularizer that there is, with options that it takes, complete; whether the network has the layer shows when it is
 * built. The first option without a name is the probability.
 * @throws CutoutError
 */
export function regularizerFrom(given: string | RegularizerInput): RegularizerSpec {
  return readRegularizer(typeof given === "string" ? parsed(given) : given);
}

function parsed(text: string): { readonly name: string; readonly options: object; readonly at: string } {
  const place = text.lastIndexOf("@");
  if (place < 0) {
    throw new CutoutError({
      what: `must be ${regularizerForm}`,
      got: text,
      remedy: "say where it stands: @last, @all or the name of a layer",
      kind: "settings",
    });
  }
  const named = text.slice(0, place).replace(/^([^:]*):([^=,]+)(?=,|$)/, "$1:probability=$2");
  return { ...parseNamed(named), at: text.slice(place + 1).trim() };
}
