// What flags and config speak of: names of formats, columns and image files. Loads no library; all else is in index.ts.
export type { Columns } from "./datasets/columns.ts";
export { imageName } from "./datasets/folder-listing.ts";
export { type DataFormat, dataFormats } from "./open.ts";
