#!/usr/bin/env python3
"""Writes relatives.json: what Python libraries make of Cutout's relatives, with their random draws written down.

    python3 -m venv venv && venv/bin/pip install torch torchvision timm albumentations scipy
    venv/bin/python test/golden/relatives_python.py

- erasing: RandomErasing of torchvision (v2) and timm, the numbers they draw and the rectangle they make of them
- cutmix, mixup: torchvision v2 on small batches, with the box or weight they drew, images and soft labels
- gridDropout: holes of Albumentations GridDropout, which are GridMask's without rotation
- gridMask: the authors' geometry in numpy and Pillow (stripes on a square as large as the diagonal, turned, cropped)
- beta: distribution function of Beta(alpha, alpha) by SciPy, for the sampler of CutMix and Mixup
- crossEntropy: loss and gradient of PyTorch's cross-entropy with soft labels
"""
import json
import math
import random
from pathlib import Path

import albumentations
import numpy as np
import scipy.stats
import timm.data.random_erasing as timm_erasing
import torch
import torchvision
from PIL import Image
from torchvision.transforms import v2


def torchvision_erasing():
    """300 rectangles in images of several sizes. What is drawn: (area share, log of the aspect), then i, j."""
    draws = []
    uniform, randint = torch.Tensor.uniform_, torch.randint

    def recorded_uniform(self, low=0.0, high=1.0):
        result = uniform(self, low, high)
        draws.append({"kind": "uniform", "at": (float(result.item()) - low) / (high - low)})
        return result

    def recorded_randint(low, high, size):
        result = randint(low, high, size=size)
        draws.append({"kind": "integer", "bound": high - low, "value": int(result.item()) - low})
        return result

    cases = []
    torch.Tensor.uniform_, torch.randint = recorded_uniform, recorded_randint
    try:
        for number in range(300):
            height, width = [(32, 32), (224, 224), (17, 50), (28, 9)][number % 4]
            erase = v2.RandomErasing(p=1.0, scale=(0.02, 0.33) if number % 3 else (0.3, 0.95), value=0)
            draws.clear()
            made = erase.make_params([torch.zeros(3, height, width)])
            box = None if made["v"] is None else [int(made[side]) for side in "ijhw"]
            cases.append({"height": height, "width": width, "area": list(erase.scale), "aspect": list(erase.ratio),
                          "tries": 10, "draws": list(draws), "box": box})
    finally:
        torch.Tensor.uniform_, torch.randint = uniform, randint
    return cases


def timm_rectangles():
    cases = []
    draws = []
    uniform, randint = random.uniform, random.randint

    def recorded_uniform(low, high):
        value = uniform(low, high)
        draws.append({"kind": "uniform", "at": (value - low) / (high - low)})
        return value

    def recorded_randint(low, high):
        value = randint(low, high)
        # With one block timm draws "how many" from 1 to 1 first: nothing random, and nothing that we draw.
        if (low, high) != (1, 1):
            draws.append({"kind": "integer", "bound": high - low + 1, "value": value - low})
        return value

    random.seed(7)
    timm_erasing.random.uniform, timm_erasing.random.randint = recorded_uniform, recorded_randint
    try:
        for number in range(200):
            height, width = [(32, 32), (224, 224), (17, 50), (28, 9)][number % 4]
            erase = timm_erasing.RandomErasing(probability=1.0, mode="const", device="cpu")
            draws.clear()
            image = torch.ones(1, height, width)
            erase(image)
            rows, columns = np.where(image[0].numpy() == 0)
            box = None
            if len(rows):
                top, left = int(rows.min()), int(columns.min())
                box = [top, left, int(rows.max()) - top + 1, int(columns.max()) - left + 1]
            cases.append({"height": height, "width": width, "area": [0.02, 1 / 3], "aspect": [0.3, 1 / 0.3],
                          "tries": 10, "draws": list(draws), "box": box})
    finally:
        timm_erasing.random.uniform, timm_erasing.random.randint = uniform, randint
    return cases


def listed(tensor):
    return [round(float(value), 8) for value in torch.as_tensor(tensor).flatten()]


def mixed(transform, describe):
    cases = []
    for number in range(12):
        count, channels, height, width = [(4, 3, 6, 5), (3, 1, 8, 8), (5, 2, 3, 7)][number % 3]
        images = torch.rand(count, channels, height, width)
        labels = torch.randint(0, 4, (count,))
        drawn = {}
        make = transform.make_params

        def recorded(inputs, make=make, drawn=drawn):
            drawn.update(make(inputs))
            return drawn

        transform.make_params = recorded
        mixed_images, mixed_labels = transform(images, labels)
        transform.make_params = make
        cases.append({"count": count, "channels": channels, "height": height, "width": width,
                      "images": listed(images), "labels": labels.tolist(), **describe(drawn),
                      "mixedImages": listed(mixed_images), "mixedLabels": listed(mixed_labels)})
    return cases


