// HTML that escapes by itself: whatever is put into a template is text, unless it is HTML made the same way.
import { printable } from "../text.ts";

/** HTML made by `html`; only this module makes it. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Html | string | number | null | undefined | false | readonly Content[];

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For text and for attributes in quotes. */
export function escapeHtml(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => escapes[character]!);
}

/** A template: `html\`<b>${name}</b>\`` escapes `name`; null, undefined and false give nothing; arrays are joined. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  let text = strings[0]!;
  for (const [index, value] of values.entries()) text += textOf(value) + strings[index + 1]!;
  return new Html(text);
}

function textOf(value: Content): string {
  if (value instanceof Html) return value.text;
  if (value === null || value === undefined || value === false) return "";
  if (typeof value === "object") return value.map(textOf).join("");
  return escapeHtml(String(value));
}

/** Marks text as HTML that needs no escaping: for SVG from the chart library, style and script of our own. */
export function trusted(text: string): Html {
  return new Html(text);
}
