// A page on what is inside one or two trained networks: Figure 4 of the Cutout paper, hidden parts, and maps of images.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { encodeWebp } from "../data/index.ts";
import { replaceFile } from "../durable-file.ts";
import { type HiddenRow, type InspectedRun, layersAcross, type ShownFor } from "../study/activations.ts";
import { hiddenHeadline, hiddenSentences, hiddenTable, magnitudeRows } from "../study/activations-words.ts";
import { counted, decimal, percent, points } from "../text.ts";
import { hiddenChart, magnitudeCharts } from "./activation-charts.ts";
import { inOrder } from "./gallery.ts";
import { enlarge, heatColors, type NumberMap, overlay, type PixelImage } from "./heat-map.ts";
import { type Html, html, trusted } from "./markup.ts";
import { breakable, flagged, page, section, table } from "./page.ts";
import { renderSvg } from "./render.ts";

/** A run with what a reader wants to know of it. */
export interface LookedInto extends InspectedRun {
  /** As given. */
  readonly path: string;
  readonly network: string;
  /** Which checkpoint they are in. */
  readonly weights: "best" | "last";
  /** After which epoch the weights were kept. */
  readonly epoch: number;
}

export interface ShownMaps extends PixelImage {
  readonly predicted: number;
  readonly confidence: number;
  readonly probability: number;
  readonly gradCam: (NumberMap & { readonly layer: string }) | null;
  readonly occlusion: NumberMap & { readonly length: number };
}

export interface ShownImage {
  readonly name: string;
  readonly label: number;
  readonly why: ShownFor;
  /** In the order of the runs. */
  readonly runs: readonly ShownMaps[];
}

export interface ActivationsLook {
  /** One, or two on the same images. */
  readonly runs: readonly LookedInto[];
  readonly hidden: readonly HiddenRow[];
  readonly images: readonly ShownImage[];
  /** Of the places of the squares. */
  readonly seed: number;
}

/** Writes one offline page. @returns its path */
export async function writeActivationsPage(look: ActivationsLook, outFile: string): Promise<string> {
  const text = await activationsPage(look);
  mkdirSync(dirname(outFile), { recursive: true });
  replaceFile(outFile, [Buffer.from(text)]);
  return outFile;
}

async function activationsPage(look: ActivationsLook): Promise<string> {
  const { runs } = look;
  const title = `Inside ${runs.map(({ label }) => `“${label}”`).join(" and ")}`;
  const { part, names } = runs[0]!;
  const facts = [
    ...runs.map(({ path, network, epoch }) => `${network} in ${path}, epoch ${epoch}`),
    `${counted(names.length, "image")} (${part})`,
  ];
  return page(
    title,
    html`<header>
<h1>${flagged(title)}</h1>
<p>${facts.join(" · ")}</p>
</header>
<main>
${await hiddenSection(look)}${await magnitudesSection(runs)}${await mapsSection(look)}</main>
`,
  );
}

async function hiddenSection({ runs, hidden, seed }: ActivationsLook): Promise<Html> {
  const labels = runs.map(({ label }) => label);
  const svg = await renderSvg(hiddenChart(hidden, labels, mostFrequent(runs[0]!)), {
    for: "page",
    title: "Accuracy of each run against the share of the side that is hidden",
  });
  const head = ["Side hidden", "Area hidden", ...labels.map((label) => `${label}: accuracy, %`)];
  const paired = runs.length > 1 ? ["Difference, points", "Right: only first / second", "p, Holm"] : [];
  return section(
    "hidden",
    "When a part is hidden",
    html`<p class="big verdict">${flagged(hiddenHeadline(runs, hidden))}</p>
${hiddenSentences(runs, hidden).map((sentence) => html`<p>${flagged(sentence)}</p>`)}
<div class="charts"><div>${trusted(svg)}</div></div>
<p class="dim">One square in each of the ${counted(runs[0]!.names.length, "image")}, wholly inside, at a random place (seed ${seed}) that is the same for all sizes${runs.length > 1 && " and both runs"}; it has the mean colour of the training images. Dashed: always the most frequent class.</p>
${table([...head, ...paired], hiddenTable(runs, hidden))}
<p class="dim">In brackets 95 % intervals: Wilson’s of an accuracy${runs.length > 1 && ", Tango’s of a difference; p is McNemar’s exact test after Holm’s correction for all sizes"}.</p>`,
  );
}

function mostFrequent({ labels, classes }: InspectedRun): number {
  const counts = classes.map((_, label) => labels.filter((one) => one === label).length);
  return Math.max(...counts) / labels.length;
}

