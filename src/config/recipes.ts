// The recipes of this package: settings of published experiments as plain config files, by name.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { nearNames } from "../text.ts";
import { readConfigFile, settingsError } from "./settings.ts";

const folder = new URL("../../recipes/", import.meta.url);
const ending = ".json";

/** `asirra-alexnet`, `devries2017/cifar10-resnet18`, in the order of the alphabet. */
export function recipeNames(): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(ending))
    .map((file) => file.slice(0, -ending.length).replaceAll("\\", "/"))
    .sort();
}

/**
 * The config file of a recipe.
 * @throws CutoutError when there is none of this name; it tells those with names like it, or all
 */
export function recipeFile(name: string): string {
  const names = recipeNames();
  if (names.includes(name)) return fileURLToPath(new URL(name + ending, folder));
  const inner = names.filter((one) => one.split("/").at(-1) === name);
  const near = inner.length > 0 ? inner : nearNames(name, names);
  throw settingsError({
    where: "--recipe",
    what: "there is no such recipe",
    got: name,
    remedy: near.length > 0 ? `names like it: ${near.join(", ")}` : "cutout recipes lists all of them",
  });
}

/** What a recipe is, in its own words. */
export const aboutRecipe = (name: string): string => readConfigFile(recipeFile(name)).about ?? "";
