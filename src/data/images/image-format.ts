// Tells the format of an image file by its first bytes, and the formats that an ending promises.

interface Format {
  readonly name: string;
  readonly endings: RegExp;
  /** Of the first bytes, one character a byte. */
  readonly start: RegExp;
}

const formats: readonly Format[] = [
  { name: "JPEG", endings: /\.(jpe?g|jpe|jfif)$/i, start: /^\xFF\xD8\xFF/ },
  { name: "PNG", endings: /\.png$/i, start: /^\x89PNG/ },
  { name: "WebP", endings: /\.webp$/i, start: /^RIFF.{4}WEBP/s },
  { name: "GIF", endings: /\.gif$/i, start: /^GIF8/ },
  { name: "TIFF", endings: /\.tiff?$/i, start: /^(II[*+]\0|MM\0[*+])/ },
  { name: "AVIF", endings: /\.avif$/i, start: /^.{4}ftyp(avif|avis|mif1|miaf)/s },
];

/** The format by content; `other` for what is none of the readable ones. */
export function formatOf(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 12)).toString("latin1");
  return formats.find(({ start }) => start.test(head))?.name ?? "other";
}

/** Whether a file name's ending goes with the format; a name without a known ending goes with all. */
export function isEndingOf(name: string, format: string): boolean {
  const promised = formats.find(({ endings }) => endings.test(name));
  return promised === undefined || promised.name === format;
}
