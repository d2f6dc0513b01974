"""Three training steps in PyTorch, in double precision, on weights and data that a formula gives.

Writes training.json: the losses, and for every parameter, running statistic and momentum after the third step its
norm, sixteen of its values and eight projections on random signs (together they bound the error of the whole tensor).

    python -m pip install torch numpy && python test/golden/training_torch.py
"""
import json
import math
import pathlib
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

# "float32" on the command line shows how far PyTorch itself is from double precision, and writes nothing.
dtype = torch.float32 if "float32" in sys.argv else torch.float64
torch.set_default_dtype(dtype)
torch.set_num_threads(2)


def mix(x):
    """The finalizer of MurmurHash3 on uint32."""
    x = x.astype(np.uint64)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x = ((x ^ (x >> np.uint64(shift))) * np.uint64(factor)) & np.uint64(0xFFFFFFFF)
    return x ^ (x >> np.uint64(16))


def key_of(name):
    key = 2166136261
    for char in name:
        key = ((key ^ ord(char)) * 16777619) % 2**32
    return key


def hashes(name, count):
    """32 random bits for each index."""
    counter = np.arange(count, dtype=np.uint64) * np.uint64(2654435761) + np.uint64(key_of(name))
    return mix(counter & np.uint64(0xFFFFFFFF))


def uniform(name, count):
    """Numbers in [-1, 1) that float32 holds exactly."""
    return (hashes(name, count) >> np.uint64(8)).astype(np.float64) / 2**23 - 1


def start(name, shape):
    u = uniform(name, int(np.prod(shape)))
    if len(shape) > 1:
        scale = np.float32(math.sqrt(6 / np.prod(shape[1:])))
        value = (u.astype(np.float32) * scale).astype(np.float64)
    elif name.endswith("weight"):
        value = 1 + 0.125 * u
    else:
        value = 0.125 * u
    return value.astype(np.float32).astype(np.float64).reshape(shape)


class AlexNet(nn.Module):
    """reference network without dropout (its random masks are not PyTorch's)"""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 11, 4)
        self.conv2 = nn.Conv2d(96, 256, 5, 1, 2)
        self.conv3 = nn.Conv2d(256, 384, 3, 1, 1)
        self.conv4 = nn.Conv2d(384, 384, 3, 1, 1)
        self.conv5 = nn.Conv2d(384, 256, 3, 1, 1)
        self.fc6 = nn.Linear(9216, 4096)
        self.fc7 = nn.Linear(4096, 4096)
        self.fc8 = nn.Linear(4096, 2)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 3, 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 3, 2)
        x = F.relu(self.conv4(F.relu(self.conv3(x))))
        x = F.max_pool2d(F.relu(self.conv5(x)), 3, 2)
        x = F.relu(self.fc6(x.flatten(1)))
        return self.fc8(F.relu(self.fc7(x)))


class Block(nn.Module):
    def __init__(self, inside, outside, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.shortcut = nn.Sequential()
        if stride != 1 or inside != outside:
            self.shortcut = nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.shortcut(x))


class ResNet18(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        widths = [(64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2)]
        for index, (inside, outside, stride) in enumerate(widths, 1):
            setattr(self, f"layer{index}", nn.Sequential(Block(inside, outside, stride), Block(outside, outside, 1)))
        self.linear = nn.Linear(512, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        for index in range(1, 5):
            x = getattr(self, f"layer{index}")(x)
        return self.linear(x.mean((2, 3)))


class WideBlock(nn.Module):
    """Pre-activation; where the shape changes, the shortcut starts from the activation too."""

    def __init__(self, inside, outside, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inside)
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.shortcut = None if inside == outside else nn.Conv2d(inside, outside, 1, stride, bias=False)

    def forward(self, x):
        activation = F.relu(self.bn1(x))
        y = self.conv2(F.relu(self.bn2(self.conv1(activation))))
        return y + (x if self.shortcut is None else self.shortcut(activation))


class WideResNet16x4(nn.Module):
    """WRN-16-4 without dropout"""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        for index, (inside, outside, stride) in enumerate([(16, 64, 1), (64, 128, 2), (128, 256, 2)], 1):
            blocks = nn.Sequential(WideBlock(inside, outside, stride), WideBlock(outside, outside, 1))
            setattr(self, f"group{index}", blocks)
        self.bn = nn.BatchNorm2d(256)
        self.linear = nn.Linear(256, 10)

    def forward(self, x):
        x = self.group3(self.group2(self.group1(self.conv1(x))))
        return self.linear(F.relu(self.bn(x)).mean((2, 3)))


def summary(name, value):
    flat = value.detach().double().numpy().reshape(-1)
    count = flat.size
    samples = [int(i) for i in (np.arange(16) * 2654435761 % count)]
    bits = hashes(f"{name} projection", count)
    signs = [1.0 - 2.0 * ((bits >> np.uint64(k)) & np.uint64(1)) for k in range(8)]
    return {
        "norm": float(np.linalg.norm(flat)),
        "samples": [float(flat[i]) for i in samples],
        "projections": [float(flat @ sign) for sign in signs],
    }


def run(model, batch, size, classes, learning_rate, nesterov, steps=3):
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(torch.from_numpy(start(name, tuple(parameter.shape))))
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9, nesterov=nesterov, weight_decay=5e-4)
    model.train()
    losses = []
    for step in range(steps):
        if hasattr(model, "begin_step"):
            model.begin_step(step)
        images = torch.from_numpy(uniform(f"images {step}", batch * 3 * size * size).reshape(batch, 3, size, size)).to(dtype)
        labels = torch.arange(batch) * 7 % classes
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels, label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        losses.append(float(loss))
    buffers = {name: value for name, value in model.named_buffers() if not name.endswith("num_batches_tracked")}
    return {
        "losses": losses,
        "parameters": {name: summary(name, value) for name, value in parameters.items()},
        "buffers": {name: summary(name, value) for name, value in buffers.items()},
        "optimizer": {name: summary(name, optimizer.state[p]["momentum_buffer"]) for name, p in parameters.items()},
    }


def write(name, runs):
    """Makes the results and writes them, unless they are not in double precision."""
    result = {"torch": torch.__version__, **{key: run() for key, run in runs.items()}}
    print({key: result[key]["losses"] for key in runs})
    if dtype == torch.float64:
        path = pathlib.Path(__file__).with_name(name)
        path.write_text(json.dumps(result, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    runs = {
        "alexnet": lambda: run(AlexNet(), 4, 227, 2, 0.0003, False),
        "resnet18, few images": lambda: run(ResNet18(), 2, 32, 10, 0.01, True),
        "resnet18": lambda: run(ResNet18(), 16, 32, 10, 0.001, True),
        "wrn-16-4": lambda: run(WideResNet16x4(), 16, 32, 10, 0.001, True),
    }
    write("training.json", runs)
