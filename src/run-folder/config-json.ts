// config.json: the complete config of a run. Written last, it makes a folder a run folder.
import type { Config } from "../config/config.ts";
import { readCompleteConfig } from "../config/settings.ts";
import { jsonFile } from "./json-file.ts";

export const configJson = jsonFile<Config>({
  name: "config.json",
  without: "the settings are not known",
  versioned: true,
  indent: 2,
  parse: readCompleteConfig,
});
