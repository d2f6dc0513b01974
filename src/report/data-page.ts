// The page of `cutout data stats`: what there is in the data, with pictures of what is there more than once.
import { type InspectedGroup, type Inspection, missingClassesNote, type Spread } from "../data/index.ts";
import { counted, decimal, percent, whole } from "../text.ts";
import { type Content, type Html, html } from "./markup.ts";
import { cappedList, page, section, settingsList, table } from "./page.ts";

/** Groups with pictures in each section, and pictures of each group. */
const groupsShown = 60;
const membersShown = 8;
const namesShown = 200;
/** Classes of which a few images are shown. */
const classesPictured = 20;

/** The groups of the page, each in the first section that it belongs to. */
interface DataSections {
  /** In several parts. */
  readonly leaks: readonly InspectedGroup[];
  /** Under several labels. */
  readonly conflicts: readonly InspectedGroup[];
  readonly others: readonly InspectedGroup[];
}

/** Sorts the groups by what is wrong with them; within each the surest first. */
function dataSections(groups: readonly InspectedGroup[]): DataSections {
  const sorted = [...groups].sort((a, b) => b.likeness - a.likeness);
  const several = (group: InspectedGroup, of: "part" | "class") =>
    new Set(group.members.map((member) => member[of])).size > 1;
  return {
    leaks: sorted.filter((group) => several(group, "part")),
    conflicts: sorted.filter((group) => several(group, "class") && !several(group, "part")),
    others: sorted.filter((group) => !several(group, "part") && !several(group, "class")),
  };
}

/** Names of the images that the page shows pictures of. */
export function picturedNames({ groups, examples }: Pick<Inspection, "groups" | "examples">): Set<string> {
  const duplicates = Object.values(dataSections(groups)).flatMap((groups: readonly InspectedGroup[]) =>
    groups.slice(0, groupsShown).flatMap((group) => shownMembers(group).map(({ name }) => name)),
  );
  return new Set([...examples.slice(0, classesPictured).flat(), ...duplicates]);
}

/** The first of each part and class come first, so that what is wrong is seen. */
function shownMembers({ members }: InspectedGroup): InspectedGroup["members"] {
  const seen = new Set<string>();
  const first = members.filter((member) => {
    const key = JSON.stringify([member.part, member.class]);
    return !seen.has(key) && seen.add(key);
  });
  return [...first, ...members.filter((member) => !first.includes(member))].slice(0, membersShown);
}

/**
 * @param pictures WebP of the images of {@link picturedNames} by their names; one that is missing is said to be
 * @returns the HTML of one file that works offline
 */
export function dataPage(
  inspection: Inspection,
  pictures: ReadonlyMap<string, Uint8Array>,
  likeness: number,
): string {
  const sections = dataSections(inspection.groups);
  const { images, classes, broken } = inspection;
  const title = `What is in ${inspection.data}`;
  const groups = (id: string, heading: string, note: string, which: readonly InspectedGroup[]) =>
    which.length > 0 && section(id, heading, groupList(which, note, pictures, inspection.parts.length > 1));
  return page(
    title,
    html`<header>
<h1>${title}</h1>
<p>${counted(images, "image")} in ${counted(classes.length, "class", "classes")}${broken.length > 0 ? `, ${whole(broken.length)} more are broken` : ""}</p>
</header>
<main>
${headline(inspection)}${groups("leaks", "The same image in several parts", "A model that has seen a test image in training is not tested by it.", sections.leaks)}${groups("conflicts", "The same image under several labels", "At most one of the labels is right.", sections.conflicts)}${countsSection(inspection)}${examplesSection(inspection, pictures)}${imagesSection(inspection)}${brokenSection(inspection)}${leftOutSection(inspection)}${groups("others", "The same image several times in one class", "Harmless where they stay on one side of the split: --write-groups writes them for --groups of train.", sections.others)}
<p class="dim">Images count as the same from a likeness of ${likeness} on: the correlation of their frequencies, brightness and contrast left aside, as they are or mirrored. Different crops of a photo are not found. What is like something in a group belongs to it.</p>
</main>`,
  );
}

function headline({ leaks, groups, conflicts, parts }: Inspection): Html {
  const lines: Content[] = leaks
    .filter((leak) => leak.images > 0)
    .map(
      (leak) =>
        html`<b>${counted(leak.images, "image")} of ${leak.into} (${percent(leak.images / leak.of)})</b> ${leak.images === 1 ? "is" : "are"} in ${leak.part} too, ${whole(leak.same)} with the very same pixels.`,
    );
  if (conflicts > 0) lines.push(html`<b>${counted(conflicts, "image")}</b> with more than one label.`);
  const extra = groups.reduce((sum, { members }) => sum + members.length - 1, 0);
  lines.push(
    extra === 0
      ? html`No image is there twice.`
      : html`${counted(groups.length, "image is", "images are")} there more than once: ${counted(extra, "duplicate")}.`,
  );
  if (parts.length > 1 && leaks.every((leak) => leak.images === 0)) {
    lines.unshift(html`No image is in more than one of the parts ${parts.join(", ")}.`);
  }
  const bad = leaks.some((leak) => leak.images > 0) || conflicts > 0;
  return section(
    "headline",
    "Duplicates",
    html`${lines.map(
      (line) => html`<p>${line}</p>
`,
    )}`,
    bad ? "notice" : "",
  );
}