async function magnitudesSection(runs: readonly LookedInto[]): Promise<Html> {
  const labels = runs.map(({ label }) => label);
  const layers = await inOrder(layersAcross(runs), async (across) => {
    const charts = magnitudeCharts(across, labels);
    const drawn = [
      await renderSvg(charts.sortedThenAveraged, {
        for: "page",
        title: `${across.name}: magnitudes sorted in each image, then averaged`,
      }),
      await renderSvg(charts.averagedThenSorted, {
        for: "page",
        title: `${across.name}: magnitudes averaged over the images, then sorted`,
      }),
    ];
    const [features, ...size] = across.runs[0]!.layer.shape as readonly [number, ...number[]];
    const maps =
      size.length > 0
        ? `${counted(features, "feature map")} of ${size.join(" x ")}`
        : counted(features, "feature");
    return html`<h3>${across.name}: ${maps}</h3>
<div class="charts">${drawn.map((svg) => html`<div>${trusted(svg)}</div>`)}</div>
`;
  });
  const change = runs.length > 1 ? ["Change"] : [];
  return section(
    "magnitudes",
    "Magnitude of the feature activations",
    html`<p>As in Figure 4 of the Cutout paper (DeVries and Taylor 2017), over ${counted(runs[0]!.names.length, "image")}. The magnitude of a feature map is the mean of |a| over its positions.</p>
<p class="dim">The paper sorts “by descending value” and averages “over all test samples”, and does not say which comes first: here are both. Sorted in each image first, the curve tells how strong the strongest, second strongest, ... feature of an image is, whichever it is; averaged first, how strong each feature is on the whole. A layer’s scale is its own: after a layer that is normalized, or before a weight that is larger, the same information comes in other numbers.</p>
${table(["Layer", ...labels.map((label) => `${label}: mean`), ...change], magnitudeRows(runs))}
${layers}`,
  );
}

const reasons: Readonly<Record<ShownFor, string>> = {
  "asked for": "asked for",
  "only one is right": "only one of the two is right",
  "sure and wrong": "wrong, and sure of it",
  "sure and right": "right, and sure of it",
};

async function mapsSection({ runs, images }: ActivationsLook): Promise<Html | null> {
  if (images.length === 0) return null;
  const shown = await inOrder(images, (image) => imageRow(image, runs));
  const layers = new Set(images[0]!.runs.flatMap(({ gradCam }) => gradCam?.layer ?? []));
  const swatch = (colour: readonly number[]) =>
    html`<span style="display:inline-block;width:.8em;height:.8em;border-radius:2px;background:rgb(${colour.join(",")})"></span>`;
  return section(
    "maps",
    "Where the networks look",
    html`<p>${layers.size > 0 && html`<b>Grad-CAM</b> (Selvaraju et al. 2017) in ${[...layers].join(" and ")}: ${swatch(heatColors.warm)} what speaks for the true class, on the scale of each picture. `}<b>Occlusion</b> (Zeiler and Fergus 2014): a square of a quarter of the side slides over the image; ${swatch(heatColors.warm)} where it lowers the probability of the true class, ${swatch(heatColors.cold)} where it raises it, on one scale for all runs of an image. Below: by how many points at most.</p>
${shown}`,
  );
}

async function imageRow(
  { name, label, why, runs: maps }: ShownImage,
  runs: readonly LookedInto[],
): Promise<Html> {
  const { classes } = runs[0]!;
  const most = Math.max(...maps.flatMap(({ occlusion }) => Array.from(occlusion.values, Math.abs)));
  const figures = [
    await figure(large(maps[0]!), html`${classes[label]}`, name),
    ...(
      await Promise.all(
        maps.map(async (map, run) => {
          const image = large(map);
          const says = html`${flagged(runs[run]!.label)}: ${map.predicted === label ? html`<span class="good">${classes[map.predicted]}</span>` : html`<span class="bad">${classes[map.predicted]}</span>`}, ${percent(map.confidence, 1).replace(".0", "")} sure`;
          const { gradCam, occlusion } = map;
          const strongest = gradCam === null ? 0 : Math.max(...Array.from(gradCam.values));
          const [lowest, highest] = [Math.min, Math.max].map((end) =>
            end(...Array.from(occlusion.values)),
          ) as [number, number];
          return [
            ...(gradCam === null
              ? []
              : [
                  await figure(
                    overlay(image, gradCam, strongest || 1),
                    says,
                    strongest > 0
                      ? `Grad-CAM, at most ${decimal(strongest)}`
                      : "Grad-CAM: nothing speaks for it",
                  ),
                ]),
            await figure(
              overlay(image, occlusion, most || 1),
              html`${flagged(runs[run]!.label)}: ${classes[label]} ${percent(map.probability, 1)}`,
              `Occlusion: ${points(-highest, 1)} to ${points(-lowest, 1)} points`,
            ),
          ];
        }),
      )
    ).flat(),
  ];
  return html`<h3>${breakable(name)}: ${reasons[why]}</h3>
<div class="shots" style="grid-template-columns:repeat(auto-fit,minmax(112px,1fr));max-width:${figures.length * 200}px">
${figures}</div>
`;
}

/** Pixels of a side that a picture has at least. */
const pictureSide = 192;

const large = (image: PixelImage) =>
  enlarge(image, Math.max(1, Math.ceil(pictureSide / Math.max(image.height, image.width))));

async function figure({ pixels, height, width }: PixelImage, caption: Html, small: string): Promise<Html> {
  const webp = await encodeWebp(pixels, { height, width, channels: 3 });
  const uri = `data:image/webp;base64,${Buffer.from(webp).toString("base64")}`;
  return html`<figure><img src="${uri}" alt="${small}" decoding="async"><figcaption>${caption}<small>${breakable(small)}</small></figcaption></figure>
`;
}
