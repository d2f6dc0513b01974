// Every value of the schema that can be set, one by one: what flags and help are made of.
import { z } from "zod";
import { settingsSchema } from "./config.ts";

/** One value of the schema that can be set, for flags and help. */
export interface Leaf {
  /** `augment.cutout.length` */
  readonly path: string;
  readonly type: "number" | "boolean" | "string" | "numbers" | "texts";
  readonly description: string;
  readonly choices: readonly string[] | null;
  /** Undefined when the default follows from the data or the machine. */
  readonly default: unknown;
  /** Path to set to null for "off": this field's, or that of the object around it. */
  readonly nullable: string | null;
  /** The kinds of schedule or objective, or the optimizers, that have this field; null when all have it, or it depends on none. */
  readonly kinds: readonly string[] | null;
  /** The default with each kind; nothing for a field that does not depend on one. */
  readonly defaults: Readonly<Record<string, unknown>>;
}

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly default?: unknown;
}

/** Where a walk through the schema is. */
interface Place {
  readonly path: string;
  readonly nullable: string | null;
  readonly kind: string | null;
  /** What an enclosing nullable or default says about this place. */
  readonly around: Pick<JsonSchema, "description" | "default">;
}

const leafTypes: Readonly<Record<string, Leaf["type"]>> = {
  integer: "number",
  number: "number",
  boolean: "boolean",
  string: "string",
  array: "numbers",
};

/** Every value that can be set, in the order of the schema. Fields that several schedules share come once. */
export function leaves(): readonly Leaf[] {
  walked ??= walk();
  return walked;
}

let walked: readonly Leaf[] | null = null;

function walk(): readonly Leaf[] {
  const found = new Map<string, Leaf>();
  // What Cutout or an augmentation checks by itself has no form that JSON Schema knows.
  const schema = z.toJSONSchema(settingsSchema, { io: "input", unrepresentable: "any" }) as JsonSchema;
  collect(schema, { path: "", nullable: null, kind: null, around: {} }, found);
  return [...found.values()].map((leaf) => {
    const all = choices
      .map((path) => found.get(path)!)
      .find(({ path }) => partOf(path) === partOf(leaf.path));
    return leaf.kinds?.length === all?.choices?.length ? { ...leaf, kinds: null } : leaf;
  });
}

/** Fields that decide which others there are beside them. */
const choices = ["schedule.kind", "optimizer.name", "objective.kind"] as const;

const partOf = (path: string) => path.split(".")[0];

function collect(schema: JsonSchema, place: Place, found: Map<string, Leaf>): void {
  const { path, kind } = place;
  const options = schema.oneOf ?? schema.anyOf;
  const types = [schema.type ?? []].flat();
  const nullable =
    types.includes("null") || options?.some((option) => option.type === "null") ? path : place.nullable;
  if (options !== undefined) {
    for (const option of options) {
      const inner = option.properties?.kind?.const ?? option.properties?.name?.const ?? kind;
      collect(option, { path, nullable, kind: inner, around: schema }, found);
    }
    return;
  }
  if (schema.properties !== undefined) {
    for (const [name, child] of Object.entries(schema.properties)) {
      collect(child, { path: path === "" ? name : `${path}.${name}`, nullable, kind, around: {} }, found);
    }
    return;
  }
  const before = found.get(path);
  // A number that may be a text too is read as a number where it is one.
  const told = isText(schema.items) ? "texts" : leafTypes[types.find((name) => name !== "null") ?? ""];
  const type = before?.type === "number" ? "number" : told;
  if (type === undefined) return;
  const values = schema.const !== undefined ? [schema.const] : schema.enum;
  const standard = schema.default ?? place.around.default;
  found.set(path, {
    path,
    type,
    description: before?.description || schema.description || place.around.description || "",
    choices: values === undefined ? null : [...new Set([...(before?.choices ?? []), ...values])],
    default: before === undefined ? standard : before.default,
    nullable,
    kinds: kind === null ? null : [...new Set([...(before?.kinds ?? []), kind])],
    defaults: kind === null ? {} : { ...before?.defaults, [kind]: before?.defaults[kind] ?? standard },
  });
}

/** A text, or data that may be told as one. */
function isText(schema: JsonSchema | undefined): boolean {
  return schema?.type === "string" || schema?.anyOf?.some(({ type }) => type === "string") === true;
}
