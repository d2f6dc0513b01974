// Loads and builds the networks of files, and prints for each what came of it, as JSON: load-networks.ts FILES...
import { CutoutError } from "../../src/error.ts";
import { buildNetwork } from "../../src/nn/build.ts";
import { loadNetwork } from "../../src/nn/load.ts";

async function outcome(path: string) {
  try {
    const definition = await loadNetwork(path);
    const input = { height: 16, width: 16, channels: 3 };
    const { name, layer } = buildNetwork(definition, { input, numClasses: 2 });
    return { name, layer, recipe: definition.recipe, sizes: definition.sizes };
  } catch (error) {
    if (error instanceof CutoutError) return { line: error.message };
    throw error;
  }
}

const outcomes: unknown[] = [];
for (const path of process.argv.slice(2)) outcomes.push(await outcome(path));
console.log(JSON.stringify(outcomes));
