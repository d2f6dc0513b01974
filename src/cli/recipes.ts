// `cutout recipes`: the settings of published experiments, by name; one of them as its file.
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { aboutRecipe, recipeFile, recipeNames } from "../config/recipes.ts";
import { say } from "./console.ts";

export function addRecipes(program: Command): void {
  program
    .command("recipes")
    .summary("list the settings of published experiments")
    .description(
      "Lists the recipes: settings of published experiments, for --recipe. With a name prints that one, as a config file.",
    )
    .argument("[name]", "recipe to print")
    .action((name: string | undefined) => {
      if (name !== undefined) {
        process.stdout.write(readFileSync(recipeFile(name), "utf8"));
        return;
      }
      const names = recipeNames();
      const width = Math.max(...names.map((one) => one.length));
      for (const one of names) say(`${one.padEnd(width)}  ${aboutRecipe(one)}`);
    });
}
