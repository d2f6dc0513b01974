import { defineConfig } from "vitest/config";

// `vitest run` is quick; `vitest run --mode full` takes the long checks (*.full.test.ts) instead.
export default defineConfig(({ mode }) => ({
  test: {
    include: mode === "full" ? ["{src,test}/**/*.full.test.ts"] : ["{src,test}/**/*.test.ts"],
    exclude: mode === "full" ? [] : ["**/*.full.test.ts"],
    setupFiles: ["test/helpers/same-cases.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
  },
}));
