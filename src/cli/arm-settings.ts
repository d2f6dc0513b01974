// Settings that are set against others: a text of flags, or a config file, over what is given for all.
import { Command } from "commander";
import { parseArgsStringToArgv } from "string-argv";
import { type GivenFlags, settingsFrom } from "../config/flags.ts";
import { settingsError } from "../config/settings.ts";
import { isMissing } from "../data/index.ts";
import { CutoutError } from "../error.ts";
import { checkBeforeData } from "../run/prepare.ts";
import { unchanged } from "../study/questions/commands.ts";
import type { Arm } from "../study-folder/index.ts";
import { isCommanderError, namedBy, tell } from "./console.ts";
import { addSettingFlags } from "./setting-flags.ts";

/**
 * Reads the settings of an arm, and checks what can be checked before any image is decoded.
 * @param where flag that holds the text: `--a`
 * @param text flags as on the command line (`--cutout 16 --epochs 20`), the path of a config file, or nothing
 * @param common flags given for all arms; those of the text win
 * @throws CutoutError that names the flag
 */
export async function armFrom(
  where: string,
  text: string,
  data: string | undefined,
  common: GivenFlags,
): Promise<Arm> {
  const own = text.trim().endsWith(".json") ? { config: text.trim() } : flagsIn(where, text);
  const { settings, nameOf, notes } = settingsFrom(data, { ...common, ...own });
  notes.forEach(tell);
  const full = await namedBy(nameOf, checkBeforeData(settings));
  if (isMissing(full)) {
    const remedy = "give the folder that holds the images";
    throw new CutoutError({ where: "data", what: `${full} does not exist`, remedy });
  }
  return { name: text.trim() === "" ? unchanged : text.trim(), settings: { ...settings, data: full } };
}

function flagsIn(where: string, text: string): GivenFlags {
  const command = addSettingFlags(new Command().exitOverride().allowExcessArguments()).configureOutput({
    writeErr: () => {},
  });
  try {
    command.parse(parseArgsStringToArgv(text), { from: "user" });
  } catch (error) {
    if (!isCommanderError(error)) throw error;
    const what = error.message.replace(/^error: /, "");
    throw settingsError({ where, what: `must hold flags of cutout train: ${what}`, got: text });
  }
  const [stray] = command.args;
  if (stray === undefined) return command.opts();
  throw settingsError({
    where,
    what: "must hold flags alone",
    got: text,
    remedy: `"${stray}" belongs to none; the images are given once, before the flags`,
  });
}
