// What `cutout data stats` prints.
import { type Inspection, missingClassesNote, type Spread } from "../data/index.ts";
import { counted, decimal, printable, whole } from "../text.ts";
import { formatPercent } from "./progress.ts";
import { formatTable } from "./table.ts";

/** Classes and groups beyond these are left to the JSON and the page. */
const classesShown = 40;
const groupsShown = 5;
/** From this share of images on, what looks alike may be different things. */
const suspiciousShare = 0.1;

/** Plain text of some paragraphs: counts, images, what is broken, duplicates. */
export function formatInspection(inspection: Inspection): string {
  const parts = [counts, tooSmall, images, broken, leftOut, notes, duplicates];
  return parts
    .map((part) => part(inspection))
    .filter((part) => part !== "")
    .join("\n\n");
}

function counts({ parts, classes, counts }: Inspection): string {
  const together = parts.length > 1 ? ["together"] : [];
  const head = ["class", ...(parts.length > 1 ? parts : ["images"]), ...together];
  const row = (name: string, each: readonly number[]) => [
    name,
    ...each.map(whole),
    ...(parts.length > 1 ? [whole(sum(each))] : []),
  ];
  const rows = classes.slice(0, classesShown).map((name, label) =>
    row(
      name,
      counts.map((part) => part[label]!),
    ),
  );
  const rest = classes.length - classesShown;
  if (rest > 0) rows.push([`(${rest} more classes)`]);
  rows.push(row("all", counts.map(sum)));
  return formatTable([head, ...rows], ["left", ...head.slice(1).map(() => "right" as const)]);
}

function images({ sizes, formats, misnamed, channels }: Inspection): string {
  const spread = ({ smallest, median, largest }: Spread) =>
    smallest === largest
      ? `all ${decimal(smallest)}`
      : `${decimal(smallest)} to ${decimal(largest)}, median ${decimal(median)}`;
  const rows: string[][] = [];
  if (sizes !== null) {
    rows.push(["width", spread(sizes.width)], ["height", spread(sizes.height)]);
    rows.push(["width / height", spread(sizes.aspect)]);
  }
  if (formats.length > 0) {
    rows.push(["formats", formats.map(({ format, count }) => `${format} ${whole(count)}`).join(", ")]);
  }
  if (misnamed.length > 0) {
    rows.push(["wrong endings", `${counted(misnamed.length, "file")}, such as ${misnamed[0]}`]);
  }
  const { mean, std, part, size } = channels;
  const numbers = (values: readonly number[]) => values.map((value) => value.toFixed(4)).join(" ");
  rows.push(["mean", numbers(mean)], ["deviation", numbers(std)]);
  rows.push([
    "",
    `(of ${part === "all" ? "all images" : part}, as ${size.width}x${size.height}, from 0 to 1)`,
  ]);
  return formatTable(rows, ["left", "left"]);
}

function broken({ broken }: Inspection): string {
  if (broken.length === 0) return "no broken images";
  const reasons = new Map<string, number>();
  for (const { reason } of broken) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  const most = [...reasons].sort(([, a], [, b]) => b - a).slice(0, 5);
  return `${counted(broken.length, "broken image")}: ${most.map(([reason, times]) => `${printable(reason)} (${counted(times, "image")})`).join(", ")}`;
}

function leftOut({ leftOut }: Inspection): string {
  const lines = leftOut.map(({ what, count, names, remedy }) => {
    const some = names.slice(0, 3).join(", ");
    const such = names.length === 0 ? "" : `, such as ${some}`;
    return printable(`  ${what}: ${whole(count)}${such}${remedy === undefined ? "" : `; ${remedy}`}`);
  });
  return lines.length === 0 ? "" : ["not read:", ...lines].join("\n");
}

function notes({ notes }: Inspection): string {
  return notes.map(printable).join("\n");
}

function tooSmall({ missing }: Inspection): string {
  return missingClassesNote(missing).map(printable).join("\n");
}

function duplicates({ groups, leaks, conflicts, parts, images }: Inspection): string {
  if (groups.length === 0) return "no image is there twice";
  const lines: string[] = [];
  for (const { into, part, images, same, of } of leaks) {
    if (images === 0) continue;
    lines.push(
      `${counted(images, "image")} of ${into} (${formatPercent(images / of)}) also in ${part}: ` +
        `${whole(same)} with the very same pixels, ${whole(images - same)} nearly the same`,
    );
  }
  if (parts.length > 1 && lines.length === 0)
    lines.push(`no image is in two of the parts ${parts.join(", ")}`);
  if (conflicts > 0) lines.push(`${counted(conflicts, "image")} with more than one label`);
  const extra = groups.reduce((total, { members }) => total + members.length - 1, 0);
  const exact = groups.filter(({ sameness }) => sameness !== "look alike").length;
  lines.push(
    `${counted(groups.length, "image")} more than once (${counted(extra, "duplicate")}): ` +
      `${whole(exact)} the very same, ${whole(groups.length - exact)} nearly the same`,
  );
  const shown = [...groups]
    .sort((a, b) => rank(b) - rank(a) || b.likeness - a.likeness)
    .slice(0, groupsShown)
    .map(({ members, sameness, likeness, mirrored }) => {
      const some = members
        .slice(0, 3)
        .map(({ name, class: label, part }) => `${name} (${label}${parts.length > 1 ? `, ${part}` : ""})`);
      const rest = members.length > 3 ? ` and ${members.length - 3} more` : "";
      const how = sameness === "look alike" ? `likeness ${likeness.toFixed(3)}` : sameness;
      return printable(`  ${some.join(" = ")}${rest}: ${how}${mirrored ? ", mirrored" : ""}`);
    });
  lines.push(...shown);
  if (groups.length > shown.length) {
    lines.push(`  ... --html writes a page with pictures of them, --json all of them`);
  }
  if (extra > suspiciousShare * images) {
    lines.push(
      `(${formatPercent(extra / images)} of the images are duplicates: where different things look nearly the same, ` +
        "raise --likeness)",
    );
  }
  return lines.join("\n");
}

/** What is wrong comes first: other labels, then other parts. */
function rank({ members }: Inspection["groups"][number]): number {
  const several = (of: "class" | "part") => members.some((member) => member[of] !== members[0]![of]);
  return (several("class") ? 2 : 0) + (several("part") ? 1 : 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
