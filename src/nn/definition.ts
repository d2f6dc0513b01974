// A network as its file defines it: layers for any input and number of classes, options, recipe and sizes.
import type { Layer } from "./layers/index.ts";
import type { Network } from "./network.ts";
import {
  boolean,
  integer,
  isObject,
  number,
  type Option,
  type Options,
  readOptions,
  refusal,
  show,
} from "./options.ts";
import { type NetworkSizes, type Recipe, standardRecipe, standardSizes } from "./recipe.ts";

/** What a network is built for, and its options, complete and checked. */
export type BuildArguments<O> = O & {
  /** Of one image. */
  readonly input: Network["input"];
  /** 2 or more. */
  readonly numClasses: number;
};

export interface NetworkDefinition<
  O extends object = Readonly<Record<string, unknown>>,
  Name extends string = string,
> {
  /** `resnet9`: letters, digits, dots, dashes and underscores. */
  readonly name: Name;
  /** What it is, in one line. */
  readonly summary: string;
  readonly options: Options<O>;
  readonly recipe: Recipe;
  readonly sizes: NetworkSizes;
  /** The layers, which end in `numClasses` logits. */
  build(args: BuildArguments<O>): Layer;
  /** How errors name it: its name, or the file it came from. */
  readonly where: string;
}

/** A network as it is written: what it leaves out is what ResNets take. */
export interface NetworkFile<O extends object, Name extends string> {
  readonly name: Name;
  readonly summary?: string;
  readonly options?: Options<O>;
  readonly recipe?: Partial<Omit<Recipe, "learningRate">> & {
    /** By the schedule, or one for all. */
    readonly learningRate?: Partial<Recipe["learningRate"]> | number;
  };
  readonly sizes?: Partial<NetworkSizes>;
  build(args: BuildArguments<NoInfer<O>>): Layer;
}

const { learningRate: standardRates, ...standardRest } = standardRecipe;
const rate = number({ above: 0 });
const side = (least: number, most: number) => integer({ min: least, max: most });
const fields: {
  readonly recipe: Options<Omit<Recipe, "learningRate">>;
  readonly rates: Options<Recipe["learningRate"]>;
  readonly sizes: Options<NetworkSizes>;
} = {
  recipe: standard(standardRest, {
    batchSize: side(1, 65_536),
    nesterov: boolean,
    decayBiasAndNorm: boolean,
    learningRateBatch: side(1, 65_536),
  }),
  rates: standard(standardRates, {
    constant: rate,
    steps: rate,
    cosine: rate,
    "one-cycle": rate,
    plateau: rate,
  }),
  sizes: standard(standardSizes, {
    imageSize: side(8, 1024),
    cacheSize: side(8, 2048),
    keepSmall: boolean,
  }),
};

function standard<T>(values: T, kinds: { readonly [K in keyof T]: Option<T[K]>["kind"] }): Options<T> {
  const names = Object.keys(kinds) as (keyof T)[];
  return Object.fromEntries(
    names.map((name) => [name, { kind: kinds[name], otherwise: values[name], help: "" }]),
  ) as unknown as Options<T>;
}

/**
 * A network from its parts, checked: `export default defineNetwork({ name: "mine", build: ({ numClasses }) => ... })`.
 * @throws CutoutError that names the part and what it must be
 */
export function defineNetwork<O extends object = Record<never, never>, const Name extends string = string>(
  file: NetworkFile<O, Name>,
): NetworkDefinition<O, Name> {
  return checkDefinition(file, null) as NetworkDefinition<O, Name>;
}

/**
 * A definition out of what is not known to be one.
 * @param file the file that it came from; null for none
 */
export function checkDefinition(given: unknown, file: string | null): NetworkDefinition {
  const where = file ?? "defineNetwork";
  const fail = (option: string, must: string, got: unknown) =>
    refusal({ where, option, what: `must be ${must}`, got: show(got) });
  if (!isObject(given)) throw refusal({ where, what: "must be what defineNetwork gives", got: show(given) });
  const { name, summary = "", options = {}, recipe = {}, sizes = {}, build } = given;
  if (typeof name !== "string" || !/^[A-Za-z0-9][\w.-]{0,59}$/.test(name)) {
    throw fail("name", "at most 60 letters, digits, dots, dashes and underscores", name);
  }
  if (typeof summary !== "string") throw fail("summary", "a text", summary);
  if (typeof build !== "function") throw fail("build", "a function that returns layers", build);
  if (!isObject(options)) throw fail("options", "an object", options);
  for (const [option, value] of Object.entries(options)) {
    if (["input", "numClasses"].includes(option) || !isOption(value)) {
      throw fail(
        `options.${option}`,
        "{ kind, otherwise, help }, with another name than input and numClasses",
        value,
      );
    }
  }
  if (!isObject(recipe)) throw fail("recipe", "an object", recipe);
  const { learningRate = {}, ...rest } = recipe;
  const rates =
    typeof learningRate === "number"
      ? Object.fromEntries(Object.keys(fields.rates).map((kind) => [kind, learningRate]))
      : learningRate;
  const size = readOptions(`${where}: sizes`, fields.sizes, sizes);
  if (size.cacheSize < size.imageSize) {
    throw fail("sizes.cacheSize", `at least imageSize (${size.imageSize})`, size.cacheSize);
  }
  return {
    name,
    summary,
    options: options as Options<Record<string, unknown>>,
    recipe: {
      ...readOptions(`${where}: recipe`, fields.recipe, rest),
      learningRate: readOptions(`${where}: recipe.learningRate`, fields.rates, rates),
    },
    sizes: size,
    build: build as NetworkDefinition["build"],
    where: file ?? name,
  };
}

function isOption(value: unknown): value is Option<unknown> {
  if (!isObject(value) || !isObject(value.kind)) return false;
  const { kind, otherwise, help } = value;
  return (
    typeof kind.must === "string" &&
    typeof kind.read === "function" &&
    typeof help === "string" &&
    kind.read(otherwise) !== undefined
  );
}

/**
 * A network of a family: some of its options are settled.
 * @throws CutoutError when they cannot be these
 */
export function memberOf<O extends object, F extends keyof O & string, const Name extends string>(
  family: NetworkDefinition<O>,
  name: Name,
  settled: Pick<O, F>,
  summary = family.summary,
): NetworkDefinition<Omit<O, F>, Name> {
  const open = Object.fromEntries(
    Object.entries(family.options).filter(([option]) => !Object.hasOwn(settled, option)),
  ) as unknown as Options<Omit<O, F>>;
  const all = readOptions(name, family.options, settled);
  return {
    ...family,
    name,
    where: name,
    summary,
    options: open,
    build: (args) => family.build({ ...all, ...args }),
  };
}

/**
 * The options of a network, complete and checked.
 * @param given what a person says; what is left out is what the network says
 * @throws CutoutError that names the network, the option, what must hold, and what it got
 */
export function networkOptions<O extends object>(definition: NetworkDefinition<O>, given: unknown = {}): O {
  return readOptions(definition.where, definition.options, given);
}
