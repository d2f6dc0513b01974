// Where a table or an archive keeps the images and the labels.

/** Names of columns, arrays or fields. */
export interface Columns {
  readonly image: string;
  readonly label: string;
}

/** `image,label` as two names; null when it is anything else. */
export function parseColumns(text: string): Columns | null {
  const [image = "", label = "", ...more] = text.split(",").map((name) => name.trim());
  return image === "" || label === "" || more.length > 0 || image === label ? null : { image, label };
}
