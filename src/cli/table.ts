// Plain text tables: columns as wide as their widest cell, numbers to the right.
import { printable } from "../text.ts";

/** @param alignments one for each column */
export function formatTable(
  cells: readonly (readonly string[])[],
  alignments: readonly ("left" | "right")[],
): string {
  // Names of files and classes may hold anything, line breaks too.
  const rows = cells.map((row) => row.map(printable));
  const widths = alignments.map((_, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          alignments[column] === "right" ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
