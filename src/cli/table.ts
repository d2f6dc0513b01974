// Plain text tables: columns as wide as their widest cell, numbers to the right.

/** @param alignments one for each column */
export function formatTable(
  rows: readonly (readonly string[])[],
  alignments: readonly ("left" | "right")[],
): string {
  const widths = alignments.map((_, column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
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
