import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/helpers/data.ts";
import { isGrey, toGrey } from "./grey.ts";
import { type DecodeOptions, decodeImage, resizePixels } from "./image.ts";

const options = (height: number, width = height, more: Partial<DecodeOptions> = {}): DecodeOptions => ({
  size: { height, width },
  fit: "squash",
  maxPixels: 1e6,
  ...more,
});

/** One colour, 8 x 8. */
function plain(values: readonly number[]): Sharp {
  const channels = values.length as 1 | 2 | 3 | 4;
  const data = Uint8Array.from({ length: 64 * channels }, (_, at) => values[at % channels]!);
  return sharp(data, { raw: { width: 8, height: 8, channels } });
}

function plain16(values: readonly number[]): Sharp {
  const channels = values.length as 1 | 2 | 3 | 4;
  const data = Uint16Array.from({ length: 64 * channels }, (_, at) => values[at % channels]!);
  const deep = sharp(data, { raw: { width: 8, height: 8, channels } });
  return deep.toColourspace(channels < 3 ? "grey16" : "rgb16");
}

/** Noise that no format packs well, so that half of a file is half of the picture. */
function noise(width = 200, height = 150): Sharp {
  const data = Uint8Array.from(
    { length: width * height * 3 },
    (_, at) => (at * 7919 + ((at * at) >> 5)) & 255,
  );
  return sharp(data, { raw: { width, height, channels: 3 } });
}

async function decoded(file: string, more: DecodeOptions, channels?: 1 | 3): Promise<number[]> {
  const result = await decodeImage(file, more, channels);
  if (!result.ok) throw new Error(result.reason);
  return [...result.pixels];
}

async function reason(file: string, more = options(4)): Promise<string> {
  const result = await decodeImage(file, more);
  return result.ok ? "decoded" : result.reason;
}

describe("formats", () => {
  const orange = [200, 100, 50] as const;
  // [file, picture, red-green-blue expected, tolerance]
  const table: [string, () => Sharp, readonly number[], number][] = [
    ["rgb.jpg", () => plain(orange).jpeg({ quality: 100 }), orange, 2],
    ["progressive.jpg", () => plain(orange).jpeg({ quality: 100, progressive: true }), orange, 2],
    ["rgb.png", () => plain(orange).png(), orange, 0],
    ["palette.png", () => plain(orange).png({ palette: true }), orange, 0],
    ["rgb.webp", () => plain(orange).webp({ lossless: true }), orange, 0],
    ["rgb.gif", () => plain(orange).gif(), orange, 0],
    ["rgb.tif", () => plain(orange).tiff(), orange, 0],
    ["rgb.avif", () => plain(orange).avif({ lossless: true }), orange, 2],
    ["grey.jpg", () => plain([90]).toColourspace("b-w").jpeg({ quality: 100 }), [90, 90, 90], 1],
    ["grey.png", () => plain([90]).toColourspace("b-w").png(), [90, 90, 90], 0],
    // half transparent: 128/255 of the colour on white
    ["grey-alpha.png", () => plain([90, 128]).toColourspace("b-w").png(), [172, 172, 172], 1],
    ["rgba.png", () => plain([...orange, 128]).png(), [227, 177, 152], 1],
    ["rgba.webp", () => plain([...orange, 0]).webp({ lossless: true }), [255, 255, 255], 0],
    ["rgb16.png", () => plain16([33000, 65535, 300]).png(), [128, 255, 1], 0],
    ["grey16.png", () => plain16([33000]).png(), [128, 128, 128], 0],
    ["rgba16.png", () => plain16([33000, 65535, 300, 65535]).png(), [128, 255, 1], 1],
  ];
  it.each(table)("%s", async (name, picture, expected, tolerance) => {
    const file = join(temporaryFolder(), name);
    await picture().toFile(file);
    const pixels = await decoded(file, options(3, 5));
    expect(pixels).toHaveLength(3 * 5 * 3);
    pixels.forEach((value, at) => {
      expect(Math.abs(value - expected[at % 3]!)).toBeLessThanOrEqual(tolerance);
    });
  });

  it("CMYK JPEG: colours keep their places and white stays white", async () => {
    const folder = temporaryFolder();
    for (const [color, strongest] of [
      [[200, 60, 50], 0],
      [[60, 170, 60], 1],
      [[60, 70, 170], 2],
    ] as const) {
      const file = join(folder, `${strongest}.jpg`);
      await plain(color).toColourspace("cmyk").jpeg({ quality: 100 }).toFile(file);
      expect((await sharp(file).metadata()).space).toBe("cmyk");
      const pixel = (await decoded(file, options(2))).slice(0, 3);
      pixel.forEach((value, channel) => {
        expect(Math.abs(value - color[channel]!)).toBeLessThan(45); // the press cannot print every colour
      });
      expect(pixel.indexOf(Math.max(...pixel))).toBe(strongest);
    }
    const white = join(folder, "white.jpg");
    await plain([255, 255, 255]).toColourspace("cmyk").jpeg({ quality: 100 }).toFile(white);
    expect(Math.min(...(await decoded(white, options(2))))).toBeGreaterThan(250);
  });

  it("takes the first frame of an animation", async () => {
    const file = join(temporaryFolder(), "two.gif");
    const frames = Uint8Array.from({ length: 2 * 64 * 3 }, (_, at) => (at < 64 * 3 ? 10 : 240));
    await sharp(frames, { raw: { width: 8, height: 16, channels: 3, pageHeight: 8 } })
      .gif()
      .toFile(file);
    expect((await sharp(file).metadata()).pages).toBe(2);
    expect(new Set(await decoded(file, options(8)))).toEqual(new Set([10]));
  });
});

