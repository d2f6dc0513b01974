// Assembles kernels.wat; as a program (`npm run kernels`) it writes what the package holds of it.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import wabt from "wabt";

const fileOf = (name: string) => fileURLToPath(new URL(`../../src/augment/simd/${name}`, import.meta.url));

/** The module that the text describes, in base 64. */
export async function assembleKernels(): Promise<string> {
  const { parseWat } = await wabt();
  const source = readFileSync(fileOf("kernels.wat"), "utf8");
  const { buffer } = parseWat("kernels.wat", source, { simd: true, bulk_memory: true }).toBinary({});
  return Buffer.from(buffer).toString("base64");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(
    fileOf("kernels-module.ts"),
    `// kernels.wat, assembled by \`npm run kernels\`: not to be changed by hand.\nexport const kernelsModule =\n  "${await assembleKernels()}";\n`,
  );
}
