// Which network, as a text: `resnet9`, `wrn-16-4:dropout=0.3`, or the path of a file that defines one.
import { CutoutError } from "../error.ts";
import { findNetwork, networkForms } from "../nn/build.ts";
import { networkOptions } from "../nn/definition.ts";
import { isNetworkFile } from "../nn/load.ts";
import type { NetworkName } from "../nn/networks/index.ts";
import { parseNamed } from "./augmentation-text.ts";
import { show } from "./fields.ts";

/** A network and its own options; those left out are what the network says itself. */
export interface NetworkSettings {
  /** Of a shipped network, or the path of a file. */
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

type File = `${string}.${"js" | "mjs" | "ts" | "mts"}`;

/** A network as a person tells it: a name or a path that there cannot be does not compile. */
export type NetworkText = NetworkName | File | `${NetworkName | File}:${string}`;
export interface NetworkInput {
  readonly name: NetworkName | File;
  readonly options?: NetworkSettings["options"] | undefined;
}

export const networkForm = `${networkForms} or the path of a .js, .mjs or .ts file`;

/**
 * A network that there is, with options that it takes; those of a person's file show when the file is loaded.
 * @throws CutoutError
 */
export function networkFrom(
  given: string | { readonly [Field in keyof NetworkSettings]?: NetworkSettings[Field] | undefined },
): NetworkSettings {
  const { name, options = {} } = typeof given === "string" ? named(given) : given;
  if (typeof name !== "string") throw wrong(given);
  if (isNetworkFile(name)) return { name, options };
  networkOptions(findNetwork(name, networkForm), options);
  return { name, options };
}

/** Options follow the last colon of a path; the first may be a drive's. */
function named(text: string): NetworkSettings {
  if (isNetworkFile(text)) return { name: text, options: {} };
  const [, file, options] = /^(.*\.m?[jt]s):(.*)$/.exec(text) ?? [];
  return file === undefined
    ? parseNamed(text)
    : { name: file, options: parseNamed(`file:${options}`).options };
}

const wrong = (got: unknown) =>
  new CutoutError({ where: "model", what: `must be ${networkForm}`, got: show(got), kind: "settings" });
