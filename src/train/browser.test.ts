// The trainer and the step run in a browser too: bundled for one, they need nothing of Node.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";

test.each(["trainer", "step", "objectives/index"])("%s", async (name) => {
  const { errors, outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`./${name}.ts`, import.meta.url))],
    bundle: true,
    platform: "browser",
    external: ["zod"],
    format: "esm",
    write: false,
    logLevel: "silent",
  });
  expect(errors).toEqual([]);
  // What the modules of other rooms might take from the global scope.
  expect(/\b(Buffer|process|require)\s*[.(]/.exec(outputFiles[0]!.text)).toBeNull();
});
