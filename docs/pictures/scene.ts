// The photo of the documentation's pictures: painted here, so that it is free and always the same.
import sharp from "sharp";
import type { Image } from "../../src/augment/index.ts";

const width = 160;
const height = 120;

/** Where things are in it. */
export const scene = {
  boxes: [
    { name: "house", left: 14, top: 35, right: 74, bottom: 98 },
    { name: "cat", left: 96, top: 53, right: 148, bottom: 108 },
  ],
  keyPoints: [
    { name: "left eye", x: 112.5, y: 72.5 },
    { name: "right eye", x: 130.5, y: 72.5 },
    { name: "nose", x: 121.5, y: 80.5 },
    { name: "chimney", x: 60.5, y: 42.5 },
  ],
};

const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
  <defs><linearGradient id="sky" x2="0" y2="1"><stop stop-color="#3d8fd9"/><stop offset="1" stop-color="#cfe8f7"/></linearGradient></defs>
  <rect width="160" height="120" fill="url(#sky)"/>
  <circle cx="136" cy="22" r="13" fill="#ffd21f"/>
  <path d="M0 84 Q40 70 80 82 T160 78 V120 H0Z" fill="#4f9a3c"/>
  <path d="M0 102 Q60 92 160 106 V120 H0Z" fill="#3b7a2e"/>
  <rect x="20" y="60" width="48" height="38" fill="#e6d3ad"/>
  <path d="M14 60 L44 35 L74 60Z" fill="#b8432f"/>
  <rect x="57" y="39" width="7" height="14" fill="#8a3325"/>
  <rect x="38" y="74" width="13" height="24" fill="#6d4a2f"/>
  <rect x="24" y="67" width="10" height="10" fill="#8fc6e8" stroke="#6d4a2f"/>
  <rect x="54" y="67" width="10" height="10" fill="#8fc6e8" stroke="#6d4a2f"/>
  <ellipse cx="122" cy="96" rx="17" ry="12" fill="#e8913a"/>
  <path d="M138 100 Q150 96 146 82" stroke="#e8913a" stroke-width="5" fill="none" stroke-linecap="round"/>
  <path d="M102 72 L100 53 L113 62Z M141 72 L143 53 L130 62Z" fill="#d67f28"/>
  <circle cx="121.5" cy="74" r="18" fill="#f0a04b"/>
  <circle cx="112.5" cy="72.5" r="4" fill="#2d5d2a"/><circle cx="130.5" cy="72.5" r="4" fill="#2d5d2a"/>
  <circle cx="112.5" cy="72.5" r="1.6"/><circle cx="130.5" cy="72.5" r="1.6"/>
  <path d="M119 79 H124 L121.5 82.5Z" fill="#b5445a"/>
  <path d="M121.5 82.5 Q117 88 113 85 M121.5 82.5 Q126 88 130 85" stroke="#5c3414" fill="none"/>
  <path d="M98 78 L109 80 M98 85 L109 82 M145 78 L134 80 M145 85 L134 82" stroke="#fff" stroke-width="0.8"/>
</svg>`;

/** Bytes, red-green-blue, order HWC. */
export async function paintScene(): Promise<Image<Uint8Array>> {
  const pixels = await sharp(Buffer.from(drawing)).flatten().toColourspace("srgb").raw().toBuffer();
  return { pixels, height, width, channels: 3, layout: "HWC" };
}
