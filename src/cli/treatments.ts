// What a doctor tries when nothing else is said: by name, and by the flags that turn it on.

/** Each with its usual options; lengths follow the side of the images. */
export const treatments = {
  cutout: "--cutout",
  "random-erasing": "--augment random-erasing",
  cutmix: "--mix cutmix",
  mixup: "--mix mixup",
  "grid-mask": "--augment grid-mask",
  "label-smoothing": "--label-smoothing 0.1",
  "crops-and-colours": "--augment resized-crop --augment color-jitter",
  // Before the last pooling, which every network has: the one place where a setting is the same in all of them.
  "spatial-dropout": "--regularize spatial-dropout@last",
  dropblock: "--regularize dropblock@last",
} as const satisfies Readonly<Record<string, string>>;

export type Treatment = keyof typeof treatments;

export const treatmentNames = Object.keys(treatments) as readonly Treatment[];
