#!/usr/bin/env python3
"""Writes cutout.json: what two published Cutouts make of small images, with the drawn centres injected.

    python3 -m venv venv && venv/bin/pip install numpy && venv/bin/python test/golden/cutout_numpy.py

- numpy: a batch (N, H, W, C) and an even cut_length; each image is filled with its own mean over H, W and C.
- torch: one normalized image (C, H, W), n_holes and length; a mask of ones and zeros is multiplied in.
  Written here with numpy in place of torch tensors; the arithmetic is the same.
"""
import json
from pathlib import Path

import numpy as np


def cutout_numpy(images, cut_length, centres):
    height, width = images.shape[1:3]
    half = cut_length // 2
    result = images.copy()
    for image, (y, x) in zip(result, centres):
        mean = image.mean()
        rows = slice(*np.clip([y - half, y + half], 0, height))
        columns = slice(*np.clip([x - half, x + half], 0, width))
        image[rows, columns, :] = mean
    return result


def cutout_torch(image, length, centres):
    height, width = image.shape[1:]
    mask = np.ones((height, width), np.float32)
    for y, x in centres:
        y1, y2 = np.clip([y - length // 2, y + length // 2], 0, height)
        x1, x2 = np.clip([x - length // 2, x + length // 2], 0, width)
        mask[y1:y2, x1:x2] = 0.0
    return image * mask


def draw_centres(rng, count, height, width):
    """The four corners first (there the clipping shows), then random pixels."""
    corners = [(0, 0), (height - 1, width - 1), (0, width - 1), (height - 1, 0)]
    return (corners + [(int(rng.integers(height)), int(rng.integers(width))) for _ in range(count)])[:count]


def listed(array):
    return [round(float(value), 9) for value in array.ravel()]


def main():
    rng = np.random.default_rng(1708_04552)
    cases = {"numpy": [], "torch": []}
    for count, height, width, channels, length in [(9, 5, 7, 3, 4), (8, 8, 6, 1, 6), (7, 4, 9, 3, 2), (8, 6, 4, 2, 6)]:
        images = rng.random((count, height, width, channels), np.float32)
        centres = draw_centres(rng, count, height, width)
        cases["numpy"].append({
            "count": count, "height": height, "width": width, "channels": channels, "length": length,
            "centres": centres, "images": listed(images), "expected": listed(cutout_numpy(images, length, centres)),
        })
    for n_holes, height, width, channels, length in [(1, 6, 6, 3, 4), (6, 9, 8, 3, 2), (5, 16, 16, 1, 4), (2, 5, 9, 2, 8)]:
        image = rng.standard_normal((channels, height, width), np.float32)
        centres = draw_centres(rng, n_holes, height, width)
        cases["torch"].append({
            "nHoles": n_holes, "height": height, "width": width, "channels": channels, "length": length,
            "centres": centres, "image": listed(image), "expected": listed(cutout_torch(image, length, centres)),
        })
    path = Path(__file__).with_name("cutout.json")
    path.write_text(json.dumps({"numpyVersion": np.__version__, **cases}) + "\n")
    print(f"{path.name}: {sum(map(len, cases.values()))} cases, numpy {np.__version__}")


if __name__ == "__main__":
    main()
