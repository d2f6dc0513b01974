#!/usr/bin/env python3
"""Writes presets_NAME.json: the holes that other libraries draw, with the random numbers they drew them from.

    python3 -m venv venv && venv/bin/pip install torch torchvision timm albumentations keras
    venv/bin/python -P test/golden/presets_libraries.py torchvision timm albumentations keras restated
    python3 -m venv old && old/bin/pip install 'numpy<2' imgaug
    old/bin/python -P test/golden/presets_libraries.py imgaug
    apt-get install libopencv-dev libturbojpeg0-dev
    python3 -m venv ffcv && ffcv/bin/pip install torch numba opencv-python-headless pytorch_pfn_extras ffcv
    ffcv/bin/python -P test/golden/presets_libraries.py ffcv

Every number that a library draws is recorded with its bounds, so that the same numbers can be given to a preset, which
must then make the same holes. Numbers are in the order in which a preset asks for them: a float as its place between
the bounds, 0 to 1; an integer as [number of possibilities, which of them].
`restated` are versions that are no package (the authors' two, the reviewed numpy one): written here, from their
description.
"""
import json
import math
import os
import sys
from pathlib import Path

import numpy as np

HEIGHT, WIDTH = 32, 44
DRAWS = 500  # of the defaults, and as many of other options


class Recorder:
    """Stands in for a source of random numbers and writes down what is drawn."""

    def __init__(self):
        self.taken = []

    def take(self):
        taken, self.taken = self.taken, []
        return taken

    def place(self, low, high, value):
        self.taken.append(round((value - low) / (high - low), 12))

    def choice(self, low, count, value):
        self.taken.append([int(count), int(value - low)])


def case(like, options, probability, draws):
    return {"options": {"like": like, **options}, "probability": probability, "draws": draws}


def torchvision_cases():
    import torch
    import torchvision
    from torchvision.transforms import v2

    torch.manual_seed(1)
    record = Recorder()
    uniform, randint = torch.Tensor.uniform_, torch.randint

    def recorded_uniform(self, low, high):
        result = uniform(self, low, high)
        record.place(float(low), float(high), float(result.item()))
        return result

    def recorded_randint(low, high, size):
        result = randint(low, high, size=size)
        record.choice(low, high - low, result.item())
        return result

    torch.Tensor.uniform_, torch.randint = recorded_uniform, recorded_randint
    image = torch.zeros(3, HEIGHT, WIDTH)
    cases = []
    for options in [{}, {"p": 0.8, "scale": [0.1, 0.9], "ratio": [0.2, 2]}]:
        transform = v2.RandomErasing(**options)
        draws = []
        for _ in range(DRAWS):
            hole = transform.make_params([image])
            top, left = hole["i"], hole["j"]
            whole = hole["h"] == HEIGHT and hole["w"] == WIDTH and hole["v"] is None
            holes = [] if whole else [[top, top + hole["h"], left, left + hole["w"]]]
            draws.append({"numbers": record.take(), "holes": holes})
        cases.append(case("torchvision", options, transform.p, draws))
    torch.Tensor.uniform_, torch.randint = uniform, randint
    return torchvision.__version__, cases


def timm_cases():
    import random

    import timm
    import torch
    from timm.data import random_erasing

    source, record = random.Random(2), Recorder()

    class Numbers:
        def random(self):
            return 0.0

        def uniform(self, low, high):
            value = source.uniform(low, high)
            record.place(low, high, value)
            return value

        def randint(self, low, high):
            value = source.randint(low, high)
            record.choice(low, high - low + 1, value)
            return value

    class Image:
        """Takes down which part is painted."""

        def __init__(self):
            self.holes = []

        def __setitem__(self, where, value):
            _, rows, columns = where
            self.holes.append([rows.start, rows.stop, columns.start, columns.stop])

    random_erasing.random = Numbers()
    cases = []
    for names, options in [
        ({}, {}),
        (
            {"probability": 0.25, "minArea": 0.1, "maxArea": 0.8, "minAspect": 0.2, "maxAspect": 4, "minCount": 1, "maxCount": 3},
            {"probability": 0.25, "min_area": 0.1, "max_area": 0.8, "min_aspect": 0.2, "max_aspect": 4, "min_count": 1, "max_count": 3},
        ),
    ]:
        erase = random_erasing.RandomErasing(device="cpu", **options)
        draws = []
        for _ in range(DRAWS):
            image = Image()
            erase._erase(image, 3, HEIGHT, WIDTH, torch.float32)
            draws.append({"numbers": record.take(), "holes": image.holes})
        cases.append(case("timm", names, erase.probability, draws))
    return timm.__version__, cases


