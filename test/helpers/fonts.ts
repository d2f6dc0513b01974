// Whether the machine has a font: without one each letter is drawn as the same box, or not at all.
import sharp from "sharp";

async function inkOf(letter: string): Promise<number> {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><text x="5" y="30" font-size="20">${letter}</text></svg>`;
  const pixels = await sharp(Buffer.from(svg)).flatten({ background: "white" }).greyscale().raw().toBuffer();
  return pixels.reduce((ink, value) => ink + 255 - value, 0);
}

export const hasFont = (await inkOf("i")) < (await inkOf("W"));
