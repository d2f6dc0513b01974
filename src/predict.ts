// What the package exports as `cutout/predict`: a trained run put to use, without training and without charts.
export type { ErrorFields } from "./error.ts";
export { CutoutError } from "./error.ts";
export type { Classified, Classifier, ClassifierOptions, DataEvaluation } from "./run/classifier.ts";
export { openClassifier } from "./run/classifier.ts";
