// What runs say together, on standard output: word for word as on the page.
import type { Words } from "../study/words.ts";
import { say } from "./console.ts";

export const linesOf = ({ headline, sentences, commands, cautions }: Words): readonly string[] =>
  [headline, ...sentences, ...commands.map((command) => `  ${command}`), ...cautions].map((line) =>
    line.replaceAll("\u00A0", " "),
  );

export function sayWords(words: Words): void {
  linesOf(words).forEach(say);
}
