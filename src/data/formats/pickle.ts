// Reads a Python pickle that holds plain containers and numpy arrays. Runs nothing: what would call anything else is
// an error. The opcodes are those of protocols 2 to 5 (CPython, Lib/pickletools.py).
// Our own, as these are few: only the opcodes of plain data, each length checked against what the file holds.
import { numpyType } from "./numpy-type.ts";
import {
  Dictionary,
  Global,
  Machine,
  mark,
  NumpyArray,
  NumpyDtype,
  type Pickled,
  type PickledArray,
  type Value,
} from "./pickle-machine.ts";

export type { Pickled, PickledArray } from "./pickle-machine.ts";

export function isPickledArray(value: Pickled | undefined): value is PickledArray {
  return value instanceof NumpyArray;
}

/** A text, or bytes that Python 2 took for a text; null for anything else. */
export function pickledText(value: Pickled | undefined): string | null {
  if (typeof value === "string") return value;
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : null;
}

/**
 * The object of a pickle. Nothing is copied but texts, so memory is a small multiple of the file's at most.
 *
 * @throws Error when the pickle is cut short, damaged, of protocol 0 or 1, or holds anything but numbers, texts,
 *   bytes, lists, tuples, dicts with texts for keys, and numpy arrays of numbers
 */
export function readPickle(bytes: Uint8Array): Pickled {
  const machine = new Machine(bytes);
  for (;;) {
    const opcode = machine.byte();
    if (opcode === stopCode) return machine.result();
    const run = opcodes[opcode];
    if (run === undefined) {
      throw new Error(
        `opcode 0x${opcode.toString(16)} at byte ${machine.at - 1} is not one of plain data; nothing was run`,
      );
    }
    run(machine);
  }
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

function list(machine: Machine): Value[] {
  const value = machine.top();
  if (!Array.isArray(value)) throw new Error(`a list must stand on the stack at byte ${machine.at}`);
  return value;
}

/** A long key that is used again and again would be decoded again and again. */
const longestKey = 256;

function setItems(machine: Machine, items: readonly Value[]): void {
  const target = machine.top();
  if (!(target instanceof Dictionary))
    throw new Error(`a dict must stand on the stack at byte ${machine.at}`);
  if (items.length % 2 !== 0) throw new Error(`a key without a value at byte ${machine.at}`);
  for (let at = 0; at < items.length; at += 2) {
    const key = items[at]!;
    if (!(typeof key === "string" || key instanceof Uint8Array) || key.length > longestKey) {
      throw new Error(`the keys of a dict must be short texts, at byte ${machine.at}`);
    }
    target.set(typeof key === "string" ? key : text(key), items[at + 1]!);
  }
}

/** Runs when a pickle names it; there is no other way to get a Global. */
function globalOf(module: string, name: string): Global {
  const full = `${module}.${name}`;
  if (!Object.hasOwn(callables, full) && full !== "numpy.ndarray") {
    throw new Error(`it names ${JSON.stringify(full)}, which is no numpy array; nothing was run`);
  }
  return new Global(full);
}

const isShape = (value: Value | undefined): value is number[] =>
  Array.isArray(value) &&
  value.length <= 32 &&
  value.every((size) => typeof size === "number" && Number.isSafeInteger(size) && size >= 0);

function fill(array: NumpyArray, parts: readonly Value[], fortranOrder: boolean): void {
  const [shape, dtype, data] = parts;
  if (!isShape(shape)) throw new Error("an array must have a shape");
  if (!(dtype instanceof NumpyDtype && data instanceof Uint8Array)) {
    throw new Error("an array must be of numbers");
  }
  const type = numpyType(dtype.code);
  const wanted = shape.reduce((product, size) => product * size, type.bytes);
  if (wanted !== data.length) {
    throw new Error(
      `an array [${shape.join(", ")}] of ${dtype.code} must have ${wanted} bytes, got ${data.length}`,
    );
  }
  Object.assign(array, { shape, type, fortranOrder, data });
}

const reconstruct = (): NumpyArray => new NumpyArray();
const frombuffer = (_: Machine, [data, dtype, shape, order]: readonly Value[]): NumpyArray => {
  const array = new NumpyArray();
  fill(array, [shape!, dtype!, data!], order === "F");
  return array;
};

/** Everything a pickle may call: each makes plain data out of plain data. */
const callables: { readonly [name: string]: (machine: Machine, values: readonly Value[]) => Value } = {
  "numpy.core.multiarray._reconstruct": reconstruct,
  "numpy._core.multiarray._reconstruct": reconstruct,
  "numpy.core.numeric._frombuffer": frombuffer,
  "numpy._core.numeric._frombuffer": frombuffer,
  "numpy.dtype": (_, [code]) => {
    const name = code instanceof Uint8Array ? text(code) : code;
    if (typeof name !== "string") throw new Error("a dtype must have a name");
    return new NumpyDtype(name);
  },
  // How Python 3 writes bytes into protocol 2.
  "_codecs.encode": (machine, [decoded, encoding]) => {
    if (typeof decoded !== "string" || encoding !== "latin1")
      throw new Error("only latin1 texts can be encoded");
    return machine.encode(decoded);
  },
  // bytes(): the empty byte string of protocol 2.
  "__builtin__.bytes": (_, values) => {
    if (values.length > 0) throw new Error("bytes() must have no arguments");
    return new Uint8Array(0);
  },
};

function reduce(machine: Machine): void {
  const values = machine.pop();
  const callable = machine.pop();
  const call = callable instanceof Global ? callables[callable.name] : undefined;
  if (call === undefined || !Array.isArray(values))
    throw new Error("it calls something that is no numpy array");
  machine.push(call(machine, values));
}

function build(machine: Machine): void {
  const state = machine.pop();
  const target = machine.top();
  if (!Array.isArray(state)) throw new Error("it sets the state of something that is no numpy array");
  if (target instanceof NumpyArray) {
    // (version, shape, dtype, is_fortran, data)
    fill(target, [state[1]!, state[2]!, state[4]!], state[3] === true || state[3] === 1);
  } else if (target instanceof NumpyDtype) {
    // (version, byte order, subdescriptor, names, fields, ...)
    const order = state[1] instanceof Uint8Array ? text(state[1]) : state[1];
    const plain = state.slice(2, 5).every((part) => part === null);
    if (typeof order !== "string" || !"<>|=".includes(order) || !plain) {
      throw new Error("an array must be of plain numbers");
    }
    target.code = `${order}${target.code.replace(/^[<>|=]/, "")}`;
  } else {
    throw new Error("it sets the state of something that is no numpy array");
  }
}

const stopCode = 0x2e;

const opcodes: { readonly [code: number]: (machine: Machine) => void } = {
  128: (m) => void m.take(1), // PROTO
  149: (m) => void m.take(8), // FRAME
  40: (m) => m.push(mark), // MARK
  48: (m) => void m.pop(), // POP
  49: (m) => void m.popToMark(), // POP_MARK
  78: (m) => m.push(null), // NONE
  136: (m) => m.push(true), // NEWTRUE
  137: (m) => m.push(false), // NEWFALSE
  74: (m) => m.push(m.signed(4)), // BININT
  75: (m) => m.push(m.unsigned(1)), // BININT1
  77: (m) => m.push(m.unsigned(2)), // BININT2
  138: (m) => m.push(m.signed(m.unsigned(1))), // LONG1
  71: (m) => m.push(m.double()), // BINFLOAT
  84: (m) => m.push(m.take(m.unsigned(4))), // BINSTRING
  85: (m) => m.push(m.take(m.unsigned(1))), // SHORT_BINSTRING
  66: (m) => m.push(m.take(m.unsigned(4))), // BINBYTES
  67: (m) => m.push(m.take(m.unsigned(1))), // SHORT_BINBYTES
  142: (m) => m.push(m.take(m.unsigned(8))), // BINBYTES8
  150: (m) => m.push(m.take(m.unsigned(8))), // BYTEARRAY8
  88: (m) => m.push(text(m.take(m.unsigned(4)))), // BINUNICODE
  140: (m) => m.push(text(m.take(m.unsigned(1)))), // SHORT_BINUNICODE
  141: (m) => m.push(text(m.take(m.unsigned(8)))), // BINUNICODE8
  93: (m) => m.push([]), // EMPTY_LIST
  97: (m) => {
    const value = m.pop(); // APPEND
    list(m).push(value);
  },
  101: (m) => {
    const values = m.popToMark(); // APPENDS
    const target = list(m);
    for (const value of values) target.push(value);
  },
  41: (m) => m.push([]), // EMPTY_TUPLE
  116: (m) => m.push(m.popToMark()), // TUPLE
  133: (m) => m.push(m.popLast(1)), // TUPLE1
  134: (m) => m.push(m.popLast(2)), // TUPLE2
  135: (m) => m.push(m.popLast(3)), // TUPLE3
  125: (m) => m.push(new Dictionary()), // EMPTY_DICT
  115: (m) => setItems(m, m.popLast(2)), // SETITEM
  117: (m) => setItems(m, m.popToMark()), // SETITEMS
  113: (m) => m.remember(m.unsigned(1)), // BINPUT
  114: (m) => m.remember(m.unsigned(4)), // LONG_BINPUT
  148: (m) => m.remember(), // MEMOIZE
  104: (m) => m.recall(m.unsigned(1)), // BINGET
  106: (m) => m.recall(m.unsigned(4)), // LONG_BINGET
  99: (m) => m.push(globalOf(m.line(), m.line())), // GLOBAL
  147: (m) => {
    const name = m.pop(); // STACK_GLOBAL
    const module = m.pop();
    if (typeof module !== "string" || typeof name !== "string") throw new Error("a name must be a text");
    m.push(globalOf(module.slice(0, 100), name.slice(0, 100)));
  },
  82: reduce, // REDUCE
  98: build, // BUILD
};
