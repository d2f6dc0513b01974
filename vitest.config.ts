import { defineConfig } from "vitest/config";

// `vitest run` is quick; `vitest run --mode full` takes the long checks (*.full.test.ts) instead.
export default defineConfig(({ mode }) => ({
  test: {
    include: mode === "full" ? ["{src,test}/**/*.full.test.ts"] : ["{src,test}/**/*.test.ts"],
    exclude: mode === "full" ? [] : ["**/*.full.test.ts"],
    setupFiles: ["test/helpers/same-cases.ts", "test/helpers/no-network.ts"],
    pool: "forks",
    maxWorkers: 2,
    // Only for what hangs: beside other work a test may take many times as long as alone.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
}));
