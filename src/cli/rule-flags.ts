// Flags of the rule by which a study decides.
import type { Command } from "commander";
import type { Settings } from "../config/config.ts";
import { settingsError } from "../config/settings.ts";
import { type SequentialRule, standardRule } from "../stats/sequential-rule.ts";

export interface RuleFlags {
  readonly smallest: string;
  readonly by: string;
}

export function addRuleFlags(command: Command): Command {
  return command
    .option("--smallest <points>", "smallest difference that matters, percentage points", "0.3")
    .option("--by <part>", "part of the images whose accuracy counts: test or validation", "test");
}

/** The rule with what was given, and the part by which it goes. */
export function ruleFrom({ smallest, by }: RuleFlags): {
  readonly rule: SequentialRule;
  readonly part: "test" | "validation";
} {
  return {
    rule: { ...standardRule, smallest: pointsFrom("--smallest", smallest) },
    part: partFrom("--by", by),
  };
}

/** Percentage points as a share. */
export function pointsFrom(where: string, text: string): number {
  const points = Number(text);
  if (points > 0 && points < 100) return points / 100;
  throw settingsError({ where, what: "must be above 0 and below 100 percentage points", got: text });
}

/** The part of the images whose accuracy counts. */
function partFrom(where: string, text: string): "test" | "validation" {
  if (text === "test" || text === "validation") return text;
  throw settingsError({ where, what: "must be test or validation", got: text });
}

/**
 * Before the first run, as a study finds out only when that has ended.
 * @param by what goes by it: `the screening`
 * @throws CutoutError where no image is left for the validation part
 */
export function checkValidation({ split }: Settings, by: string): void {
  if (split.validation !== 0) return;
  throw settingsError({
    where: "--validation",
    what: `must be above 0: ${by} goes by the validation part`,
    got: "0",
  });
}
