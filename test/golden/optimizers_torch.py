"""A few steps of every optimizer in PyTorch, in double precision, on a small network whose weights a formula gives.

Writes optimizers.json: each case's options, the losses, and all tensors after the last step. SGD, Adam and AdamW are
torch.optim's, clipping is torch.nn.utils.clip_grad_norm_, averages are torch.optim.swa_utils.AveragedModel. Muon is
written down from the published code (KellerJordan/Muon muon.py, and cifar10-airbench airbench94_muon.py for scaled
filters) with its matrices in double precision instead of bfloat16; Lookahead from the paper (Zhang et al. 2019,
algorithm 1).

    python -m pip install torch numpy && python test/golden/optimizers_torch.py
"""

import json
import pathlib

import torch
import torch.nn as nn
import torch.nn.functional as F

from training_torch import start, uniform

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
BATCH, SIDE, CLASSES = 8, 6, 4


class Small(nn.Module):
    """Filters that are wide (6 x 27) and tall (16 x 6) as matrices, normalization, biases and a linear layer."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 16, 1)
        self.linear = nn.Linear(16, CLASSES)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.linear(F.relu(self.conv2(x)).mean((2, 3)))


def groups(model, options, rate=1.0):
    """Decayed weights, and biases and normalization apart."""
    decay, all_decayed = options["weightDecay"], options["decayBiasAndNorm"]
    weights = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim == 1]
    return [
        {"params": weights, "weight_decay": decay, "factor": rate},
        {"params": others, "weight_decay": decay if all_decayed else 0.0, "factor": rate},
    ]


def zeropower_via_newtonschulz(g, steps):
    a, b, c = (3.4445, -4.7750, 2.0315)
    x = g
    if g.size(0) > g.size(1):
        x = x.T
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        A = x @ x.T
        B = b * A + c * A @ A
        x = a * x + B @ x
    return x.T if g.size(0) > g.size(1) else x


class Muon(torch.optim.Optimizer):
    def __init__(self, params, options):
        super().__init__(params, {"lr": 0.0})
        self.options = options

    @torch.no_grad()
    def step(self):
        o = self.options
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = torch.zeros_like(p)
                momentum, grad = state["momentum_buffer"], p.grad
                momentum.lerp_(grad, 1 - o["momentum"])
                update = grad.lerp(momentum, o["momentum"]) if o["nesterov"] else momentum
                update = update.reshape(len(update), -1)
                update = zeropower_via_newtonschulz(update, o["steps"]) * max(1, update.size(0) / update.size(1)) ** 0.5
                if o["normalizeFilters"]:
                    p.mul_(len(p) ** 0.5 / p.norm())
                else:
                    p.mul_(1 - group["lr"] * o["weightDecay"])
                p.add_(update.reshape(p.shape), alpha=-group["lr"])


def optimizers_of(model, options):
    """torch optimizers; each group's rate is `factor` times the learning rate."""
    name = options["name"]
    if name == "sgd":
        make = lambda params: torch.optim.SGD(
            params, lr=0.1, momentum=options["momentum"], nesterov=options["nesterov"]
        )
        return [make(groups(model, options))]
    if name in ("adam", "adamw"):
        kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name]
        return [kind(groups(model, options), lr=0.1, betas=tuple(options["betas"]), eps=options["epsilon"])]
    filters = [p for p in model.parameters() if p.ndim == 4]
    decay, rate = options["weightDecay"], options["companionRate"]
    bias_rate = options["biasRate"] or rate
    rest = [
        {"params": [model.linear.weight], "factor": rate, "weight_decay": decay / rate},
        {
            "params": [p for p in model.parameters() if p.ndim == 1],
            "factor": bias_rate,
            "weight_decay": decay / bias_rate if options["decayBiasAndNorm"] else 0.0,
        },
    ]
    momentum = options["companionMomentum"]
    companion = (
        torch.optim.AdamW(rest, lr=0.1, betas=(momentum, 0.95), eps=1e-10)
        if options["companion"] == "adamw"
        else torch.optim.SGD(rest, lr=0.1, momentum=momentum, nesterov=True)
    )
    return [Muon([{"params": filters, "factor": 1.0}], options), companion]


def ema_share(step, decay):
    return 1.0 if step == 0 else 1 - min(decay, (1 + step) / (10 + step))


SLOTS = {"momentum_buffer": "momentum", "exp_avg": "exp_avg", "exp_avg_sq": "exp_avg_sq"}


