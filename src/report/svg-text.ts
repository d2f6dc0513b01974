// Lines of text in an SVG: escaped, cut off or wrapped to a width.
import { escapeHtml } from "./markup.ts";
import { textWidth } from "./text-width.ts";

export interface TextStyle {
  /** Pixels. */
  readonly size: number;
  /** CSS colour. */
  readonly colour: string;
  readonly bold?: boolean;
}

/** One line with its left end and baseline at (x, y). */
export function textLine(text: string, x: number, y: number, { size, colour, bold }: TextStyle): string {
  const weight = bold ? ' font-weight="bold"' : "";
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${escapeHtml(colour)}"${weight}>${escapeHtml(text)}</text>`;
}

/** The text, or as much of its start as fits into `width` pixels, with an ellipsis. */
export function shortened(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text;
  const characters = [...text];
  while (characters.length > 0 && textWidth(`${characters.join("")}…`, size) > width) characters.pop();
  return `${characters.join("").trimEnd()}…`;
}

/** The text, or as much of its start and its end as fits, with an ellipsis between: names often differ at their end. */
export function shortenedInside(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text;
  const characters = [...text];
  const around = (kept: number) =>
    `${characters
      .slice(0, Math.ceil(kept / 2))
      .join("")
      .trimEnd()}…${characters
      .slice(characters.length - Math.floor(kept / 2))
      .join("")
      .trimStart()}`;
  let kept = characters.length - 1;
  while (kept > 0 && textWidth(around(kept), size) > width) kept--;
  return around(kept);
}

/** Lines of at most `width` pixels, broken between words; a longer word is cut off. */
export function wrapped(text: string, width: number, size: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = lines.length > 0 ? `${lines.at(-1)} ${word}` : word;
    if (lines.length > 0 && textWidth(longer, size) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.map((line) => shortened(line, width, size));
}

/** A value within an expression of Vega, whose texts unlike those of JSON hold no line separators. */
export function literal(value: unknown): string {
  return JSON.stringify(value).replace(/[\u2028\u2029]/g, (separator) =>
    separator === "\u2028" ? "\\u2028" : "\\u2029",
  );
}
