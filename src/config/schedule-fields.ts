// The config's part `schedule`: a kind, and the fields of that kind.
import { z } from "zod";
import { choice, group, integer, number, risingIntegers } from "./fields.ts";

export const defaultSchedule = "one-cycle";

export type ScheduleKind = z.output<ReturnType<typeof schedules>[number]>["kind"];

const warmup = {
  warmupEpochs: number("epochs of linear rise at the start; 0 is off", { min: 0 }).default(0),
};
const kindHelp = "how the learning rate goes";
const floor = number("lowest learning rate", { min: 0 }).default(0);

/**
 * The schedules of the learning rate, by their kind.
 * @param learningRate the field of the rate, which a complete config must have and settings may leave out
 */
export function schedules<Rate extends z.ZodType>(learningRate: Rate) {
  return [
    group("schedule", { kind: z.literal("constant").describe(kindHelp), learningRate, ...warmup }),
    group("schedule", {
      kind: z.literal("steps"),
      learningRate,
      milestones: risingIntegers("epochs after which the rate is multiplied by gamma"),
      gamma: number("factor at each milestone", { min: 0, max: 1, above: true }).default(0.1),
      ...warmup,
    }),
    group("schedule", { kind: z.literal("cosine"), learningRate, floor, ...warmup }),
    group("schedule", {
      kind: z.literal("one-cycle"),
      learningRate,
      shape: choice("way up and down", ["triangular", "cosine"]).default("triangular"),
      warmupShare: number("share of all steps before the peak", { min: 0, max: 1 }).default(0.25),
      initialDivision: number("the first rate is the peak divided by this", { min: 1 }).default(10),
      finalDivision: number("the last rate is the first divided by this", { min: 1 }).default(1000),
    }),
    group("schedule", {
      kind: z.literal("plateau"),
      learningRate,
      factor: number("factor when validation accuracy has stopped rising", {
        min: 0,
        max: 1,
        above: true,
      }).default(0.1),
      patience: integer("epochs without a better validation accuracy before the rate falls", {
        min: 0,
      }).default(10),
      threshold: number("better means above best x (1 + threshold)", { min: 0 }).default(1e-4),
      floor,
      epsilon: number("smallest reduction that is made", { min: 0 }).default(1e-8),
      ...warmup,
    }),
  ] as const;
}
