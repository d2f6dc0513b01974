// The names of columns as a text: `image,label`.
import type { Columns } from "../data/names.ts";
import { CutoutError } from "../error.ts";
import { show } from "./fields.ts";

/**
 * Two different names, with a comma between them where they are a text.
 * @throws CutoutError when they are anything else
 */
export function columnsFrom(given: Columns | string): Columns {
  const { image, label, ...more } =
    typeof given === "string" ? namesIn(given) : (given as Columns & Record<string, unknown>);
  const isName = (name: unknown) => typeof name === "string" && name !== "";
  if (isName(image) && isName(label) && image !== label && Object.keys(more).length === 0)
    return { image, label };
  throw new CutoutError({
    where: "columns",
    what: "must be two names, as image,label",
    got: show(given),
    kind: "settings",
  });
}

function namesIn(text: string): Columns {
  const [image = "", label = "", ...more] = text.split(",").map((name) => name.trim());
  return more.length > 0 ? { image: "", label: "" } : { image, label };
}
