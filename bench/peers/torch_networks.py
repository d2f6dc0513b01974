"""The shipped networks in PyTorch: the same layers and the same number of parameters."""
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


networks = {"resnet9": resnet9, "resnet18": resnet18, "alexnet": alexnet}
