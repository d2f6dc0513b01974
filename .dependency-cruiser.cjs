// Import rules of the house: who may import whom. A room imports itself, what is listed here, and npm packages.
const shared = ["tensor", "rng", "error", "text", "told", "version"];
/** The rooms that write files; they may import durable-file too. */
const writers = ["data", "runtime", "report", "run-folder", "run", "study-folder", "execute", "cli"];
/** The rooms that start threads; they may import thread too. */
const starters = ["data", "train", "execute"];

/** The modules beside the rooms that a room may import. */
const besides = (room) => [
  ...shared,
  ...(writers.includes(room) ? ["durable-file"] : []),
  ...(starters.includes(room) ? ["thread"] : []),
];

/** Room -> the rooms it may import. */
const allowed = {
  augment: [],
  data: ["augment"],
  stats: [],
  graph: [],
  onnx: ["graph", "nn", "augment"],
  runtime: ["onnx", "graph"],
  nn: ["graph", "optim"],
  optim: ["graph"],
  config: ["augment", "data", "nn", "optim", "runtime"],
  train: ["augment", "data", "graph", "nn", "optim", "runtime"],
  "run-folder": ["config", "data", "nn", "train"],
  report: ["augment", "config", "data", "run-folder", "stats", "study", "study-folder", "train"],
  run: [
    "augment",
    "config",
    "data",
    "graph",
    "nn",
    "onnx",
    "optim",
    "report",
    "run-folder",
    "runtime",
    "train",
  ],
  "study-folder": ["config", "run-folder", "train"],
  execute: ["config", "data", "run", "run-folder", "study-folder"],
  study: ["config", "execute", "run-folder", "stats", "study-folder", "train"],
  cli: [
    "config",
    "data",
    "execute",
    "nn",
    "report",
    "run",
    "run-folder",
    "stats",
    "study",
    "study-folder",
    "train",
  ],
};

const rooms = Object.entries(allowed).map(([room, others]) => ({
  name: `imports-of-${room}`,
  comment: `${room} may import ${[...others, ...besides(room)].join(", ")}`,
  severity: "error",
  from: { path: `^src/${room}/`, pathNot: "\\.test\\.ts$" },
  to: {
    path: "^src/",
    pathNot: [`^src/(${[room, ...others].join("|")})/`, `^src/(${besides(room).join("|")})\\.ts$`],
  },
}));

/** A library and the only files that may import it, so that it can be exchanged. */
const only = (name, library, files) => ({
  name,
  severity: "error",
  from: { path: "^src/", pathNot: [...files, "\\.test\\.ts$"] },
  to: { path: `node_modules/${library}` },
});

module.exports = {
  forbidden: [
    ...rooms,
    {
      name: "report-reads-types-of-runs",
      comment: "report knows the types of what a run folder holds, and nothing else of train",
      severity: "error",
      from: { path: "^src/report/", pathNot: "\\.test\\.ts$" },
      to: { path: "^src/train/", pathNot: "^src/train/(events|evaluation)\\.ts$" },
    },
    {
      name: "report-reads-comparisons-of-study",
      comment: "report draws what study says of finished runs; it starts none",
      severity: "error",
      from: { path: "^src/report/", pathNot: "\\.test\\.ts$" },
      to: { path: "^src/study/conduct\\.ts$" },
    },
    {
      name: "study-reads-types-of-training",
      comment: "study knows the types of what a run folder holds, and nothing else of train",
      severity: "error",
      from: { path: "^src/study/", pathNot: "\\.test\\.ts$" },
      to: { path: "^src/train/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "data-by-its-face",
      comment:
        "other rooms see of data what index.ts exports; names.ts are the names alone, which load no library",
      severity: "error",
      from: { path: "^src/(?!data/)", pathNot: "\\.test\\.ts$" },
      to: { path: "^src/data/", pathNot: "^src/data/(index|names)\\.ts$" },
    },
    {
      name: "augment-needs-nothing-of-node",
      comment: "cutout/augment runs in a browser too",
      severity: "error",
      from: { path: "^src/(augment/|rng\\.ts|tensor\\.ts|error\\.ts)", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "train-needs-nothing-of-node",
      comment: "the trainer runs in a browser too; only the training thread is Node's",
      severity: "error",
      from: { path: "^src/train/", pathNot: ["\\.test\\.ts$", "^src/train/training-thread"] },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "train-is-handed-its-runtime-and-loader",
      comment: "types alone; the training thread chooses its runtime",
      severity: "error",
      from: {
        path: "^src/train/",
        pathNot: ["\\.test\\.ts$", "^src/train/training-thread"],
      },
      to: { path: "^src/(data|runtime)/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "no-cycles",
      comment: "types may refer to each other; code may not",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "nobody-imports-cli",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/cli/" },
      to: { path: "^src/cli/" },
    },
    {
      name: "no-tests-in-the-product",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { path: "(\\.test\\.ts$|^test/|^bench/)" },
    },
    {
      name: "no-undeclared-packages",
      severity: "error",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown", "npm-dev", "unknown", "undetermined"] },
    },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    only("sharp-in-few-files", "sharp/", [
      "^src/data/images/image\\.ts$",
      "^src/report/(sheet|render)\\.ts$",
    ]),
    only("protobuf-in-one-file", "(onnx-buf|@bufbuild)/", ["^src/onnx/proto\\.ts$"]),
    only("onnxruntime-in-one-file", "onnxruntime-node/", ["^src/runtime/node\\.ts$"]),
    only("undici-in-one-file", "undici/", ["^src/data/http/client\\.ts$"]),
    only("yauzl-in-two-files", "yauzl/", ["^src/data/(download/unpack|datasets/npz)\\.ts$"]),
    only("commander-in-cli", "commander/", ["^src/cli/"]),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^dist/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
