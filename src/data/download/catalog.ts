// The data sets that can be fetched by name: where their authors keep them, and what the files must be.
import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { CutoutError } from "../../error.ts";

/** How a fetched file becomes the files of the data set. */
export type Packing = "tar.gz" | "zip" | "gz" | "none";

export interface RemoteFile {
  /** Name below the address, and in the folder. */
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly packing: Packing;
}

export interface KnownDataset {
  readonly title: string;
  /** Base addresses, the authors' own first; each holds all files. End in `/`. */
  readonly addresses: readonly string[];
  readonly files: readonly RemoteFile[];
  /** Bound of what may be unpacked, bytes; a little above what it is. */
  readonly unpackedBytes: number;
  /** Below the folder of the data set, what to give to `cutout train`: a folder or a file; empty for the folder itself. */
  readonly data: string;
  /** The page on which the authors describe it. */
  readonly page: string;
}

const mnistFiles = (digests: readonly [bytes: number, sha256: string][]): RemoteFile[] =>
  ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"].map((stem, at) => ({
    name: `${stem}-ubyte.gz`,
    bytes: digests[at]![0],
    sha256: digests[at]![1],
    packing: "gz",
  }));

const svhnFile = (name: string, bytes: number, sha256: string): RemoteFile => ({
  name: `${name}_32x32.mat`,
  bytes,
  sha256,
  packing: "none",
});
const svhnFiles = {
  train: svhnFile("train", 182_040_794, "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"),
  test: svhnFile("test", 64_275_384, "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"),
  extra: svhnFile("extra", 1_329_278_602, "a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3"),
} as const;
const svhn = {
  addresses: ["http://ufldl.stanford.edu/housenumbers/"],
  unpackedBytes: 0,
  page: "http://ufldl.stanford.edu/housenumbers/",
} as const;

// Sizes and SHA-256 are those that TensorFlow Datasets checks its downloads against (`url_checksums/*.txt`); those of
// `asirra` are from GoMLX's `dogsvscats.go` and from logs of downloads. The authors' pages give MD5 sums of the same
// files (CIFAR-10 binary c32a1d4ab5d03f1284b67883e8d87530), which torchvision checks.
export const catalog = {
  cifar10: {
    title: "CIFAR-10, 60,000 photos of 32x32 in 10 classes",
    addresses: ["https://www.cs.toronto.edu/~kriz/"],
    files: [
      {
        name: "cifar-10-binary.tar.gz",
        bytes: 170_052_171,
        sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        packing: "tar.gz",
      },
    ],
    unpackedBytes: 190e6,
    data: "cifar-10-batches-bin",
    page: "https://www.cs.toronto.edu/~kriz/cifar.html",
  },
  cifar100: {
    title: "CIFAR-100, 60,000 photos of 32x32 in 100 classes",
    addresses: ["https://www.cs.toronto.edu/~kriz/"],
    files: [
      {
        name: "cifar-100-binary.tar.gz",
        bytes: 168_513_733,
        sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        packing: "tar.gz",
      },
    ],
    unpackedBytes: 190e6,
    data: "cifar-100-binary",
    page: "https://www.cs.toronto.edu/~kriz/cifar.html",
  },
  svhn: {
    ...svhn,
    title: "SVHN, 99,289 digits of house numbers of 32x32 in 10 classes",
    files: [svhnFiles.train, svhnFiles.test],
    data: "",
  },
  "svhn-extra": {
    ...svhn,
    title: "SVHN with its 531,131 extra training images, easier ones",
    files: [svhnFiles.train, svhnFiles.extra, svhnFiles.test],
    data: "",
  },
  stl10: {
    title: "STL-10, 13,000 labelled photos of 96x96 in 10 classes, and 100,000 without a label",
    addresses: ["http://ai.stanford.edu/~acoates/stl10/"],
    files: [
      {
        name: "stl10_binary.tar.gz",
        bytes: 2_640_397_119,
        sha256: "f31fd99273a1acb8609c8db427cebb1de3f71de77758cdc0e22956e1289b9866",
        packing: "tar.gz",
      },
    ],
    unpackedBytes: 3.2e9,
    data: "stl10_binary",
    page: "https://cs.stanford.edu/~acoates/stl10/",
  },
  mnist: {
    title: "MNIST, 70,000 handwritten digits of 28x28",
    // The authors' own server no longer gives the files to everybody; these two hold the same bytes.
    addresses: [
      "https://storage.googleapis.com/cvdf-datasets/mnist/",
      "https://ossci-datasets.s3.amazonaws.com/mnist/",
    ],
    files: mnistFiles([
      [9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"],
      [28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"],
      [1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"],
      [4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"],
    ]),
    unpackedBytes: 60e6,
    data: "",
    page: "http://yann.lecun.com/exdb/mnist/",
  },
  "fashion-mnist": {
    title: "Fashion-MNIST with its official split, 70,000 articles of 28x28 in 10 classes",
    addresses: ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
    files: mnistFiles([
      [26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"],
      [29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"],
      [4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"],
      [5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"],
    ]),
    unpackedBytes: 60e6,
    data: "",
    page: "https://github.com/zalandoresearch/fashion-mnist",
  },
  asirra: {
    title: "Asirra (Kaggle's Dogs vs. Cats), 25,000 photos of cats and dogs",
    addresses: ["https://download.microsoft.com/download/3/E/1/3E1C3F21-ECDB-4869-8368-6DEBA77B919F/"],
    files: [
      {
        name: "kagglecatsanddogs_5340.zip",
        bytes: 824_887_076,
        sha256: "b7974bd00a84a99921f36ee4403f089853777b5ae8d151c76a86e64900334af9",
        packing: "zip",
      },
    ],
    unpackedBytes: 1e9,
    data: "PetImages",
    page: "https://www.microsoft.com/en-us/download/details.aspx?id=54765",
  },
} as const satisfies { readonly [name: string]: KnownDataset };

/**
 * A data set of the catalogue by its name.
 * @throws Error that lists the names when there is none of this name
 */
export function knownDataset(name: string): KnownDataset {
  const found = Object.entries<KnownDataset>(catalog).find(([known]) => known === name)?.[1];
  if (found !== undefined) return found;
  throw new CutoutError({
    where: "data get",
    what: `NAME must be one of ${Object.keys(catalog).join(", ")}`,
    got: name,
  });
}

/** What to do about data that are not there: to get them, where their path says that they are a known set. */
export function missingDataRemedy(path: string): string {
  const own = basename(path);
  const folders = path.split(/[\\/]/);
  const known = Object.entries<KnownDataset>(catalog).find(
    ([name, { data }]) => folders.includes(name) || (data !== "" && own === data),
  );
  if (known === undefined) return "give the folder that holds the images";
  const [name, { data }] = known;
  const fetched = join("data", name, data);
  return existsSync(fetched) ? `give ${fetched}` : `get it with: cutout data get ${name}`;
}
