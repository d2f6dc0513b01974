// Lists the tests that were skipped, and why: `node .ci/skipped.mjs tests.json [apart]`. In CI those must run.
import { readFileSync } from "node:fs";

const [, , file, apart] = process.argv;

/** What the name of a skipped test says of its reason. */
const reasons = [
  [/webgpu: skipped/, "WebGPU has no adapter; Debian's packages chromium and libvulkan1 bring one"],
  [/^Chromium/, "no Chromium starts here"],
  [/^redis-server/, "Debian's package redis-server is not here"],
  [/^slurm-wlm/, "Debian's package slurm-wlm is not here, or the tests are not run by root"],
  [/that (may not|cannot) be read/, "root may read everything", apart === "apart"],
];

const { testResults, numPassedTests, numFailedTests } = JSON.parse(readFileSync(file, "utf8"));
const skipped = testResults.flatMap(({ name, assertionResults }) =>
  assertionResults
    .filter(({ status }) => status !== "passed" && status !== "failed")
    .map(({ fullName }) => {
      const [, why = "no known reason", ranApart = false] =
        reasons.find(([words]) => words.test(fullName)) ?? [];
      const test = `${name.replace(`${process.cwd()}/`, "")}: ${fullName}`;
      return { line: `${test} (${why}${ranApart ? "; ran apart" : ""})`, ranApart };
    }),
);
for (const { line } of skipped) console.log(line);
console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${skipped.length} skipped`);
if (process.env.CI && skipped.some(({ ranApart }) => !ranApart)) {
  console.log("in CI nothing may be skipped");
  process.exitCode = 1;
}
