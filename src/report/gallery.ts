// Pictures of test images: the most wrong ones, and those behind each cell of the confusion matrix.

import type { Pictures } from "../run-folder/index.ts";
import { counted, percent } from "../text.ts";
import type { Evaluation, ImagePrediction } from "../train/evaluation.ts";
import { cellId } from "./confusion-chart.ts";
import { type Content, type Html, html } from "./markup.ts";
import { breakable, cappedList } from "./page.ts";

/** Images up to this side, in pixels, are shown with crisp pixels. */
export const smallSide = 48;

const mostWrongShown = 24;
const shotsPerCell = 60;
const namesPerCell = 300;

/** An infinite loss is the most wrong of all. */
const wrongness = ({ loss }: ImagePrediction) => (Number.isNaN(loss) ? Number.POSITIVE_INFINITY : loss);

/** The highest loss first; equal ones keep their order. */
function mostWrongFirst(predictions: readonly ImagePrediction[]): ImagePrediction[] {
  return [...predictions].sort((a, b) => (wrongness(a) === wrongness(b) ? 0 : wrongness(b) - wrongness(a)));
}

/** One picture with a caption; where no picture was kept, a field that says so. */
export async function shot(
  { name, picture }: { readonly name: string; readonly picture: string | null },
  caption: Content,
  pictures: Pictures,
): Promise<Html> {
  const uri = await pictures.load(picture);
  const image = uri
    ? html`<img src="${uri}" alt="${name}" decoding="async">`
    : html`<div class="none">picture not kept</div>`;
  return html`<figure>${image}<figcaption>${caption}<small>${breakable(name)}</small></figcaption></figure>
`;
}

/** A grid of pictures; the pixels of small images stay crisp. */
export function shots(figures: readonly Html[], small: boolean): Html {
  return html`<div class="shots${small ? " small" : ""}">
${figures}</div>`;
}

/** In order and one after the other, so that the budget of bytes goes to the first ones. */
export async function inOrder<T>(items: readonly T[], make: (item: T) => Promise<Html>): Promise<Html[]> {
  const made: Html[] = [];
  for (const item of items) made.push(await make(item));
  return made;
}

/** The mistakes the model was surest of. */
export async function mostWrong(
  { predictions, classes }: Evaluation,
  pictures: Pictures,
  small: boolean,
): Promise<Html> {
  const wrong = mostWrongFirst(predictions.filter(({ label, predicted }) => label !== predicted));
  if (wrong.length === 0) return html`<p>Every test image was classified right.</p>`;
  const figures = await inOrder(wrong.slice(0, mostWrongShown), (one) => {
    const caption = html`${classes[one.label]!.name}, taken for <b>${classes[one.predicted]!.name}</b>, ${percent(one.confidence, 0)} sure`;
    return shot(one, caption, pictures);
  });
  return html`<p>Of ${counted(wrong.length, "mistake")}, the ${figures.length === wrong.length ? "most wrong first" : `${figures.length} with the highest loss`}: what the image is, what the model took it for, and how sure it was. Labels can be wrong too: look.</p>
${shots(figures, small)}`;
}

/** A hidden part for each cell that counts something; the matrix links to them. */
export async function cells(
  { predictions, classes }: Evaluation,
  pictures: Pictures,
  small: boolean,
): Promise<Html> {
  const groups = new Map<string, ImagePrediction[]>();
  // Mistakes come first, so that they get their pictures before the right answers do.
  const order = mostWrongFirst(predictions);
  for (const one of [
    ...order.filter((p) => p.label !== p.predicted),
    ...order.filter((p) => p.label === p.predicted),
  ]) {
    const id = cellId(one.label, one.predicted);
    const group = groups.get(id);
    if (group) group.push(one);
    else groups.set(id, [one]);
  }
  const made = await inOrder([...groups], ([id, group]) => cell(id, group, classes, pictures, small));
  return html`${made}`;
}

async function cell(
  id: string,
  group: readonly ImagePrediction[],
  classes: Evaluation["classes"],
  pictures: Pictures,
  small: boolean,
): Promise<Html> {
  const { label, predicted } = group[0]!;
  const kept: ImagePrediction[] = [];
  const named: ImagePrediction[] = [];
  for (const one of group) {
    if (kept.length < shotsPerCell && (await pictures.load(one.picture)) !== null) kept.push(one);
    else named.push(one);
  }
  const figures = await inOrder(kept, (one) => shot(one, html`${percent(one.confidence, 0)} sure`, pictures));
  const heading =
    label === predicted
      ? html`${classes[label]!.name}, predicted right`
      : html`${classes[label]!.name}, taken for ${classes[predicted]!.name}`;
  const names = cappedList(
    named.map(({ name, confidence }) => html`${name} <span class="dim">${percent(confidence, 0)}</span>`),
    namesPerCell,
    "evaluation.json",
    "names",
  );
  return html`<div class="cell" id="${id}" tabindex="-1">
<h3>${heading}: ${counted(group.length, "image")}</h3>
${figures.length > 0 && shots(figures, small)}
${named.length > 0 && html`<details${figures.length === 0 ? html` open` : ""}><summary>${counted(named.length, "image")} without a picture here</summary>${names}</details>`}
<p class="screen"><a href="#matrix">Back to the matrix</a></p>
</div>
`;
}