it("applies all 8 EXIF orientations", async () => {
  // Corners of the picture as it should be seen: top left, top right, bottom left, bottom right.
  const seen = [
    [250, 10, 10],
    [10, 250, 10],
    [10, 10, 250],
    [250, 250, 10],
  ];
  // EXIF 2.32, tag 274: where row 0 and column 0 of the stored picture are seen. Stored corner -> seen corner.
  const stored: { [orientation: number]: readonly number[] } = {
    1: [0, 1, 2, 3],
    2: [1, 0, 3, 2],
    3: [3, 2, 1, 0],
    4: [2, 3, 0, 1],
    5: [0, 2, 1, 3],
    6: [1, 3, 0, 2],
    7: [3, 1, 2, 0],
    8: [2, 0, 3, 1],
  };
  const folder = temporaryFolder();
  for (const [orientation, corners] of Object.entries(stored)) {
    const turned = Number(orientation) >= 5; // rows and columns change places
    const [height, width] = turned ? [48, 32] : [32, 48];
    const data = new Uint8Array(height * width * 3);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        data.set(seen[corners[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)]!]!, 3 * (y * width + x));
      }
    }
    const file = join(folder, `${orientation}.jpg`);
    const picture = sharp(data, { raw: { width, height, channels: 3 } });
    await picture
      .jpeg({ quality: 100, chromaSubsampling: "4:4:4" })
      .withMetadata({ orientation: Number(orientation) })
      .toFile(file);
    const pixels = await decoded(file, options(32, 48));
    [
      [4, 4],
      [4, 44],
      [28, 4],
      [28, 44],
    ].forEach(([y, x], corner) => {
      const at = 3 * (y! * 48 + x!);
      pixels.slice(at, at + 3).forEach((value, channel) => {
        expect(Math.abs(value - seen[corner]![channel]!), `orientation ${orientation}`).toBeLessThan(30);
      });
    });
  }
});

describe("fit", () => {
  /** 8 high, 24 wide: black, white, black. */
  const stripes = () => {
    const data = Uint8Array.from({ length: 8 * 24 * 3 }, (_, at) =>
      Math.floor(at / 3 / 8) % 3 === 1 ? 255 : 0,
    );
    return sharp(data, { raw: { width: 24, height: 8, channels: 3 } }).png();
  };
  it("cover cuts the centre out, squash keeps everything", async () => {
    const file = join(temporaryFolder(), "wide.png");
    await stripes().toFile(file);
    expect(new Set(await decoded(file, options(8, 8, { fit: "cover" })))).toEqual(new Set([255]));
    const squashed = await decoded(file, options(8, 9));
    expect([0, 1, 4, 7, 8].map((column) => Math.round(squashed[3 * column]! / 255))).toEqual([0, 0, 1, 0, 0]);
  });
  it("enlarges a picture of one pixel", async () => {
    const file = join(temporaryFolder(), "one.png");
    await sharp(Uint8Array.of(1, 2, 3), { raw: { width: 1, height: 1, channels: 3 } }).toFile(file);
    expect((await decoded(file, options(4, 4, { fit: "cover" }))).slice(-3)).toEqual([1, 2, 3]);
  });
});