def albumentations_cases():
    os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
    import random

    import albumentations

    source, choices = np.random.default_rng(3), random.Random(3)

    class Numbers:
        """Draws for all holes at once; what belongs to one hole is sorted out afterwards."""

        def __init__(self):
            self.columns = []

        def uniform(self, low, high, size):
            value = source.uniform(low, high, size=size)
            self.columns.append([round((v - low) / (high - low), 12) for v in value])
            return value

        def integers(self, low, high, size=None):
            if size is None:
                return source.integers(low, high)  # the seed of the fill
            value = source.integers(low, high, size=size)
            highs = np.broadcast_to(high, (size,))
            self.columns.append([[int(h - low), int(v - low)] for h, v in zip(highs, value)])
            return value

    class Counts:
        def randint(self, low, high):
            self.last = (low, high, choices.randint(low, high))
            return self.last[2]

    cases = []
    for names, options in [
        ({}, {}),
        (
            {"p": 0.9, "numHolesRange": [3, 3], "holeHeightRange": [4, 9], "holeWidthRange": [2, 99]},
            {"p": 0.9, "num_holes_range": (3, 3), "hole_height_range": (4, 9), "hole_width_range": (2, 99)},
        ),
        # The trap: an upper end of 1 or more means pixels, here 0 or 1 of them.
        (
            {"holeHeightRange": [0.5, 1.0], "holeWidthRange": [0.5, 1.0], "numHolesRange": [1, 1]},
            {"hole_height_range": (0.5, 1.0), "hole_width_range": (0.5, 1.0), "num_holes_range": (1, 1)},
        ),
    ]:
        transform = albumentations.CoarseDropout(**options)
        numbers, counts = Numbers(), Counts()
        transform.random_generator, transform.py_random = numbers, counts
        draws = []
        for _ in range(DRAWS if not options else DRAWS // 2):
            numbers.columns = []
            found = transform.get_params_dependent_on_data({"shape": (HEIGHT, WIDTH, 3)}, {})["holes"]
            low, high, count = counts.last
            heights, widths, tops, lefts = numbers.columns[:4]
            taken = [] if low == high else [[high - low + 1, count - low]]
            for hole in zip(heights, widths, tops, lefts):
                taken.extend(hole)
            draws.append({"numbers": taken, "holes": [[int(y1), int(y2), int(x1), int(x2)] for x1, y1, x2, y2 in found]})
        cases.append(case("albumentations", names, transform.p, draws))
    return albumentations.__version__, cases


def keras_cases():
    os.environ["KERAS_BACKEND"] = "torch"
    import keras

    keras.utils.set_random_seed(4)
    cases = []
    for names, options in [({}, {}), ({"factor": [0.2, 0.6], "scale": [0.1, 0.9]}, {"factor": (0.2, 0.6), "scale": (0.1, 0.9)})]:
        layer = keras.layers.RandomErasing(**options)
        uniform, drawn = layer.backend.random.uniform, []

        def recorded(shape, minval=0.0, maxval=1.0, **others):
            value = uniform(shape=shape, minval=minval, maxval=maxval, **others)
            drawn.append((np.asarray(value, np.float64) - minval) / (maxval - minval))
            return value

        layer.backend.random.uniform = recorded
        images = np.zeros((DRAWS, HEIGHT, WIDTH, 3), np.float32)
        result = layer.get_random_transformation(images, training=True)
        layer.backend.random.uniform = uniform
        masks = np.asarray(result["batch_masks"])[..., 0]
        sizes, left, top = drawn[0], drawn[1].ravel(), drawn[2].ravel()
        draws = []
        for index, mask in enumerate(masks):
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            # Width is drawn before height; a preset asks for the height first.
            taken = [sizes[index, 1], sizes[index, 0], top[index], left[index]]
            holes = [[int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1]] if len(rows) and len(columns) else []
            draws.append({"numbers": [round(float(number), 12) for number in taken], "holes": holes})
        applied = float(np.mean(np.asarray(result["apply_erasing"])))
        cases.append({**case("keras", names, None, draws), "applied": applied})
    return keras.__version__, cases


def imgaug_cases():
    for name, kind in [("bool", bool), ("object", object), ("int", int), ("float", float), ("complex", complex)]:
        if name not in np.__dict__:
            setattr(np, name, kind)  # names that imgaug 0.4 still uses
    import imgaug
    from imgaug.augmenters import arithmetic

    cases = []
    for names, options in [
        ({}, {}),
        (
            {"nbIterations": 1, "size": [0.1, 0.7], "squared": False},
            {"nb_iterations": 1, "size": (0.1, 0.7), "squared": False},
        ),
    ]:
        augment = arithmetic.Cutout(cval=255, seed=5, **options)
        samples, draw = [], augment._draw_samples

        def recorded(images, random_state):
            samples.append(draw(images, random_state))
            return samples[-1]

        augment._draw_samples = recorded
        images = augment(images=np.zeros((DRAWS, HEIGHT, WIDTH, 1), np.uint8))
        drawn, draws = samples[0], []
        for index, image in enumerate(images[..., 0]):
            rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
            low, high = options.get("size", (0.2, 0.2))
            sizes = [] if low == high else [(float(size[index]) - low) / (high - low) for size in (drawn.size_h, drawn.size_w)]
            taken = [*sizes, float(drawn.pos_y[index]), float(drawn.pos_x[index])]
            holes = [[int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1]] if len(rows) and len(columns) else []
            draws.append({"numbers": [round(number, 12) for number in taken], "holes": holes})
        cases.append(case("imgaug", names, 1, draws))
    return imgaug.__version__, cases


def restated_cases():
    source = np.random.default_rng(6)

    def clipped(top, bottom, left, right):
        return [max(0, top), min(HEIGHT, bottom), max(0, left), min(WIDTH, right)]

    def draw(rows, columns, hole):
        y, x = int(source.integers(rows)), int(source.integers(columns))
        return {"numbers": [[rows, y], [columns, x]], "holes": [hole(y, x)]}

    cases = []
    for length in (7, 16):  # length // 2 to both sides
        half = length // 2
        hole = lambda y, x: clipped(y - half, y + half, x - half, x + half)
        cases.append(case("authors-pytorch", {"length": length}, 1, [draw(HEIGHT, WIDTH, hole) for _ in range(DRAWS)]))
    for length in (8, 16):  # the same bounds, but inclusive
        half = length // 2
        hole = lambda y, x: clipped(y - half, y + half + 1, x - half, x + half + 1)
        cases.append(case("authors-lua", {"length": length}, 1, [draw(HEIGHT, WIDTH, hole) for _ in range(DRAWS)]))
    hole = lambda y, x: clipped(y - 6, y + 6, x - 6, x + 6)
    cases.append(case("reviewed-numpy", {"cutLength": 12}, 1, [draw(HEIGHT, WIDTH, hole) for _ in range(2 * DRAWS)]))
    return "from their descriptions", cases


def ffcv_cases():
    from importlib.metadata import version

    from ffcv.transforms import Cutout

    source, record, randint = np.random.default_rng(7), Recorder(), np.random.randint

    def recorded(high):
        value = int(source.integers(high))
        record.choice(0, high, value)
        return value

    np.random.randint = recorded
    cases = []
    for size in (9, 32):
        cut = Cutout(size, (255, 255, 255)).generate_code()  # plain Python until FFCV compiles it
        draws = []
        for _ in range(DRAWS):
            [image] = cut(np.zeros((1, HEIGHT, WIDTH, 3), np.uint8))
            rows, columns = np.flatnonzero(image.any((1, 2))), np.flatnonzero(image.any((0, 2)))
            hole = [int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1]
            draws.append({"numbers": record.take(), "holes": [hole]})
        cases.append(case("ffcv", {"cropSize": size}, 1, draws))
    np.random.randint = randint
    return version("ffcv"), cases


LIBRARIES = {
    "torchvision": torchvision_cases,
    "timm": timm_cases,
    "albumentations": albumentations_cases,
    "keras": keras_cases,
    "imgaug": imgaug_cases,
    "ffcv": ffcv_cases,
    "restated": restated_cases,
}


def main():
    for name in sys.argv[1:] or LIBRARIES:
        version, cases = LIBRARIES[name]()
        path = Path(__file__).with_name(f"presets_{name}.json")
        content = {"version": version, "height": HEIGHT, "width": WIDTH, "cases": cases}
        path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
        print(f"{path.name}: {version}, {sum(len(c['draws']) for c in cases)} draws, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
