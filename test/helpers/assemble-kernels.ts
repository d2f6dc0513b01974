// Assembles the .wat files of augment/simd; as a program (`npm run kernels`) it writes what the package holds of them.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import wabt from "wabt";

const fileOf = (name: string) => fileURLToPath(new URL(`../../src/augment/simd/${name}`, import.meta.url));

/** The module that `<name>.wat` describes, in base 64. */
export async function assembled(name: "kernels" | "sums"): Promise<string> {
  const { parseWat } = await wabt();
  const source = readFileSync(fileOf(`${name}.wat`), "utf8");
  const { buffer } = parseWat(`${name}.wat`, source, { simd: true, bulk_memory: true }).toBinary({});
  return Buffer.from(buffer).toString("base64");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of ["kernels", "sums"] as const) {
    writeFileSync(
      fileOf(`${name}-module.ts`),
      `// ${name}.wat, assembled by \`npm run kernels\`: not to be changed by hand.\nexport const ${name}Module =\n  "${await assembled(name)}";\n`,
    );
  }
}
