// config.json: the complete config of a run. Written last, it makes a folder a run folder.
import type { Config } from "../config/config.ts";
import { readCompleteConfig } from "../config/settings.ts";
import { jsonFile } from "./json-file.ts";

export const configJson = jsonFile<Config>({
  name: "config.json",
  without: "the settings are not known",
  damaged: "put it back from a copy: without the settings neither the weights nor the checkpoint can be used",
  most: 2 ** 24,
  versioned: true,
  indent: 2,
  parse: readCompleteConfig,
});