def boxed(drawn):
    left, top, right, bottom = drawn["box"]
    return {"box": {"top": top, "bottom": bottom, "left": left, "right": right}}


def grid_dropout():
    cases = []
    for number in range(20):
        height, width, unit, ratio = [(32, 40, 8, 0.5), (30, 50, 10, 0.4), (24, 18, 6, 0.7), (45, 36, 9, 0.3)][number % 4]
        shift = (number % 4, number % 3)
        transform = albumentations.GridDropout(
            ratio=ratio, unit_size_range=(unit, unit + 1), random_offset=False, shift_xy=shift, p=1.0)
        image = transform(image=np.full((height, width, 1), 255, np.uint8))["image"]
        cases.append({"height": height, "width": width, "period": unit, "hole": max(1, min(int(unit * ratio), unit - 1)),
                      "shiftX": shift[0], "shiftY": shift[1], "dropped": (image[..., 0] == 0).astype(int).flatten().tolist()})
    return cases


def grid_mask(height, width, period, kept, top, left, rotation):
    side = math.ceil(math.hypot(height, width))
    stripes = np.zeros((side, side), np.uint8)
    for start in range(top - period, side, period):
        stripes[max(0, start):max(0, start + kept), :] = 1
    for start in range(left - period, side, period):
        stripes[:, max(0, start):max(0, start + kept)] = 1
    # Pillow fills corners with 0 = dropped; the diagonal keeps them out of the image.
    turned = np.asarray(Image.fromarray(1 - stripes).rotate(rotation))
    y, x = (side - height) // 2, (side - width) // 2
    return turned[y:y + height, x:x + width]


def grid_masks(rng):
    cases = []
    for number in range(60):
        height, width = [(32, 32), (20, 33), (41, 24), (16, 16)][number % 4]
        period = int(rng.integers(4, 24))
        case = {"height": height, "width": width, "period": period, "kept": math.ceil(0.6 * period),
                "top": int(rng.integers(period)), "left": int(rng.integers(period)),
                "rotation": [0, 90, 180, 270][number % 4] if number < 20 else int(rng.integers(360))}
        dropped = grid_mask(**case)
        cases.append({**case, "dropped": "".join(map(str, dropped.flatten().tolist()))})
    return cases


def beta_functions():
    return [{"alpha": alpha, "mean": 0.5, "variance": float(scipy.stats.beta.var(alpha, alpha)),
             "fourth": float(scipy.stats.beta.moment(4, alpha, alpha)),
             "points": [[x, float(scipy.stats.beta.cdf(x, alpha, alpha))]
                        for x in [1e-9, 1e-6, 1e-4, 1e-3, *[round(i / 100, 2) for i in range(1, 100)], 0.999, 0.9999]]}
            for alpha in [0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.5, 2.0, 8.0]]


def cross_entropies():
    cases = []
    for count, classes, smoothing in [(4, 3, 0.0), (6, 10, 0.0), (5, 4, 0.1), (3, 2, 0.3)]:
        logits = torch.randn(count, classes, dtype=torch.float64) * 3
        logits.requires_grad_()
        targets = torch.distributions.Dirichlet(torch.full((classes,), 0.5, dtype=torch.float64)).sample((count,))
        loss = torch.nn.functional.cross_entropy(logits, targets, label_smoothing=smoothing)
        loss.backward()
        cases.append({"count": count, "classes": classes, "labelSmoothing": smoothing,
                      "logits": logits.flatten().tolist(), "targets": targets.flatten().tolist(),
                      "loss": float(loss.detach()), "gradient": logits.grad.flatten().tolist()})
    return cases


def main():
    torch.manual_seed(2017)
    rng = np.random.default_rng(2017)
    golden = {
        "versions": {"torchvision": torchvision.__version__, "timm": __import__("timm").__version__,
                     "albumentations": albumentations.__version__, "scipy": scipy.__version__, "torch": torch.__version__},
        "erasing": {"torchvision": torchvision_erasing(), "timm": timm_rectangles()},
        "cutmix": mixed(v2.CutMix(num_classes=4), boxed),
        "mixup": mixed(v2.MixUp(alpha=0.6, num_classes=4), lambda drawn: {"lambda": drawn["lam"]}),
        "gridDropout": grid_dropout(),
        "gridMask": grid_masks(rng),
        "beta": beta_functions(),
        "crossEntropy": cross_entropies(),
    }
    path = Path(__file__).with_name("relatives.json")
    # Some of what the libraries hand out are tensors of one number.
    path.write_text(json.dumps(golden, default=lambda tensor: tensor.item()) + "\n")
    print({name: len(value) for name, value in golden.items()}, path.stat().st_size)


if __name__ == "__main__":
    main()
