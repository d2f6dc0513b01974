"""Golden numbers of the layers that drop something: outputs and gradients by torch and torchvision, on our own draws.

    python -m pip install torch torchvision numpy
    python test/golden/regularizers_torch.py > test/golden/regularizers.json   # torch 2.15.0, torchvision 0.29.2

torchvision draws by Tensor.bernoulli_; that is given the numbers which the graph's `uniform` operator draws for a seed
and a salt, so that the rest of its computation is held against ours.
"""
import json
import sys

import numpy
import torch
import torch.nn.functional as F
import torchvision

torch.set_default_dtype(torch.float64)
seed, salt = 12345, 77
shape = (3, 4, 7, 8)  # images, channels, height, width


def uniform(extents):
    """src/graph/ops/dropout.ts: 32-bit wrapping arithmetic, the division truncates towards zero."""
    with numpy.errstate(over="ignore"):
        h = numpy.arange(numpy.prod(extents), dtype=numpy.int32) * numpy.uint32(0x9E3779B1).astype(numpy.int32)
        h = h + numpy.int32(salt) + numpy.int32(seed) * numpy.uint32(0x85EBCA6B).astype(numpy.int32)
        for addend in (0x7FEB352D, 0x846CA68B, 0x2C1B3C6D):
            h = h * (h + h + numpy.int32(1))
            high = numpy.trunc(h / 65536).astype(numpy.int32)
            h = h * numpy.int32(65536) + high + numpy.uint32(addend).astype(numpy.int32)
    return (numpy.trunc(h / 256) / 2**24 + 0.5).reshape(extents)


def draws(extents):
    """The draws for [N, C, ...], which the graph makes for [C, ..., N]."""
    moved = uniform((*extents[1:], extents[0]))
    return torch.from_numpy(numpy.moveaxis(moved, -1, 0).copy())


def drawing(keeps):
    """Tensor.bernoulli_ by our draws; `keeps`: true is drawn for what is kept, with 1 - p, and not for what is dropped."""

    def bernoulli_(self, p):
        u = draws(tuple(self.shape))
        return self.copy_((u >= numpy.float32(1 - p)) if keeps else (u < numpy.float32(p)))

    return bernoulli_


generator = numpy.random.default_rng(1)
values = generator.permutation(numpy.prod(shape)) / numpy.prod(shape) - 0.2
x = torch.tensor(values.reshape(shape), dtype=torch.float64, requires_grad=True)


def case(compute, keeps=False):
    original = torch.Tensor.bernoulli_
    torch.Tensor.bernoulli_ = drawing(keeps)
    try:
        y = compute(x)
    finally:
        torch.Tensor.bernoulli_ = original
    weights = torch.arange(y.numel(), dtype=torch.float64).reshape(y.shape) % 7 - 2
    (dx,) = torch.autograd.grad((y * weights).sum(), x)
    round_ = lambda t: [float(f"{v:.9g}") for v in t.detach().flatten().tolist()]
    return {"shape": list(y.shape), "y": round_(y), "dx": round_(dx)}


def dropped(p, extents):
    return (draws(extents) < numpy.float32(p)).double()


def max_drop(x, p, axes, extents):
    largest = x == x.amax(axes, keepdim=True)
    return x * (1 - largest.double() * dropped(p, extents))


def weighted(x, p, kernel, stride, padding):
    """Every way to drop the values of a window, one by one: no formula."""
    images, channels, _, _ = x.shape
    padded = F.pad(x, [padding] * 4, value=-float("inf"))
    windows = padded.unfold(2, kernel, stride).unfold(3, kernel, stride).flatten(4)
    count = kernel * kernel
    inside = torch.isfinite(windows)
    total = torch.zeros(windows.shape[:4], dtype=torch.float64)
    for ways in range(2**count):
        kept = torch.tensor([(ways >> at) & 1 for at in range(count)], dtype=torch.bool)
        chance = torch.where(inside, torch.where(kept, 1 - p, p), torch.where(kept, 1.0, 0.0)).prod(-1)
        value = torch.where(inside, torch.where(kept, windows, 0.0), -float("inf")).amax(-1)
        total = total + torch.where(chance > 0, chance * torch.where(chance > 0, value, 0.0), 0.0)
    return total


n, c, h, w = shape
p = 0.3
ops = torchvision.ops
cases = {
    # torchvision's own shape of draws, [N, C, H - k + 1, W - k + 1].
    "dropblock 1": case(lambda x: ops.drop_block2d(x.clone(), p, 1)),
    "dropblock 3": case(lambda x: ops.drop_block2d(x.clone(), p, 3)),
    "dropblock 7": case(lambda x: ops.drop_block2d(x.clone(), p, 7)),
    "stochastic depth image": case(lambda x: ops.stochastic_depth(x, p, "row"), keeps=True),
    "stochastic depth batch": case(lambda x: ops.stochastic_depth(x, p, "batch"), keeps=True),
    "spatial dropout": case(lambda x: x * (1 - dropped(p, (n, c, 1, 1))) / (1 - p)),
    "max drop map": case(lambda x: max_drop(x, p, (2, 3), (n, c, 1, 1))),
    "max drop channels": case(lambda x: max_drop(x, p, 1, (n, 1, h, w))),
    "max-pooling dropout 2": case(lambda x: F.max_pool2d(x * (1 - dropped(p, shape)), 2)),
    "max-pooling dropout 3": case(lambda x: F.max_pool2d(x * (1 - dropped(p, shape)), 3, 2)),
    "weighted pooling 2": case(lambda x: weighted(x, p, 2, 2, 0)),
    "weighted pooling 3 padded": case(lambda x: weighted(x, p, 3, 2, 1)),
}
json.dump(
    {"seed": seed, "salt": salt, "probability": p, "shape": shape, "x": x.flatten().tolist(), "cases": cases},
    sys.stdout,
)