def run(case):
    model = Small()
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(torch.from_numpy(start(name, tuple(parameter.shape))))
    optimizers = optimizers_of(model, case["optimizer"])
    parts = case.get("accumulate", 1)
    decay = case.get("emaDecay")
    lookahead = case.get("lookahead")
    slow = {name: p.detach().clone() for name, p in parameters.items()}
    average = None
    if decay is not None:
        # The first update of an AveragedModel copies; `count` is the number of updates before.
        blend = lambda old, new, count: old + (new - old) * ema_share(int(count), decay)
        average = torch.optim.swa_utils.AveragedModel(model, avg_fn=blend, use_buffers=True)
    model.train()
    losses, norms = [], []
    for step, rate in enumerate(case["learningRates"]):
        images = torch.from_numpy(uniform(f"images {step}", BATCH * 3 * SIDE * SIDE).reshape(BATCH, 3, SIDE, SIDE))
        labels = torch.arange(BATCH) * 7 % CLASSES
        total = 0.0
        for optimizer in optimizers:
            optimizer.zero_grad()
            for group in optimizer.param_groups:
                group["lr"] = rate * group["factor"]
        for x, y in zip(images.chunk(parts), labels.chunk(parts)):
            loss = F.cross_entropy(model(x), y, label_smoothing=0.1) / parts
            loss.backward()
            total += float(loss.detach())
        if "clipNorm" in case:
            norms.append(float(nn.utils.clip_grad_norm_(model.parameters(), case["clipNorm"])))
        for optimizer in optimizers:
            optimizer.step()
        if lookahead and (step + 1) % lookahead["every"] == 0:
            with torch.no_grad():
                for name, p in parameters.items():
                    slow[name] += lookahead["alpha"] * (p - slow[name])
                    p.copy_(slow[name])
        if average is not None:
            average.update_parameters(model)
        losses.append(total)
    numbers = lambda value: [float(f"{x:.10g}") for x in value.detach().reshape(-1).tolist()]
    optimizer_state = {}
    for name, p in parameters.items():
        for optimizer in optimizers:
            for key, value in optimizer.state.get(p, {}).items():
                if key in SLOTS:
                    optimizer_state[f"{name}.{SLOTS[key]}"] = numbers(value)
        if lookahead:
            optimizer_state[f"{name}.slow"] = numbers(slow[name])
    used = model if average is None else average.module
    named = lambda values: {n: numbers(v) for n, v in values if not n.endswith("num_batches_tracked")}
    return {
        **case,
        "norms": norms,
        "losses": losses,
        "parameters": named(used.named_parameters()),
        "buffers": named(used.named_buffers()),
        "state": optimizer_state,
    }


RATES = [0.05, 0.03, 0.04]


def rates(scale):
    return [scale * rate for rate in RATES]


sgd = {"name": "sgd", "momentum": 0.9, "nesterov": True, "weightDecay": 5e-3, "decayBiasAndNorm": False}
muon = {
    "name": "muon",
    "momentum": 0.95,
    "nesterov": True,
    "steps": 5,
    "normalizeFilters": False,
    "companion": "adamw",
    "companionRate": 0.15,
    "biasRate": None,
    "companionMomentum": 0.9,
    "weightDecay": 0.02,
    "decayBiasAndNorm": False,
}
adam = {"name": "adam", "betas": [0.9, 0.999], "epsilon": 1e-8, "weightDecay": 0.01, "decayBiasAndNorm": True}
airbench = {
    **muon,
    "momentum": 0.6,
    "steps": 3,
    "normalizeFilters": True,
    "companion": "sgd",
    "companionRate": 2.8,
    "biasRate": 0.22,
    "companionMomentum": 0.85,
    "decayBiasAndNorm": True,
}
CASES = [
    {"case": "sgd", "optimizer": sgd, "learningRates": rates(1)},
    # The norms are above the bound in the first steps; a second bound is never reached.
    {"case": "sgd, clipped", "optimizer": sgd, "learningRates": rates(1), "clipNorm": 0.3},
    {"case": "sgd, clipped at more than there is", "optimizer": sgd, "learningRates": rates(1), "clipNorm": 100.0},
    {"case": "adam", "optimizer": adam, "learningRates": rates(0.1)},
    {
        "case": "adamw",
        "optimizer": {**adam, "name": "adamw", "betas": [0.8, 0.99], "weightDecay": 0.5, "decayBiasAndNorm": False},
        "learningRates": rates(0.1),
    },
    {"case": "muon", "optimizer": muon, "learningRates": rates(1)},
    {"case": "muon, filters scaled, with sgd", "optimizer": airbench, "learningRates": rates(1)},
    {
        "case": "lookahead on sgd",
        "optimizer": sgd,
        "learningRates": rates(1) + rates(0.5),
        "lookahead": {"every": 2, "alpha": 0.5},
    },
    {
        "case": "lookahead on adamw",
        "optimizer": {**adam, "name": "adamw"},
        "learningRates": rates(0.1),
        "lookahead": {"every": 3, "alpha": 0.8},
    },
    {"case": "exponential average", "optimizer": sgd, "learningRates": rates(1) + rates(1), "emaDecay": 0.3},
    {"case": "two parts", "optimizer": sgd, "learningRates": rates(1), "accumulate": 2},
    {
        "case": "four parts, clipped, adamw",
        "optimizer": {**adam, "name": "adamw"},
        "learningRates": rates(0.1),
        "accumulate": 4,
        "clipNorm": 0.3,
    },
]

result = {"torch": torch.__version__, "cases": [run(case) for case in CASES]}
for case in result["cases"]:
    print(case["case"], case["losses"], case["norms"])
path = pathlib.Path(__file__).with_name("optimizers.json")
path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
