"""Three training steps of more networks in PyTorch, in double precision: networks.json, made as training.json is.

ResNet-50 is torchvision's own. "Smooth" ones have GELUs in the place of ReLUs; of some, named so, only losses are kept. What Shake-Shake draws is this project's: a hash of seed, layer and image.

    python -m pip install torch torchvision numpy && python test/golden/networks_torch.py
"""
import math
from unittest.mock import patch

import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision

from training_torch import Block, run, write


class ResNet34(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        inside = 64
        for index, (width, count) in enumerate([(64, 3), (128, 4), (256, 6), (512, 3)], 1):
            stride = 1 if index == 1 else 2
            blocks = [Block(inside, width, stride)] + [Block(width, width, 1) for _ in range(count - 1)]
            setattr(self, f"layer{index}", nn.Sequential(*blocks))
            inside = width
        self.linear = nn.Linear(512, 10)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        for index in range(1, 5):
            x = getattr(self, f"layer{index}")(x)
        return self.linear(x.mean((2, 3)))


class ConvBlock(nn.Module):
    def __init__(self, inside, outside):
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(outside)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))


class ResNet9Stage(ConvBlock):
    def __init__(self, inside, outside, residual):
        super().__init__(inside, outside)
        if residual:
            self.residual = nn.Sequential(ConvBlock(outside, outside), ConvBlock(outside, outside))


class ResNet9(nn.Module):
    def __init__(self):
        super().__init__()
        self.prep = ConvBlock(3, 32)
        self.layer1 = ResNet9Stage(32, 64, True)
        self.layer2 = ResNet9Stage(64, 128, False)
        self.layer3 = ResNet9Stage(128, 256, True)
        self.linear = nn.Linear(256, 10)

    def forward(self, x):
        x = F.max_pool2d(self.layer1(self.prep(x)), 2)
        x = F.max_pool2d(self.layer2(x + self.layer1.residual(x)), 2)
        x = F.max_pool2d(self.layer3(x), 2)
        x = x + self.layer3.residual(x)
        return 0.125 * self.linear(x.amax((2, 3)))


class ResNet50(nn.Module):
    """torchvision's, under our names"""

    def __init__(self):
        super().__init__()
        whole = torchvision.models.resnet50(num_classes=10)
        self.conv1, self.bn1, self.linear = whole.conv1, whole.bn1, whole.fc
        for index in range(1, 5):
            layer = getattr(whole, f"layer{index}")
            for block in layer:
                if block.downsample is not None:
                    block.shortcut = block.downsample
                    # Known under one name alone.
                    del block.downsample
                    block.downsample = lambda x, block=block: block.shortcut(x)
            setattr(self, f"layer{index}", layer)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for index in range(1, 5):
            x = getattr(self, f"layer{index}")(x)
        return self.linear(x.mean((2, 3)))


def int32(x):
    return (x + 2**31) % 2**32 - 2**31


def drawn(seed, salt, count):
    """Numbers in [0, 1) as graph/ops/dropout.ts describes them."""
    numbers = []
    for position in range(count):
        h = int32(position * 0x9E3779B1 + salt + seed * 0x85EBCA6B)
        for addend in (0x7FEB352D, 0x846CA68B, 0x2C1B3C6D):
            h = int32(h * (2 * h + 1))
            h = int32(h * 65536 + int(math.trunc(h / 65536)) + addend)
        numbers.append(math.trunc(h / 256) / 2**24 + 0.5)
    return torch.tensor(numbers).reshape(-1, 1, 1, 1)


class Shake(torch.autograd.Function):
    @staticmethod
    def forward(context, x, y, forward, backward):
        context.save_for_backward(backward)
        return forward * x + (1 - forward) * y

    @staticmethod
    def backward(context, dy):
        (backward,) = context.saved_tensors
        return backward * dy, (1 - backward) * dy, None, None


