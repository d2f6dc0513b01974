// Numbers, settings and names as people read them.
import leven from "leven";

/** `92.77 %` with a space that does not break; one decimal for fewer than 1,000 images, where a second one would be noise. */
export function percent(share: number | null, count = Number.POSITIVE_INFINITY): string {
  return share === null ? "–" : `${(100 * share).toFixed(count < 1000 ? 1 : 2)}\u00A0%`;
}

/** `+1.33`, of a difference of shares in percentage points. */
export function points(difference: number, digits = 2): string {
  const text = (100 * difference).toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : difference > 0 ? `+${text}` : text.replace("-", "−");
}

/** `0.30`: how large a difference of shares is, in percentage points. */
export function size(difference: number, digits = 2): string {
  return points(Math.abs(difference), digits).replace("+", "");
}

/** `−0.62 to +0.01`, of differences of shares in percentage points. */
export function span(interval: { readonly lower: number; readonly upper: number }, digits = 2): string {
  return `${points(interval.lower, digits)} to ${points(interval.upper, digits)}`;
}

/** `12,500` */
export function whole(count: number): string {
  return Math.round(count).toLocaleString("en-US");
}

/** `1 image`, `12,500 images` */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${whole(count)} ${count === 1 ? one : many}`;
}

/** Four significant digits, without exponent where it stays short. */
export function decimal(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
}

/** A loss: four decimals. */
export function lossText(value: number): string {
  return Number.isFinite(value) ? value.toFixed(4) : "no number";
}

/** `6, 8 and 10` */
export function listed(parts: readonly (string | number)[]): string {
  return parts.length < 2 ? String(parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

/** With a capital letter, as a sentence begins. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `42 s`, `6 min 5 s`, `2 h 3 min` */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
  return `${Math.floor(rounded / 3600)} h ${Math.floor((rounded % 3600) / 60)} min`;
}

/** `0.031`, `below 0.0001` */
export function pValue(p: number): string {
  return p < 1e-4 ? "below 0.0001" : p < 0.1 ? String(Number(p.toPrecision(2))) : p.toFixed(2);
}

/** Nested settings as rows of dotted keys: `augment.cutout.length` and `16`. Lists stay on one row. */
export function dottedKeys(value: unknown, prefix = ""): [key: string, value: string][] {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value);
    if (entries.length === 0 && prefix !== "") return [[prefix, "{}"]];
    return entries.flatMap(([key, child]) => dottedKeys(child, prefix === "" ? key : `${prefix}.${key}`));
  }
  if (value === null) return [[prefix, "off"]];
  return [[prefix, typeof value === "string" ? value : (JSON.stringify(value) ?? String(value))]];
}

/** What lies at a dotted key of nested settings; undefined where nothing does. */
export function settingAt(settings: unknown, path: string): unknown {
  let found: unknown = settings;
  for (const key of path.split(".")) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Readonly<Record<string, unknown>>)[key];
  }
  return found;
}

/** A word for a POSIX shell: in quotes where it needs them. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

// Control characters (forbidden in SVG files), line separators, half surrogate pairs, and marks that turn the direction of the text
// after them: each could make a name break or fake what stands beside it.
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFFFE\uFFFF]/gu;

/** The text on one line, with every character that cannot be shown replaced by the replacement character. */
export function printable(text: string): string {
  return text.replace(unprintable, "\uFFFD");
}

/** A word of a command line without the user and the password of the address that it may hold: those are written nowhere. */
export function withoutPassword(word: string): string {
  return word.replace(/([a-z][a-z\d+.-]*:\/\/)[^\s/?#]*@/giu, "$1");
}

/** `grid-mask`, or `random-erasing:area=[0.02,0.2],fill=zero`: as a flag would have it. */
export function shortForm(name: string, options: object = {}): string {
  const told = Object.entries(options).map(([key, value]) => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return `${key}=${text}`;
  });
  return told.length === 0 ? name : `${name}:${told.join(",")}`;
}

/** Those of the known names that somebody may have meant, the nearest first; none when it is like none of them. */
export function nearNames(name: string, known: readonly string[], most = 5): readonly string[] {
  const told = name.toLowerCase();
  const maxDistance = Math.max(2, Math.floor(told.length / 3));
  const distanceTo = (one: string): number =>
    // The beginning of a name is like it, however much is left out.
    told.length > 1 && one.startsWith(told) ? 0 : leven(told, one.toLowerCase());
  return known
    .map((one) => ({ one, distance: distanceTo(one) }))
    .filter(({ distance }) => distance <= maxDistance)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ one }) => one);
}
