// Where a table or an archive keeps the images and the labels.

/** Names of columns, arrays or fields. */
export interface Columns {
  readonly image: string;
  readonly label: string;
}
