// What runs say together, as the first part of a page: the same words as in the terminal.
import type { Words } from "../study/words.ts";
import { type Content, type Html, html } from "./markup.ts";
import { flagged, section } from "./page.ts";

export function wordsSection(id: string, heading: string, words: Words, more: Content = null): Html {
  const { headline, sentences, commands, cautions } = words;
  return section(
    id,
    heading,
    html`<p class="big verdict">${flagged(headline)}</p>
${sentences.map((sentence) => html`<p>${flagged(sentence)}</p>`)}
${
  commands.length > 0 &&
  html`<pre><code>${commands.map(
    (command) => html`${command}
`,
  )}</code></pre>`
}
${cautions.length > 0 && html`<ul>${cautions.map((caution) => html`<li>${caution}</li>`)}</ul>`}
${more}`,
  );
}
