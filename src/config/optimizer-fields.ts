// The config's parts about the update: `optimizer`, a name and the fields of that one, clipping, Lookahead, averages.
import { z } from "zod";
import { CutoutError } from "../error.ts";
import { type AverageOptions, checkAverage } from "../optim/average.ts";
import { type OptimizerName, optimizers } from "../optim/optimizers.ts";
import { parseNamed } from "./augmentation-text.ts";
import { boolean, choice, group, integer, number, show, told } from "./fields.ts";

export const defaultOptimizer = "sgd";

const names = Object.keys(optimizers) as OptimizerName[];
const nameHelp = `what moves the weights: ${names.map((name) => `${name} (${optimizers[name].summary})`).join(", ")}`;
const decayHelp =
  "weight decay, 0 is off: sgd and adam add weightDecay x weight to the gradient, adamw and muon take learning rate x weightDecay x weight off the weights";

const fraction = { min: 0, max: 1, below: true } as const;
const decay = (standard: number) => number(decayHelp, { min: 0 }).default(standard);
const momentum = (standard: number) => number("momentum of SGD and of Muon", fraction).default(standard);

const betasError = { error: () => "must be two numbers >= 0 and < 1" };
const beta = z.number(betasError).min(0, betasError).lt(1, betasError);
const moments = {
  betas: z
    .tuple([beta, beta], betasError)
    .describe("decay of Adam's means of the gradients and of their squares")
    .default([0.9, 0.999]),
  epsilon: number("added to the root of the mean of the squares", { min: 0, above: true }).default(1e-8),
};

/** Whether Nesterov's momentum, where it is asked for, has a momentum. */
function hasMomentumForNesterov(given: object): boolean {
  const { momentum, nesterov } = given as { readonly momentum: number; readonly nesterov?: boolean };
  return nesterov !== true || momentum > 0;
}

const needsMomentum = {
  path: ["momentum"],
  error: "must be above 0 with Nesterov's momentum",
  params: { got: "0", remedy: "turn that off: --no-nesterov" },
};

/**
 * The optimizers, by their name.
 * @param fields which a complete config must have and settings may leave out
 */
export function optimizerFields<Nesterov extends z.ZodType, Decay extends z.ZodType>(fields: {
  readonly nesterov: Nesterov;
  readonly decayBiasAndNorm: Decay;
}) {
  const { nesterov, decayBiasAndNorm } = fields;
  const known = [
    group("optimizer", {
      name: z.literal("sgd").describe(nameHelp).default("sgd"),
      momentum: momentum(0.9),
      nesterov,
      weightDecay: decay(5e-4),
      decayBiasAndNorm,
    }).refine(hasMomentumForNesterov, needsMomentum),
    group("optimizer", { name: z.literal("adam"), ...moments, weightDecay: decay(0), decayBiasAndNorm }),
    group("optimizer", { name: z.literal("adamw"), ...moments, weightDecay: decay(0.01), decayBiasAndNorm }),
    group("optimizer", {
      name: z.literal("muon"),
      momentum: momentum(0.95),
      nesterov,
      steps: integer("Newton-Schulz steps: how nearly orthogonal an update is", { min: 1, max: 20 }).default(
        5,
      ),
      normalizeFilters: boolean("scale filters to the norm sqrt(C_out) before each update").default(false),
      companion: choice("Muon moves filters only; the optimizer of all else", ["adamw", "sgd"]).default(
        "adamw",
      ),
      companionRate: number("its learning rate as a multiple of --learning-rate", {
        min: 0,
        above: true,
      }).default(0.015),
      biasRate: number("the same for biases and normalization, where that is another", {
        min: 0,
        above: true,
      })
        .nullable()
        .default(null),
      companionMomentum: number("its momentum: Nesterov's of sgd, the first beta of adamw", fraction).default(
        0.9,
      ),
      weightDecay: decay(0),
      decayBiasAndNorm,
    }).refine(hasMomentumForNesterov, needsMomentum),
  ] as const;
  return z
    .discriminatedUnion("name", known, {
      error: (issue) =>
        issue.code === "invalid_union"
          ? "must be sgd, adam, adamw or muon"
          : "must be an object with the fields of optimizer",
    })
    .prefault({ name: defaultOptimizer } as never);
}

const averageForm = "ema, ema:decay=0.999, last or last:share=0.25";
const averages = {
  ema: { decay: 0.999 },
  last: { share: 0.25 },
} as const;

/**
 * @throws CutoutError when there is no such average, or it does not take these options
 */
function averageFrom(given: AverageOptions | string): AverageOptions {
  const { name, ...own } = typeof given === "string" ? flat(parseNamed(given)) : given;
  const standard = averages[name as keyof typeof averages];
  if (standard === undefined) {
    throw new CutoutError({
      where: "average",
      what: `must be ${averageForm}`,
      got: show(name),
      kind: "settings",
    });
  }
  const [option, otherwise] = Object.entries(standard)[0]!;
  const unknown = Object.keys(own).find((key) => key !== option);
  if (unknown !== undefined) {
    const what = `takes ${option} alone`;
    throw new CutoutError({ where: `average ${name}`, what, got: show(unknown), kind: "settings" });
  }
  const { [option]: value = otherwise } = own as Record<string, unknown>;
  // A text is no number whatever it says.
  const average = {
    name,
    [option]: typeof value === "number" ? value : Number.NaN,
  } as unknown as AverageOptions;
  try {
    checkAverage(average);
  } catch (error) {
    if (!(error instanceof CutoutError)) throw error;
    throw error.with({ got: show(value), kind: "settings" });
  }
  return average;
}

const flat = ({ name, options }: ReturnType<typeof parseNamed>) =>
  ({ ...options, name }) as unknown as AverageOptions;

export const updateFields = {
  clipNorm: number("gradients are cut to this length, all together", { min: 0, above: true })
    .nullable()
    .default(null),
  accumulate: integer(
    "parts that a step's batch is cut into, one after the other: memory sinks nearly as many times, and each part has batch statistics of its own",
    { min: 1, max: 65_536 },
  ).default(1),
  lookahead: group("lookahead", {
    every: integer("Lookahead: steps until the slow weights follow, and are gone on from", {
      min: 1,
    }).default(5),
    alpha: number("how far the slow weights go to the fast ones", { min: 0, max: 1, above: true }).default(
      0.5,
    ),
  })
    .nullable()
    .default(null),
  average: told<AverageOptions, AverageOptions>(
    "mean of the weights that is validated, tested and exported in their place: of all steps, the latest counting most, or of the ends of the last epochs, as ema:decay=0.999 or last:share=0.25",
    averageForm,
    averageFrom,
  )
    .nullable()
    .default(null),
};
