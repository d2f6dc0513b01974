#!/usr/bin/env python3
"""Writes everyday.json: what torchvision v2 and PIL make of small images with given parameters.

    python3 -m venv venv && venv/bin/pip install torchvision && venv/bin/python test/golden/everyday_torchvision.py

Images are bytes [height, width, channels]. Floats are the bytes / 255 in double precision, so that torchvision looks
pixels up in double precision too. Results have the same order of axes, as base64 of bytes or 32-bit floats.
"""
import base64
import json
from pathlib import Path

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

rng = np.random.default_rng(7)


def smooth(height, width, channels):
    """Colours that change slowly, with some noise: a wrong place gives a wrong colour, a nearly right one nearly right."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    waves = [np.sin(rng.uniform(2, 7) * x + rng.uniform(2, 7) * y + rng.uniform(0, 6)) for _ in range(channels)]
    image = 127 + 110 * np.stack(waves, -1) + rng.normal(0, 6, (height, width, channels))
    return image.clip(0, 255).astype(np.uint8)


images = {
    "colour": smooth(10, 13, 3),
    "grey": smooth(11, 9, 1),
    "large": smooth(40, 31, 3),
}


def tensor(image, kind):
    bytes_ = torch.from_numpy(image.transpose(2, 0, 1).copy())
    return bytes_ if kind == "bytes" else bytes_.double() / 255


def listed(result):
    array = np.asarray(result.permute(1, 2, 0) if isinstance(result, torch.Tensor) else result)
    array = array.reshape(array.shape[0], array.shape[1], -1)
    numbers = array if array.dtype == np.uint8 else array.astype("<f4")
    pixels = base64.b64encode(np.ascontiguousarray(numbers).tobytes()).decode()
    return {"height": array.shape[0], "width": array.shape[1], "pixels": pixels}


cases = []


def add(name, options, parameters, of, which=("colour",), pil=None):
    """of: tensor -> tensor; pil: PIL image -> PIL image, where PIL has the same."""
    for image in which:
        case = {"name": name, "options": options, "parameters": parameters, "image": image}
        case["floats"] = listed(of(tensor(images[image], "floats")))
        case["bytes"] = listed(of(tensor(images[image], "bytes")))
        if pil is not None:
            array = images[image]
            picture = Image.fromarray(array if array.shape[2] == 3 else array[:, :, 0])
            case["pil"] = listed(pil(picture))
        cases.append(case)


everywhere = ("colour", "grey", "large")

# Resized crop.
for region, size in [((2, 3, 7, 10), (5, 6)), ((0, 0, 10, 9), (17, 15)), ((3, 1, 7, 8), (7, 8)), ((1, 2, 3, 5), (8, 8))]:
    top, left, height, width = region
    for interpolation, antialias in [("bilinear", True), ("bilinear", False), ("nearest", True)]:
        mode = v2.InterpolationMode.NEAREST_EXACT if interpolation == "nearest" else v2.InterpolationMode.BILINEAR
        box = (left, top, left + width, top + height)
        pil_mode = Image.Resampling.NEAREST if interpolation == "nearest" else Image.Resampling.BILINEAR
        add(
            "resized-crop",
            {"size": {"height": size[0], "width": size[1]}, "interpolation": interpolation, "antialias": antialias},
            {"top": top, "left": left, "height": height, "width": width},
            lambda x: F.resized_crop(x, top, left, height, width, list(size), interpolation=mode, antialias=antialias),
            which=("colour", "grey") if top + height <= 11 and left + width <= 9 else ("colour",),
            pil=None if interpolation == "bilinear" and not antialias else
            lambda p: p.crop(box).resize((size[1], size[0]), pil_mode),
        )
add(
    "resized-crop",
    {"size": 6},
    {"top": 1, "left": 0, "height": 37, "width": 31},
    lambda x: F.resized_crop(x, 1, 0, 37, 31, [6, 6], antialias=True),
    which=("large",),
    pil=lambda p: p.crop((0, 1, 31, 38)).resize((6, 6), Image.Resampling.BILINEAR),
)

# Rotation and affine. With fill 0 torchvision blends twice at the border, without a fill once.
for angle in (13.7, -101.3, 90.0, 180.0):
    for interpolation in ("nearest", "bilinear"):
        add(
            "rotation",
            {"degrees": 180, "interpolation": interpolation},
            {"angle": angle},
            lambda x: F.rotate(x, angle, interpolation=v2.InterpolationMode(interpolation)),
            # A quarter turn of even by odd pixels would fall between the pixels, where either one is right.
            which=("grey",) if angle == 90.0 else ("colour", "grey"),
        )
add(
    "rotation",
    {"degrees": 180, "center": [3, 9.5], "fill": [0.25, 0.5, 1]},
    {"angle": 33.3},
    lambda x: F.rotate(x, 33.3, center=[3, 9.5], fill=[0.25, 0.5, 1.0] if x.is_floating_point() else [0.0, 0.0, 1.0]),
)
for angle, translate, scale, shear in [
    (21.5, [2, -3], 1.31, [11.0, -7.5]),
    (-160.2, [-1, 4], 0.62, [0.0, 25.5]),
    (0.0, [5, 1], 1.0, [0.0, 0.0]),
    (4.4, [0, 0], 1.0, [-38.1, 0.0]),
]:
    for interpolation in ("nearest", "bilinear"):
        add(
            "affine",
            {"degrees": 180, "interpolation": interpolation},
            {"angle": angle, "translate": translate, "scale": scale, "shear": shear},
            lambda x: F.affine(x, angle, translate, scale, shear, interpolation=v2.InterpolationMode(interpolation)),
            which=("colour", "grey"),
        )
add(
    "affine",
    {"degrees": 180, "center": [0, 0]},
    {"angle": 17.9, "translate": [1, 0], "scale": 1.1, "shear": [5.0, 3.0]},
    lambda x: F.affine(x, 17.9, [1, 0], 1.1, [5.0, 3.0], center=[0, 0]),
)
add("horizontal-flip", {}, {"flip": True}, F.horizontal_flip, everywhere, F.horizontal_flip)
add("vertical-flip", {}, {"flip": True}, F.vertical_flip, everywhere, F.vertical_flip)
add(
    "random-crop",
    {"height": 9, "width": 8, "padding": 4},
    {"top": -3, "left": 3},
    lambda x: F.crop(F.pad(x, [4]), 1, 7, 9, 8),
    ("colour", "grey"),
)

# Colours.
adjust = {
    "brightness": F.adjust_brightness,
    "contrast": F.adjust_contrast,
    "saturation": F.adjust_saturation,
    "hue": F.adjust_hue,
}


def jitter(changes):
    def apply(image):
        for change in changes:
            image = adjust[change["property"]](image, change["amount"])
        return image

    return apply


lists = [[{"property": p, "amount": a}] for p in ("brightness", "contrast", "saturation") for a in (0.0, 0.4, 1.7)]
lists += [[{"property": "hue", "amount": a}] for a in (-0.5, -0.21, 0.33)]
for changes in lists:
    # PIL keeps the hue in 8 bits, which is another computation.
    add("color-jitter", {}, {"changes": changes}, jitter(changes), ("colour", "grey"),
        None if changes[0]["property"] == "hue" else jitter(changes))
mixed = [{"property": p, "amount": a} for p, a in (("hue", 0.1), ("contrast", 1.3), ("brightness", 0.8), ("saturation", 1.4))]
add("color-jitter", {}, {"changes": mixed}, jitter(mixed))
add("greyscale", {}, {"grey": True}, lambda x: F.rgb_to_grayscale(x, 3), ("colour", "large"), lambda p: F.rgb_to_grayscale(p, 3))

# Blur.
for size, sigma in [([3, 3], 0.8), ([5, 9], 1.9), ([7, 1], 0.1)]:
    add("blur", {"kernelSize": size}, {"sigma": sigma}, lambda x: F.gaussian_blur(x, size, [sigma, sigma]), everywhere)

# TrivialAugment: torchvision's own operations, by its own names.
own = v2.TrivialAugmentWide()
for ours, theirs, magnitudes in [
    ("identity", "Identity", (0,)),
    ("shear-x", "ShearX", (0.33, -0.99)),
    ("shear-y", "ShearY", (0.165, -0.66)),
    ("translate-x", "TranslateX", (7, -12)),
    ("translate-y", "TranslateY", (3, -32)),
    ("rotate", "Rotate", (45.5, -121.5)),
    ("brightness", "Brightness", (0.33, -0.99)),
    ("color", "Color", (0.66, -0.66)),
    ("contrast", "Contrast", (0.99, -0.33)),
    ("sharpness", "Sharpness", (0.99, -0.99)),
    ("posterize", "Posterize", (8, 4, 2)),
    ("solarize", "Solarize", (1, 0.5, 0)),
    ("auto-contrast", "AutoContrast", (0,)),
    ("equalize", "Equalize", (0,)),
]:
    for magnitude in magnitudes:
        apply = lambda x: own._apply_image_or_video_transform(
            x, theirs, magnitude, interpolation=v2.InterpolationMode.NEAREST, fill={torch.Tensor: None, Image.Image: None}
        )
        geometric = theirs in ("ShearX", "ShearY", "TranslateX", "TranslateY", "Rotate")
        add("trivial-augment", {}, {"operation": ours, "magnitude": magnitude}, apply,
            ("colour", "grey", "large") if theirs == "Equalize" else ("colour", "grey"), None if geometric else apply)

# What its table of strengths says, for 31 bins. (In 32 bits 16 pixels are 15.999999, and cut off to 15.)
space = {
    ours: [0] if (values := own._AUGMENTATION_SPACE[theirs][0](31, 32, 32)) is None else
    [int(round(float(v), 4)) if theirs.startswith("Trans") else round(float(v), 6) for v in values]
    for ours, theirs in [
        ("identity", "Identity"), ("shear-x", "ShearX"), ("shear-y", "ShearY"), ("translate-x", "TranslateX"),
        ("translate-y", "TranslateY"), ("rotate", "Rotate"), ("brightness", "Brightness"), ("color", "Color"),
        ("contrast", "Contrast"), ("sharpness", "Sharpness"), ("posterize", "Posterize"), ("solarize", "Solarize"),
        ("auto-contrast", "AutoContrast"), ("equalize", "Equalize"),
    ]
}

golden = {
    "versions": {"torchvision": torchvision.__version__, "pillow": PIL.__version__},
    "images": {name: listed(image) | {"channels": image.shape[2]} for name, image in images.items()},
    "space": space,
    "cases": cases,
}
Path(__file__).with_name("everyday.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
print(len(cases), "cases")