describe("files that are not whole give a reason, never a crash", () => {
  it.each(["jpeg", "png", "webp", "gif", "tiff", "avif"] as const)("truncated %s", async (format) => {
    const folder = temporaryFolder();
    const bytes = await noise().toFormat(format).toBuffer();
    for (const share of [0.02, 0.5, 0.9]) {
      const file = join(folder, `${share}.${format}`);
      writeFileSync(file, bytes.subarray(0, Math.floor(bytes.length * share)));
      expect(await reason(file)).toMatch(/^(truncated|no image in a known format)/);
    }
  });
  it("many truncated files at once: each has its reason", async () => {
    const folder = temporaryFolder();
    const bytes = await noise(40, 30).png().toBuffer();
    const file = join(folder, "half.png");
    writeFileSync(file, bytes.subarray(0, bytes.length / 2));
    const reasons = await Promise.all(Array.from({ length: 400 }, () => reason(file)));
    expect(new Set(reasons)).toEqual(new Set(["truncated or damaged"]));
  });
  it("a JPEG without its last two bytes is truncated, one with stray bytes is read", async () => {
    const folder = temporaryFolder();
    const bytes = await noise().jpeg().toBuffer();
    writeFileSync(join(folder, "short.jpg"), bytes.subarray(0, -2));
    expect(await reason(join(folder, "short.jpg"))).toBe("truncated or damaged");
    writeFileSync(join(folder, "long.jpg"), Buffer.concat([bytes, Buffer.alloc(100)]));
    expect(await reason(join(folder, "long.jpg"))).toBe("decoded");
  });
  it("photos as phones keep them (HEIC) are named, whatever their ending, in a file and in memory", async () => {
    const brands = (...names: readonly string[]) => {
      const text = `ftyp${names[0]}\0\0\0\0${names.slice(1).join("")}`;
      const box = Buffer.alloc(4 + text.length);
      box.writeUInt32BE(box.length, 0);
      box.write(text, 4, "latin1");
      return Buffer.concat([box, Buffer.from("\0\0\0\x08mdat")]);
    };
    const file = join(temporaryFolder(), "IMG_1.jpg");
    for (const [names, heic] of [
      [["heic", "mif1", "heic"], true],
      [["mif1", "mif1", "heic"], true],
      [["heix"], true],
      [["avif", "mif1", "avif"], false],
      [["isom", "iso2", "mp41"], false],
    ] as const) {
      writeFileSync(file, brands(...names));
      const expected = expect.stringMatching(heic ? /^HEIC photos are not read/ : /^(?!HEIC)/);
      expect(await reason(file)).toEqual(expected);
      expect(await decodeImage(brands(...names), options(4, 4))).toEqual({ ok: false, reason: expected });
    }
  });
  it.each(["float", "int", "uint", "short", "char"] as const)(
    "a TIFF of %s, whose black and white are not known",
    async (depth) => {
      const file = join(temporaryFolder(), "a.tif");
      writeFileSync(file, tiffOf(depth));
      expect((await sharp(file).metadata()).depth).toBe(depth);
      expect(await reason(file)).toMatch(
        /^pixels of .* cannot be brought to 8 bits, .* convert it to 8 or 16 bits$/,
      );
    },
  );
  it("but not a TIFF of 8 or 16 bits", async () => {
    for (const depth of ["uchar", "ushort"] as const) {
      expect(await decodeImage(tiffOf(depth), options(2, 2))).toMatchObject({ ok: true });
    }
  });
  it.skipIf(process.platform === "win32")("a pipe, without waiting for what comes out of it", async () => {
    const pipe = join(temporaryFolder(), "pipe.jpg");
    execFileSync("mkfifo", [pipe]);
    expect(await reason(pipe)).not.toBe("decoded");
  });
  it("a file too large to be read whole is decoded as another is, and so are its bytes", async () => {
    const folder = temporaryFolder();
    const bytes = await noise().jpeg().toBuffer();
    const [small, large] = [join(folder, "small.jpg"), join(folder, "large.jpg")];
    writeFileSync(small, bytes);
    writeFileSync(large, Buffer.concat([bytes, Buffer.alloc(9 * 2 ** 20)]));
    const expected = await decoded(small, options(100));
    expect(await decoded(large, options(100))).toEqual(expected);
    expect(await decodeImage(bytes, options(100))).toEqual({ ok: true, pixels: Uint8Array.from(expected) });
  });
  it("a drawing by the name of a photo is no photo", async () => {
    const file = join(temporaryFolder(), "a.jpg");
    const drawing =
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';
    for (const text of [drawing, `<?xml version="1.0"?>${drawing}`, `  \n${drawing}`]) {
      writeFileSync(file, text);
      expect(await reason(file)).toMatch(/^no image in a known format/);
    }
  });
  it("empty, text, missing, a folder, a link to nothing", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "empty.jpg"), "");
    writeFileSync(join(folder, "text.jpg"), "These are not the bytes you are looking for.");
    mkdirSync(join(folder, "folder.jpg"));
    symlinkSync(join(folder, "nowhere"), join(folder, "link.jpg"));
    expect(await reason(join(folder, "empty.jpg"))).toBe("empty file (0 bytes)");
    expect(await reason(join(folder, "text.jpg"))).toMatch(/^no image in a known format/);
    expect(await reason(join(folder, "missing.jpg"))).toBe("cannot be opened (ENOENT)");
    expect(await reason(join(folder, "link.jpg"))).toBe("cannot be opened (ENOENT)");
    expect(await reason(join(folder, "folder.jpg"))).not.toBe("decoded");
  });
  it.skipIf(process.getuid?.() === 0 || process.platform === "win32")(
    "a file that may not be read",
    async () => {
      const file = join(temporaryFolder(), "locked.png");
      await plain([1, 2, 3]).png().toFile(file);
      chmodSync(file, 0o000);
      expect(await reason(file)).toBe("cannot be opened (EACCES)");
    },
  );
  it("a decompression bomb is refused by its header", async () => {
    const file = join(temporaryFolder(), "bomb.png");
    const background = { r: 0, g: 0, b: 0 };
    await sharp({ create: { width: 6000, height: 6000, channels: 3, background } })
      .png()
      .toFile(file);
    expect(await reason(file, options(4, 4, { maxPixels: 35_999_999 }))).toMatch(
      /^more than 35999999 pixels/,
    );
    expect(await reason(file, options(4, 4, { maxPixels: 36_000_000 }))).toBe("decoded");
  });
  it("a file that changes under the same name is read anew", async () => {
    const file = join(temporaryFolder(), "a.png");
    await plain([10, 20, 30]).png().toFile(file);
    expect((await decoded(file, options(2))).slice(0, 3)).toEqual([10, 20, 30]);
    await plain([40, 50, 60]).png().toFile(file);
    expect((await decoded(file, options(2))).slice(0, 3)).toEqual([40, 50, 60]);
  });
});

