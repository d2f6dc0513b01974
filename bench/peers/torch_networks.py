"""The shipped networks in PyTorch: the same layers and the same number of parameters."""
import torch
import torch.nn as nn
import torch.nn.functional as F


def block(inside, outside):
    return nn.Sequential(nn.Conv2d(inside, outside, 3, 1, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU())


class Residual(nn.Module):
    def __init__(self, body, shortcut=None):
        super().__init__()
        self.body, self.shortcut = body, shortcut or nn.Identity()

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


def resnet9(classes, width=32):
    """For images of up to 48 pixels, where the first convolution has no stride."""

    class Head(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(8 * width, classes)

        def forward(self, x):
            return self.linear(x.amax((2, 3))) * 0.125

    w = width
    return nn.Sequential(
        block(3, w),
        block(w, 2 * w),
        nn.MaxPool2d(2),
        Residual(nn.Sequential(block(2 * w, 2 * w), block(2 * w, 2 * w))),
        block(2 * w, 4 * w),
        nn.MaxPool2d(2),
        block(4 * w, 8 * w),
        nn.MaxPool2d(2),
        Residual(nn.Sequential(block(8 * w, 8 * w), block(8 * w, 8 * w))),
        Head(),
    )


def basic(inside, outside, stride):
    body = nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, 1, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(),
        nn.Conv2d(outside, outside, 3, 1, 1, bias=False),
        nn.BatchNorm2d(outside),
    )
    shortcut = None
    if stride != 1 or inside != outside:
        shortcut = nn.Sequential(nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside))
    return nn.Sequential(Residual(body, shortcut), nn.ReLU())


def resnet18(classes):
    stages = [(64, 64, 1), (64, 128, 2), (128, 256, 2), (256, 512, 2)]
    blocks = [b for i, o, s in stages for b in (basic(i, o, s), basic(o, o, 1))]
    return nn.Sequential(block(3, 64), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, classes))


def alexnet(classes):
    relu = nn.ReLU
    return nn.Sequential(
        nn.Conv2d(3, 96, 11, 4), relu(), nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, 1, 2), relu(), nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, 1, 1), relu(),
        nn.Conv2d(384, 384, 3, 1, 1), relu(),
        nn.Conv2d(384, 256, 3, 1, 1), relu(), nn.MaxPool2d(3, 2),
        nn.Flatten(),
        nn.Linear(9216, 4096), relu(), nn.Dropout(),
        nn.Linear(4096, 4096), relu(),
        nn.Linear(4096, classes),
    )


class WideBlock(nn.Module):
    """Pre-activation; where the shape changes, the shortcut starts from the activation too."""

    def __init__(self, inside, outside, stride):
        super().__init__()
        self.activation = nn.Sequential(nn.BatchNorm2d(inside), nn.ReLU())
        self.body = nn.Sequential(
            nn.Conv2d(inside, outside, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outside),
            nn.ReLU(),
            nn.Conv2d(outside, outside, 3, 1, 1, bias=False),
        )
        self.shortcut = None if inside == outside else nn.Conv2d(inside, outside, 1, stride, bias=False)

    def forward(self, x):
        activation = self.activation(x)
        return self.body(activation) + (x if self.shortcut is None else self.shortcut(activation))


def wide_resnet_16_4(classes):
    groups = [(16, 64, 1), (64, 128, 2), (128, 256, 2)]
    blocks = [b for i, o, s in groups for b in (WideBlock(i, o, s), WideBlock(o, o, 1))]
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 1, 1, bias=False),
        *blocks,
        nn.BatchNorm2d(256), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, classes),
    )


class Whiten(nn.Module):
    """Filters that are not learnt, and a bias that is."""

    def __init__(self):
        super().__init__()
        self.register_buffer("filters", torch.randn(24, 3, 2, 2))
        self.bias = nn.Parameter(torch.zeros(24))

    def forward(self, x):
        return F.conv2d(x, self.filters, self.bias)


def bias_norm(channels):
    norm = nn.BatchNorm2d(channels, eps=1e-12, momentum=0.4)
    # Its scale is no parameter.
    del norm.weight
    norm.register_buffer("weight", torch.ones(channels))
    return norm


def group(inside, outside):
    return [
        nn.Conv2d(inside, outside, 3, 1, 1, bias=False), nn.MaxPool2d(2), bias_norm(outside), nn.GELU(),
        nn.Conv2d(outside, outside, 3, 1, 1, bias=False), bias_norm(outside), nn.GELU(),
    ]


class Scale(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return self.factor * x


def airbench94(classes):
    return nn.Sequential(
        Whiten(), nn.GELU(), *group(24, 64), *group(64, 256), *group(256, 256),
        nn.MaxPool2d(3), nn.Flatten(), nn.Linear(256, classes, bias=False), Scale(1 / 256),
    )


def tiny(classes):
    """So small that engines in plain JavaScript can train it."""
    layers = [
        layer
        for i, o in ((3, 16), (16, 32), (32, 64))
        for layer in (nn.Conv2d(i, o, 3, 1, 1, bias=False), nn.ReLU(), nn.MaxPool2d(2))
    ]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, classes))


networks = {
    "resnet9": resnet9,
    "resnet18": resnet18,
    "wrn-16-4": wide_resnet_16_4,
    "alexnet": alexnet,
    "airbench94": airbench94,
    "tiny": tiny,
}