class Draws:
    """Numbers salts in the order of the layers."""

    def __init__(self):
        self.seed = 0
        self.count = 0

    def __call__(self, images):
        self.count += 1
        return drawn(self.seed, int32(self.count * 0x632BE5AB), images)


class Branch(nn.Module):
    def __init__(self, inside, outside, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)

    def forward(self, x):
        return self.bn2(self.conv2(F.relu(self.bn1(self.conv1(F.relu(x))))))


class Transition(nn.Module):
    def __init__(self, inside, outside, stride):
        super().__init__()
        self.stride = stride
        self.conv1 = nn.Conv2d(inside, outside // 2, 1, bias=False)
        self.conv2 = nn.Conv2d(inside, outside // 2, 1, bias=False)
        self.bn = nn.BatchNorm2d(outside)

    def forward(self, x):
        x = F.relu(x)
        moved = F.pad(x, (1, -1, 1, -1))
        paths = [self.conv1(F.avg_pool2d(x, 1, self.stride)), self.conv2(F.avg_pool2d(moved, 1, self.stride))]
        return self.bn(torch.cat(paths, 1))


class GroupedBranch(nn.Module):
    def __init__(self, inside, outside, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, stride, 1, groups=4, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        self.conv3 = nn.Conv2d(outside, outside, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outside)

    def forward(self, x):
        x = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return self.bn3(self.conv3(x))


class PlainShortcut(nn.Module):
    def __init__(self, inside, outside, stride):
        super().__init__()
        self.conv = nn.Conv2d(inside, outside, 1, stride, bias=False)
        self.bn = nn.BatchNorm2d(outside)

    def forward(self, x):
        return self.bn(self.conv(x))


class ShakeBlock(nn.Module):
    def __init__(self, branch, shortcut, shares, last, inside, outside, stride):
        super().__init__()
        self.branch1 = branch(inside, outside, stride)
        self.branch2 = branch(inside, outside, stride)
        if inside != outside:
            self.shortcut = shortcut(inside, outside, stride)
        self.shares, self.last = shares, last

    def forward(self, x):
        forward, backward = self.shares(len(x))
        mixed = Shake.apply(self.branch1(x), self.branch2(x), forward, backward)
        return self.last(mixed + (self.shortcut(x) if hasattr(self, "shortcut") else x))


class ShakeShake(nn.Module):
    def __init__(self, stem, widths, count, branch, shortcut, even, after):
        super().__init__()
        self.draws = Draws()
        self.after = after
        self.conv1 = nn.Conv2d(3, stem, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)

        def shares(images):
            forward = self.draws(images)
            return forward, torch.full_like(forward, 0.5) if even else self.draws(images)

        # The activation stands after the sums, or before the branches.
        relu, identity = F.relu, lambda x: x
        self.first, last, self.end = (relu, relu, identity) if after else (identity, identity, relu)
        for index, width in enumerate(widths, 1):
            blocks = []
            for block in range(count):
                stride = 2 if index > 1 and block == 0 else 1
                blocks.append(ShakeBlock(branch, shortcut, shares, last, stem, width, stride))
                stem = width
            setattr(self, f"layer{index}", nn.Sequential(*blocks))
        self.linear = nn.Linear(widths[-1], 10)

    def begin_step(self, step):
        self.draws.seed, self.draws.count = step, 0

    def forward(self, x):
        x = self.first(self.bn1(self.conv1(x)))
        x = self.end(self.layer3(self.layer2(self.layer1(x))))
        return self.linear(x.mean((2, 3)))


class AlexNet2012(nn.Module):
    """without dropout"""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 11, 4)
        self.conv2 = nn.Conv2d(96, 256, 5, 1, 2, groups=2)
        self.conv3 = nn.Conv2d(256, 384, 3, 1, 1)
        self.conv4 = nn.Conv2d(384, 384, 3, 1, 1, groups=2)
        self.conv5 = nn.Conv2d(384, 256, 3, 1, 1, groups=2)
        self.fc6 = nn.Linear(256, 4096)
        self.fc7 = nn.Linear(4096, 4096)
        self.fc8 = nn.Linear(4096, 10)
        # 1e-4 on the sum of the five squares, as in the paper.
        self.norm = nn.LocalResponseNorm(5, 5e-4, 0.75, 2)

    def forward(self, x):
        x = F.max_pool2d(self.norm(F.relu(self.conv1(x))), 3, 2)
        x = F.max_pool2d(self.norm(F.relu(self.conv2(x))), 3, 2)
        x = F.relu(self.conv4(F.relu(self.conv3(x))))
        x = F.max_pool2d(F.relu(self.conv5(x)), 3, 2)
        x = F.relu(self.fc6(x.flatten(1)))
        return self.fc8(F.relu(self.fc7(x)))


class Unscaled(nn.BatchNorm2d):
    def __init__(self, channels):
        super().__init__(channels, eps=1e-12, momentum=0.4)
        del self.weight
        self.weight = None


class Group(nn.Module):
    def __init__(self, inside, outside):
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, padding="same", bias=False)
        self.norm1 = Unscaled(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, padding="same", bias=False)
        self.norm2 = Unscaled(outside)

    def forward(self, x):
        x = F.gelu(self.norm1(F.max_pool2d(self.conv1(x), 2)))
        return F.gelu(self.norm2(self.conv2(x)))


class Whiten(nn.Module):
    """with the filters of white images"""

    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(24))
        self.register_buffer("filters", torch.cat((torch.eye(12), -torch.eye(12))).reshape(24, 3, 2, 2))

    def forward(self, x):
        return F.conv2d(x, self.filters, self.bias)