describe("grey", () => {
  it("is exact for grey pixels and luma for others", async () => {
    const every = Uint8Array.from({ length: 256 * 3 }, (_, at) => Math.floor(at / 3));
    expect(isGrey(every)).toBe(true);
    expect([...toGrey(every)]).toEqual(Array.from({ length: 256 }, (_, value) => value));
    expect(isGrey(Uint8Array.of(5, 5, 5, 5, 5, 6))).toBe(false);
    expect([...toGrey(Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255))]).toEqual([76, 149, 28]);
  });
  it("decodes to one channel where one is wanted", async () => {
    const file = join(temporaryFolder(), "grey.png");
    await plain([90]).toColourspace("b-w").png().toFile(file);
    expect(await decoded(file, options(2), 1)).toEqual([90, 90, 90, 90]);
  });
});

it("resizes raw pixels as it decodes them, and leaves the right size alone", async () => {
  const file = join(temporaryFolder(), "noise.png");
  await noise(30, 20).png().toFile(file);
  const raw = new Uint8Array(await noise(30, 20).raw().toBuffer());
  const shape = { height: 20, width: 30, channels: 3 } as const;
  expect([...(await resizePixels(raw, shape, options(9, 13)))]).toEqual(await decoded(file, options(9, 13)));
  expect(await resizePixels(raw, shape, options(20, 30))).toBe(raw);
  const grey = Uint8Array.from({ length: 16 }, () => 77);
  const small = await resizePixels(grey, { height: 4, width: 4, channels: 1 }, options(2, 3));
  expect([...small]).toEqual([77, 77, 77, 77, 77, 77]);
});