function groupList(
  groups: readonly InspectedGroup[],
  note: string,
  pictures: ReadonlyMap<string, Uint8Array>,
  withParts: boolean,
): Html {
  const rest = groups.length - groupsShown;
  return html`<p>${note}</p>
<div style="display:flex;flex-wrap:wrap;gap:.2rem 2rem">
${groups.slice(0, groupsShown).map((group) => oneGroup(group, pictures, withParts))}</div>${rest > 0 && html`<p class="dim">and ${counted(rest, "more group", "more groups")}, all in the file of --json.</p>`}`;
}

function oneGroup(
  group: InspectedGroup,
  pictures: ReadonlyMap<string, Uint8Array>,
  withParts: boolean,
): Html {
  const shown = shownMembers(group);
  const rest = group.members.length - shown.length;
  const same = group.sameness === "look alike" ? `likeness ${group.likeness.toFixed(3)}` : group.sameness;
  const figures = shown.map(({ name, class: label, part }) => {
    return html`<figure>${picture(name, pictures)}<figcaption>${label}${withParts ? `, ${part}` : ""}<small>${name}</small></figcaption></figure>
`;
  });
  return html`<div><p class="dim">${same}${group.mirrored ? ", mirrored" : ""}${rest > 0 ? `, ${counted(rest, "more image")}` : ""}</p>
<div class="shots" style="grid-template-columns:repeat(${Math.min(figures.length, 4)},112px)">
${figures}</div></div>
`;
}

function picture(name: string, pictures: ReadonlyMap<string, Uint8Array>): Html {
  const found = pictures.get(name);
  return found === undefined
    ? html`<div class="none">no picture</div>`
    : html`<img src="data:image/webp;base64,${Buffer.from(found).toString("base64")}" alt="${name}" decoding="async">`;
}

/** A few images of each class: what a table of numbers does not show. */
function examplesSection({ classes, examples }: Inspection, pictures: ReadonlyMap<string, Uint8Array>): Html {
  const rest = classes.length - classesPictured;
  return section(
    "examples",
    "A few images of each class",
    html`${classes.slice(0, classesPictured).map(
      (name, label) => html`<h3>${name}</h3>
<div class="shots" style="grid-template-columns:repeat(auto-fill,112px)">
${examples[label]!.map(
  (image) => html`<figure>${picture(image, pictures)}<figcaption><small>${image}</small></figcaption></figure>
`,
)}</div>
`,
    )}${rest > 0 && html`<p class="dim">and ${counted(rest, "more class", "more classes")}.</p>`}`,
  );
}

function countsSection({ parts, classes, counts, missing }: Inspection): Html {
  const rows = classes.map((name, label): Content[] => {
    const each = counts.map((part) => part[label]!);
    return [name, ...each.map(whole), ...(parts.length > 1 ? [whole(sum(each))] : [])];
  });
  const totals = counts.map((part) => sum(part));
  const last: Content[] = ["all", ...totals.map(whole), ...(parts.length > 1 ? [whole(sum(totals))] : [])];
  const head = ["class", ...(parts.length > 1 ? [...parts, "together"] : ["images"])];
  const small = missingClassesNote(missing).map((line) => html`<p>${line}.</p>`);
  return section("classes", "Classes", html`${table(head, [...rows, last])}${small}`);
}

function imagesSection({ sizes, formats, misnamed, channels }: Inspection): Html {
  const spread = ({ smallest, median, largest }: Spread) =>
    smallest === largest ? decimal(smallest) : [smallest, median, largest].map(decimal).join(" / ");
  const rows: [string, Content][] = [];
  if (sizes !== null) {
    rows.push(["width (least / median / most)", spread(sizes.width)]);
    rows.push(["height", spread(sizes.height)]);
    rows.push(["width divided by height", spread(sizes.aspect)]);
    for (const { width, height, count } of sizes.common.slice(0, 5)) {
      rows.push([`${width} x ${height}`, counted(count, "image")]);
    }
  }
  for (const { format, count } of formats) rows.push([format, counted(count, "file")]);
  const names = channels.mean.length === 1 ? ["grey"] : ["red", "green", "blue"];
  for (const [at, name] of names.entries()) {
    rows.push([
      `${name}: mean, deviation`,
      `${channels.mean[at]!.toFixed(4)}, ${channels.std[at]!.toFixed(4)}`,
    ]);
  }
  const { part, size } = channels;
  return section(
    "images",
    "Images",
    html`${settingsList(rows)}<p class="dim">Mean and deviation of ${part === "all" ? "all images" : `the images of ${part}`}, as ${size.width}x${size.height}, on the scale 0 to 1.</p>
${
  misnamed.length > 0 &&
  html`<h3>${counted(misnamed.length, "file has", "files have")} the ending of another format</h3>
${cappedList(misnamed, namesShown, "the file of --json", "names")}`
}`,
  );
}

function brokenSection({ broken }: Inspection): Html | false {
  if (broken.length === 0) return false;
  const items = broken.map(({ name, reason }) => html`${name} <span class="dim">${reason}</span>`);
  return section(
    "broken",
    `${counted(broken.length, "image")} cannot be read`,
    cappedList(items, namesShown, "the file of --json", "pairs"),
  );
}

function leftOutSection({ leftOut, notes }: Inspection): Html | false {
  if (leftOut.length === 0 && notes.length === 0) return false;
  const rows = leftOut.map(({ what, count, names, remedy }): Content[] => [
    what,
    whole(count),
    names.join(", "),
    remedy ?? "",
  ]);
  return section(
    "left-out",
    "What is not read",
    html`${rows.length > 0 && table(["what", "how many", "such as", "what would have it read"], rows)}${notes.map((note) => html`<p>${note}.</p>`)}`,
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
