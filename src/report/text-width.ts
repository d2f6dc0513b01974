// Width of a text without a canvas: shares of the font size, for a sans-serif font, on the wide side.

/** Advance widths of the characters from space to tilde in DejaVu Sans, in hundredths of the font size. */
const ascii = [
  32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34,
  34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73,
  68, 99, 69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63,
  63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
];

/** Characters as wide as they are high; on a terminal they take two columns. */
export const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Extended_Pictographic}\uFF01-\uFF60]/u;

/**
 * Estimated width of a line of text in pixels. DejaVu Sans is among the widest common fonts, so that what is laid
 * out with these widths fits with the others too.
 */
export function textWidth(text: string, fontSize: number): number {
  let hundredths = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    hundredths += code >= 32 && code < 127 ? ascii[code - 32]! : wide.test(character) ? 100 : 64;
  }
  return (hundredths / 100) * fontSize;
}
