"""A whole training of resnet9 in PyTorch, as bench/spread.ts describes it: FOLDER SIDE THREADS; prints its results.

SIDE is torch (first weights, order, crops and flips of its own, from the same distributions), torch-same (those of the
folder) or torch-other-order (the same, summed in another order: channels-last, one thread).
"""
import json
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch_networks import resnet9  # noqa: E402

folder, side, threads = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
about = json.loads((folder / "training.json").read_text())
other_order = side == "torch-other-order"
memory_format = torch.channels_last if other_order else torch.contiguous_format
torch.set_num_threads(1 if other_order else threads)
torch.manual_seed(about["seed"])
draw = np.random.default_rng(about["seed"])
size, batch, padding = about["side"], about["batch"], about["padding"]
mean, std = (np.array(about[name], np.float32)[:, None, None] for name in ("mean", "std"))


def part(name):
    labels = np.fromfile(folder / f"{name}-labels.i32", np.int32).astype(np.int64)
    pixels = np.fromfile(folder / f"{name}.u8", np.uint8).reshape(len(labels), size, size, 3)
    return (pixels.transpose(0, 3, 1, 2).astype(np.float32) / 255 - mean) / std, torch.from_numpy(labels)


def own_weights(shape, init):
    if init["kind"] == "constant":
        return np.full(shape, init["value"])
    fan_in, fan_out = (shape[side] * int(np.prod(shape[2:])) for side in (1, 0))
    variance = {"he": 2 / (fan_in if init.get("fan") == "in" else fan_out), "lecun": 1 / fan_in}[init["kind"]]
    return draw.normal(0, variance**0.5, shape)


def load(network):
    given = np.fromfile(folder / "weights.f32", np.float32)
    parameters, at = list(network.parameters()), 0
    assert len(parameters) == len(about["parameters"])
    with torch.no_grad():
        for parameter, of in zip(parameters, about["parameters"]):
            assert list(parameter.shape) == of["shape"], of["name"]
            values = given[at : at + parameter.numel()].reshape(of["shape"])
            at += parameter.numel()
            if side == "torch":
                values = own_weights(of["shape"], of["init"])
            parameter.copy_(torch.tensor(np.asarray(values), dtype=torch.float32))
    roles = [of["role"] for of in about["parameters"]]
    return [[p for p, role in zip(parameters, roles) if (role == "weight") == wanted] for wanted in (True, False)]


def views():
    """[steps * batch, 4]: image, top, left, flip."""
    given = np.fromfile(folder / "views.i32", np.int32).reshape(-1, 4)
    if side != "torch":
        return given
    steps = len(train) // batch
    order = np.concatenate([draw.permutation(len(train))[: steps * batch] for _ in range(about["epochs"])])
    corners = draw.integers(-padding, padding + 1, (len(order), 2))
    return np.column_stack([order, corners, draw.random(len(order)) < about["flip"]])


train, labels = part("train")
test, test_labels = part("test")
padded = np.pad(train, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
network = resnet9(about["classes"])
weights, others = load(network)
network = network.to(memory_format=memory_format)
optimizer = about["optimizer"]
groups = [
    {"params": weights, "weight_decay": optimizer["weightDecay"]},
    {"params": others, "weight_decay": optimizer["weightDecay"] if optimizer["decayBiasAndNorm"] else 0},
]
sgd = torch.optim.SGD(groups, lr=1, momentum=optimizer["momentum"], nesterov=optimizer["nesterov"])

started = time.perf_counter()
all_views = views()
steps = len(train) // batch
losses = []
network.train()
for step, rate in enumerate(about["rates"]):
    chosen = all_views[step * batch : (step + 1) * batch]
    images = np.empty((batch, 3, size, size), np.float32)
    for to, (image, top, left, flip) in zip(images, chosen):
        crop = padded[image, :, padding + top : padding + top + size, padding + left : padding + left + size]
        to[:] = crop[:, :, ::-1] if flip else crop
    x = torch.from_numpy(images).contiguous(memory_format=memory_format)
    for group in sgd.param_groups:
        group["lr"] = rate
    sgd.zero_grad(set_to_none=True)
    loss = F.cross_entropy(network(x), labels[chosen[:, 0]])
    loss.backward()
    sgd.step()
    losses.append(loss.item())
network.eval()
right, total = 0, 0.0
with torch.no_grad():
    for at in range(0, len(test), 500):
        x = torch.from_numpy(test[at : at + 500]).contiguous(memory_format=memory_format)
        logits, wanted = network(x), test_labels[at : at + 500]
        right += int((logits.argmax(1) == wanted).sum())
        total += F.cross_entropy(logits, wanted, reduction="sum").item()
print(
    json.dumps(
        {
            "testTop1": right / len(test),
            "testLoss": total / len(test),
            "trainLoss": sum(losses[-steps:]) / steps,
            "seconds": time.perf_counter() - started,
        }
    )
)
