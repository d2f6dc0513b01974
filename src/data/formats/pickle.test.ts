import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { toNumbers, typeName } from "./numpy-type.ts";
import { isPickledArray, type Pickled, pickledText, readPickle } from "./pickle.ts";

const golden = join(import.meta.dirname, "../../../test/golden/datasets/pickles");
const read = (name: string) => readPickle(readFileSync(join(golden, name)));
const ascii = (text: string) => Buffer.from(text, "latin1");

function arrayOf(value: Pickled | undefined) {
  if (!isPickledArray(value)) throw new Error("no array");
  const { shape, type, fortranOrder, data } = value;
  return { shape, type: typeName(type), fortranOrder, numbers: [...toNumbers(data, type)] };
}

it.each([2, 3, 4, 5])("reads containers and arrays of protocol %i", (protocol) => {
  const table = read(`protocol${protocol}.pkl`) as ReadonlyMap<string, Pickled>;
  const twelve = Array.from({ length: 12 }, (_, index) => index);
  expect(arrayOf(table.get("int"))).toMatchObject({ shape: [3, 4], type: "int32", numbers: twelve });
  expect(arrayOf(table.get("big"))).toMatchObject({ type: "int16", numbers: [0, 1, 2, 3, 4, 5] });
  expect(arrayOf(table.get("fortran"))).toEqual({
    shape: [2, 3],
    type: "float64",
    fortranOrder: true,
    numbers: [0, 0.75, 0.25, 1, 0.5, 1.25],
  });
  expect(arrayOf(table.get("bool"))).toMatchObject({ type: "bool", numbers: [1, 0] });
  const list = table.get("list") as readonly Pickled[];
  expect(list.slice(0, 7)).toEqual([1, -2, 2 ** 40, 0.5, null, true, "é"]);
  expect([...(list[7] as Uint8Array)]).toEqual([0xff, 0]);
  expect(list.slice(8)).toEqual([[1, [2, 3]], []]);
});

it("names texts of Python 2 and 3 alike", () => {
  expect([pickledText("cat"), pickledText(ascii("cat")), pickledText(3)]).toEqual(["cat", "cat", null]);
});

it("runs nothing and says what was asked for", () => {
  expect(() => read("object.pkl")).toThrow(
    /it names "pathlib[._a-z]*\.PosixPath", which is no numpy array; nothing was run/,
  );
  expect(() => read("objects.pkl")).toThrow(/an array must be of numbers/);
  const dangerous = {
    global: "\x80\x02cos\nsystem\nU\x02ls\x85R.",
    stack: "\x80\x04\x8c\x02os\x8c\x06system\x93U\x02ls\x85R.",
    builtin: "\x80\x02c__builtin__\neval\nU\x011\x85R.",
    prototype: "\x80\x02cObject\nconstructor\n)R.",
    inherited: "\x80\x02ctoString\n\n)R.",
    instance: "\x80\x02(cos\nsystem\nU\x02lso.",
    persistent: "\x80\x02U\x01aQ.",
    extension: "\x80\x02\x82\x01.",
    ndarrayCalled: "\x80\x02cnumpy\nndarray\n)R.",
    newObject: "\x80\x02cnumpy\nndarray\n)\x81.",
    protocol0: "cos\nsystem\n(S'ls'\ntR.",
  };
  for (const [name, pickle] of Object.entries(dangerous)) {
    expect(() => readPickle(ascii(pickle)), name).toThrow(
      /no numpy array|is not one of plain data; nothing was run/,
    );
  }
});

it("refuses what would take more memory than the file is long", () => {
  const sizes = {
    bytes: "\x80\x02B\xff\xff\xff\x7f.",
    bytes8: "\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
    integer: "\x80\x02\x8a\xff.",
    // A text that is remembered and encoded again and again.
    encoded: `\x80\x02X\x40\0\0\0${"a".repeat(64)}q\0${"c_codecs\nencode\nh\0X\x06\0\0\0latin1\x86R".repeat(40)}.`,
    longKey: `\x80\x02}(U\xff${"a".repeat(255)}NB\x01\x01\0\0${"a".repeat(257)}Nu.`,
  };
  for (const [name, pickle] of Object.entries(sizes)) {
    expect(() => readPickle(ascii(pickle)), name).toThrow(/wanted|integer of|encoded|text/);
  }
});

it("refuses damaged pickles", () => {
  for (const pickle of [
    "",
    "\x80\x02",
    "\x80\x02.",
    "\x80\x02N0.",
    "\x80\x02t.",
    "\x80\x02Na.",
    "\x80\x02}Ns.",
    "\x80\x02h\0.",
    "\x80\x02(.",
  ]) {
    expect(() => readPickle(ascii(pickle)), JSON.stringify(pickle)).toThrow(Error);
  }
});
