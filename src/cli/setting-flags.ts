// The flags of a run as options of a command, with their help.
import { type Command, Option } from "commander";
import { cutoutPath, type Flag, settingFlags } from "../config/flags.ts";
import type { Leaf } from "../config/leaves.ts";
import { defaultSchedule } from "../config/schedule-fields.ts";

/** The fields of what is learnt without labels, which only a pretraining has. */
const isOfPretraining = ({ path }: Flag): boolean => path.startsWith("objective.");

/** Adds `--config`, `--recipe`, `--cutout` and a flag for every field of the config that a classifier has, or a pretraining. */
export function addSettingFlags(command: Command, { pretraining = false } = {}): Command {
  command.addOption(
    new Option(
      "--config <file>",
      "JSON file of settings, for example a run's config.json; flags win",
    ).helpGroup("Data:"),
  );
  command.addOption(
    new Option(
      "--recipe <name>",
      "settings of a published experiment; flags win (cutout recipes lists them)",
    ).helpGroup("Data:"),
  );
  for (const flag of settingFlags()) {
    if (isOfPretraining(flag) && !pretraining) continue;
    const { spelling, name, path, group, leaf } = flag;
    if (path === "augment.cutout.length") {
      command.addOption(
        new Option(
          "--cutout [length]",
          "cut holes out of the training images (default length: half the side)",
        ).helpGroup(group),
      );
      command.addOption(
        new Option("--no-cutout", "without Cutout, whatever the config file says").helpGroup(group),
      );
    }
    const option = new Option(spelling, helpOf(flag)).helpGroup(group);
    if (leaf.type === "texts") {
      option.argParser((value, before: readonly string[] | boolean | undefined) => [
        ...(Array.isArray(before) ? before : []),
        value,
      ]);
    }
    command.addOption(option);
    const off = `--no-${name.slice(2)}`;
    if (leaf.type === "boolean")
      command.addOption(new Option(off, `without: ${leaf.description}`).helpGroup(group));
    else if (leaf.type === "texts" || (leaf.nullable !== null && leaf.nullable !== cutoutPath)) {
      command.addOption(new Option(off, "off, whatever the config file says").hideHelp());
    }
  }
  return command;
}

function helpOf({ leaf, path }: Flag): string {
  const notes: string[] = [];
  if (leaf.choices !== null) notes.push(leaf.choices.join(", "));
  if (leaf.type === "numbers") notes.push("separated by commas");
  if (leaf.type === "texts") notes.push("can be given several times");
  if (leaf.kinds !== null) notes.push(`${path.split(".")[0]} ${leaf.kinds.join(", ")}`);
  const standard = defaultOf(leaf);
  if (standard !== null) notes.push(`default: ${standard}`);
  return notes.length === 0 ? leaf.description : `${leaf.description} (${notes.join("; ")})`;
}

function defaultOf({ path, default: value, defaults, nullable, type }: Leaf): string | null {
  if (path === "schedule.kind") return defaultSchedule;
  if (path === "objective.kind") return "denoise";
  if (nullable === "earlyStopping" || nullable === "lookahead" || path === "progressive.initialScale")
    return "off";
  if (
    path.startsWith("optimizer.") &&
    new Set(Object.values(defaults).map(String)).size > 1 &&
    path !== "optimizer.name"
  ) {
    return Object.entries(defaults)
      .map(([kind, standard]) => `${standard} with ${kind}`)
      .join(", ");
  }
  if (value === undefined || value === null || type === "texts") return null;
  return type === "boolean" ? (value === true ? "on" : "off") : String(value);
}