class Airbench94(nn.Module):
    def __init__(self):
        super().__init__()
        self.whiten = Whiten()
        self.group1, self.group2, self.group3 = Group(24, 64), Group(64, 256), Group(256, 256)
        self.head = nn.Linear(256, 10, bias=False)

    def forward(self, x):
        x = self.group3(self.group2(self.group1(F.gelu(self.whiten(x)))))
        return self.head(F.max_pool2d(x, 3).flatten(1)) / 256


def shake_shake_29():
    return ShakeShake(64, [256, 512, 1024], 3, GroupedBranch, PlainShortcut, True, True)


def losses_alone(result):
    return {"losses": result["losses"], "parameters": {}, "buffers": {}, "optimizer": {}}


def smooth(run):
    """with GELUs in the place of ReLUs: no gradient jumps"""
    with patch.object(F, "relu", F.gelu), patch.object(nn.ReLU, "forward", lambda self, x: F.gelu(x)):
        return run()


runs = {
    "resnet34": lambda: losses_alone(run(ResNet34(), 8, 32, 10, 0.001, True)),
    "resnet34, smooth": lambda: smooth(lambda: run(ResNet34(), 8, 32, 10, 0.001, True)),
    "resnet50": lambda: losses_alone(run(ResNet50(), 8, 64, 10, 0.001, True)),
    "resnet50, smooth": lambda: smooth(lambda: run(ResNet50(), 8, 64, 10, 0.001, True, 2)),
    "resnet50, one step": lambda: run(ResNet50(), 4, 32, 10, 0.001, True, 1),
    "shake-shake-26-2x32d": lambda: run(
        ShakeShake(16, [32, 64, 128], 4, Branch, Transition, False, False), 8, 32, 10, 0.001, True
    ),
    "shake-shake-29-2x4x64d": lambda: losses_alone(run(shake_shake_29(), 4, 16, 10, 0.001, True)),
    "shake-shake-29-2x4x64d, smooth": lambda: smooth(lambda: run(shake_shake_29(), 4, 16, 10, 0.001, True)),
    "alexnet-2012": lambda: run(AlexNet2012(), 4, 95, 10, 0.0003, False),
    "airbench94": lambda: run(Airbench94(), 8, 32, 10, 0.01, True),
    "resnet9": lambda: run(ResNet9(), 8, 32, 10, 0.001, True),
}

if __name__ == "__main__":
    write("networks.json", runs)