describe("resizing", () => {
  const soft = (width: number, height: number) =>
    noise(12, 9).resize(width, height, { fit: "fill", kernel: "cubic" });

  // Width and height of the photo, wanted height and width. Not twice as large in both: nothing is shrunk before.
  it.each([
    [500, 400, 256, 256],
    [96, 96, 64, 64],
    [90, 120, 64, 40],
    [700, 40, 32, 32],
  ])(
    "a %i x %i photo to %i rows and %i columns: as the library's linear kernel, to rounding",
    async (width, height, rows, columns) => {
      const file = join(temporaryFolder(), "photo.png");
      await soft(width, height).png().toFile(file);
      const theirs = sharp(file).resize(columns, rows, { fit: "fill", kernel: "linear" });
      const errors = await differences(await decoded(file, options(rows, columns)), theirs);
      expect(errors.every((error) => error <= 2)).toBe(true);
      const cut = sharp(file).resize(columns, rows, { fit: "cover", kernel: "linear" });
      const cover = options(rows, columns, { fit: "cover" });
      const errorsOfCut = await differences(await decoded(file, cover), cut);
      expect(errorsOfCut.every((error) => error <= 2)).toBe(true);
    },
  );

  it("a large photo is shrunk on the way, and keeps the mean of what falls together", async () => {
    const file = join(temporaryFolder(), "large.jpg");
    await soft(1600, 1200).jpeg({ quality: 95 }).toFile(file);
    const theirs = sharp(file).resize(64, 48, { fit: "fill", kernel: "linear", fastShrinkOnLoad: false });
    const errors = await differences(await decoded(file, options(48, 64, { maxPixels: 1e7 })), theirs);
    expect(errors.reduce((sum, error) => sum + error) / errors.length).toBeLessThan(1);
    expect(errors.every((error) => error <= 12)).toBe(true);
  });

  it("enlarging blends neighbours; the border goes on", async () => {
    const file = join(temporaryFolder(), "small.png");
    const values = Uint8Array.of(0, 0, 0, 100, 100, 100);
    await sharp(values, { raw: { width: 2, height: 1, channels: 3 } })
      .png()
      .toFile(file);
    const row = (await decoded(file, options(1, 4))).filter((_, at) => at % 3 === 0);
    expect(row).toEqual([0, 25, 75, 100]);
  });
});

async function differences(ours: readonly number[], theirs: Sharp): Promise<number[]> {
  const other = await theirs.raw().toBuffer();
  expect(ours.length).toBe(other.length);
  return ours.map((value, at) => Math.abs(value - other[at]!));
}

/** Bytes of a number, and TIFF's word for its kind (6.0, "SampleFormat"): without a sign, with one, floating point. */
const tiffDepths = {
  uchar: [1, 1],
  ushort: [2, 1],
  uint: [4, 1],
  char: [1, 2],
  short: [2, 2],
  int: [4, 2],
  float: [4, 3],
} as const;

/** A grey TIFF of 2x2 pixels, not packed. */
function tiffOf(depth: keyof typeof tiffDepths): Uint8Array {
  const [bytes, kind] = tiffDepths[depth];
  const pixels = Buffer.alloc(4 * bytes, 63);
  const tags = [
    [256, 2],
    [257, 2],
    [258, 8 * bytes],
    [259, 1],
    [262, 1],
    [273, 8],
    [277, 1],
    [278, 2],
    [279, pixels.length],
    [339, kind],
  ] as const;
  const directory = Buffer.alloc(2 + 12 * tags.length + 4);
  directory.writeUInt16LE(tags.length, 0);
  for (const [at, [tag, value]] of tags.entries()) {
    const start = 2 + 12 * at;
    directory.writeUInt16LE(tag, start);
    directory.writeUInt16LE(4, start + 2); // a number of 32 bits
    directory.writeUInt32LE(1, start + 4);
    directory.writeUInt32LE(value, start + 8);
  }
  const head = Buffer.from("II*\0\0\0\0\0", "latin1");
  head.writeUInt32LE(8 + pixels.length, 4);
  return Buffer.concat([head, pixels, directory]);
}
