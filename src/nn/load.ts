// A network out of a person's own file.
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import * as nodeModule from "node:module";
import { extname, resolve as resolvePath } from "node:path";
import { pathToFileURL } from "node:url";
import { CutoutError } from "../error.ts";
import { checkDefinition, type NetworkDefinition } from "./definition.ts";
import { reasonOf, refusal } from "./options.ts";

const endings = [".js", ".mjs", ".ts", ".mts"];

/** Whether a name of a network is the path of a file. */
export const isNetworkFile = (name: string): boolean => endings.includes(extname(name));

/**
 * The network that a file exports, by default or as `network`. The file is run.
 * @param path relative to the working folder
 * @throws CutoutError, one line that names the file, when there is none or it gives no network
 */
export async function loadNetwork(path: string): Promise<NetworkDefinition> {
  if (!isNetworkFile(path)) {
    throw refusal({
      where: path,
      what: `must end in ${endings.join(", ")}`,
      got: extname(path) || "no ending",
    });
  }
  const file = resolvePath(path);
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw refusal({ where: path, what: "no such file" });
  }
  await takeOurName();
  let exported: { readonly default?: unknown; readonly network?: unknown };
  try {
    exported = await import(pathToFileURL(file).href);
  } catch (error) {
    throw loadingError(path, file, error);
  }
  const { default: standard, network: named } = exported;
  const given = standard ?? named;
  if (given === undefined) {
    throw refusal({
      where: path,
      what: "must export a network",
      got: "no default export and none named network",
      remedy: "write: export default defineNetwork({ ... })",
    });
  }
  return checkDefinition(given, path);
}

function loadingError(path: string, file: string, error: unknown): CutoutError {
  const { code, stack = "" } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (code === "ERR_UNKNOWN_FILE_EXTENSION") {
    return refusal({
      where: path,
      what: `this Node (${process.version}) does not run TypeScript`,
      remedy: "use Node 22.18 or newer, or write the network as .js",
    });
  }
  const line = lineIn(stack, file) ?? (error instanceof SyntaxError ? syntaxLine(file) : null);
  const place = line === null ? "" : `line ${line}: `;
  return new CutoutError(
    { where: path, what: `cannot be loaded (${place}${reasonOf(error)})`, kind: "settings" },
    { cause: error },
  );
}

/** The line of the file at which an error arose, as its stack has it: `file:///a/b.js:3`, `/a/b.js:3:7`. */
function lineIn(stack: string, file: string): number | null {
  for (const name of [pathToFileURL(file).href, file]) {
    const at = stack.indexOf(`${name}:`);
    const line = at < 0 ? Number.NaN : Number.parseInt(stack.slice(at + name.length + 1), 10);
    if (line > 0) return line;
  }
  return null;
}

/** Line of the first mistake in the syntax of a JavaScript file. `import()` keeps it for itself; `node --check` tells. */
function syntaxLine(file: string): number | null {
  if (!/js$/.test(file)) return null;
  const { stderr } = spawnSync(process.execPath, ["--check", "--input-type=module"], {
    input: readFileSync(file),
    encoding: "utf8",
  });
  return lineIn(stderr, "[stdin]");
}

/**
 * What Node is told about names of modules while a person's file is loaded, as the text of a module: older versions of
 * Node run it in another thread.
 */
const hooks = (ours: string, loader: string) => `
  export function resolve(specifier, context, next) {
    // This program, wherever the file lies and whether or not the package is installed beside it.
    if (specifier === "cutout") return next(${JSON.stringify(ours)}, context);
    const found = next(specifier, context);
    if (context.parentURL !== ${JSON.stringify(loader)}) return found;
    return typeof found.then === "function" ? found.then(asModule) : asModule(found);
  }
  // Without a package.json that says so, Node may take a file that ends in .js for CommonJS.
  const asModule = (one) => ({ ...one, format: one.format?.replace("commonjs", "module") ?? formats[one.url.slice(-3)] });
  const formats = { ".js": "module" };
`;

let ready = false;

/** From now on `import ... from "cutout"` is this program. */
async function takeOurName(): Promise<void> {
  if (ready) return;
  ready = true;
  const ending = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
  const code = hooks(new URL(`../index${ending}`, import.meta.url).href, import.meta.url);
  const url = `data:text/javascript,${encodeURIComponent(code)}`;
  // Node 22.15 and newer.
  const { registerHooks } = nodeModule as { readonly registerHooks?: (hooks: object) => void };
  if (registerHooks === undefined) nodeModule.register(url);
  else registerHooks(await import(url));
}
