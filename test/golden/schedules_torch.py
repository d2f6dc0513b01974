"""Golden learning rates of PyTorch's schedulers: python schedules_torch.py > schedules.json"""

import json
import sys
import warnings

import torch
from torch.optim import SGD
from torch.optim import lr_scheduler as S

warnings.simplefilter("ignore")
STEPS_PER_EPOCH = 7


def optimizer(learning_rate):
    return SGD([torch.nn.Parameter(torch.zeros(1))], lr=learning_rate)


def rates(opt, scheduler, count):
    result = []
    for _ in range(count):
        result.append(opt.param_groups[0]["lr"])
        opt.step()
        if scheduler is not None:
            scheduler.step()
    return result


def warmup(opt, steps):
    """lr * (step + 1) / steps"""
    return S.LinearLR(opt, start_factor=1 / steps, end_factor=1.0, total_iters=steps - 1)


cases = []


def add(options, epochs, learning_rates):
    cases.append(
        {"schedule": options, "epochs": epochs, "stepsPerEpoch": STEPS_PER_EPOCH, "learningRates": learning_rates}
    )


def constant(epochs, lr, warm):
    opt = optimizer(lr)
    scheduler = warmup(opt, warm * STEPS_PER_EPOCH) if warm else None
    add({"kind": "constant", "learningRate": lr, "warmupEpochs": warm}, epochs, rates(opt, scheduler, epochs * STEPS_PER_EPOCH))


def steps(epochs, lr, milestones, gamma, warm):
    opt = optimizer(lr)
    main = S.MultiStepLR(opt, [m * STEPS_PER_EPOCH for m in milestones], gamma=gamma)
    scheduler = S.ChainedScheduler([main, warmup(opt, warm * STEPS_PER_EPOCH)]) if warm else main
    options = {"kind": "steps", "learningRate": lr, "milestones": milestones, "gamma": gamma, "warmupEpochs": warm}
    add(options, epochs, rates(opt, scheduler, epochs * STEPS_PER_EPOCH))


def cosine(epochs, lr, floor, warm):
    opt = optimizer(lr)
    first = warm * STEPS_PER_EPOCH
    total = epochs * STEPS_PER_EPOCH
    if first:
        rise = warmup(opt, first)
        fall = S.CosineAnnealingLR(opt, T_max=total - first, eta_min=floor)
        scheduler = S.SequentialLR(opt, [rise, fall], milestones=[first])
    else:
        scheduler = S.CosineAnnealingLR(opt, T_max=total, eta_min=floor)
    add({"kind": "cosine", "learningRate": lr, "floor": floor, "warmupEpochs": warm}, epochs, rates(opt, scheduler, total))


def one_cycle(epochs, lr, shape, share, initial, final):
    opt = optimizer(lr)
    total = epochs * STEPS_PER_EPOCH
    scheduler = S.OneCycleLR(
        opt,
        max_lr=lr,
        total_steps=total,
        pct_start=share,
        anneal_strategy={"triangular": "linear", "cosine": "cos"}[shape],
        div_factor=initial,
        final_div_factor=final,
        cycle_momentum=False,
    )
    result = []
    for index in range(total):
        result.append(opt.param_groups[0]["lr"])
        opt.step()
        if index + 1 < total:
            scheduler.step()
    options = {
        "kind": "one-cycle",
        "learningRate": lr,
        "shape": shape,
        "warmupShare": share,
        "initialDivision": initial,
        "finalDivision": final,
    }
    add(options, epochs, result)


def plateau(lr, factor, patience, threshold, floor, scores):
    opt = optimizer(lr)
    scheduler = S.ReduceLROnPlateau(
        opt,
        mode="max",
        factor=factor,
        patience=patience,
        threshold=threshold,
        threshold_mode="rel",
        min_lr=floor,
        eps=1e-8,
    )
    result = []
    for score in scores:
        result += [opt.param_groups[0]["lr"]] * STEPS_PER_EPOCH
        scheduler.step(score)
    options = {
        "kind": "plateau",
        "learningRate": lr,
        "factor": factor,
        "patience": patience,
        "threshold": threshold,
        "floor": floor,
        "epsilon": 1e-8,
        "warmupEpochs": 0,
    }
    add(options, len(scores), result)
    cases[-1]["scores"] = scores


constant(3, 0.1, 0)
constant(5, 0.05, 2)
steps(10, 0.1, [3, 6, 8], 0.2, 0)
steps(10, 0.1, [3, 6], 0.1, 2)
steps(6, 0.1, [1, 4], 0.5, 2)
cosine(8, 0.2, 0.0, 0)
cosine(8, 0.2, 0.01, 3)
for shape in ("triangular", "cosine"):
    one_cycle(12, 0.4, shape, 0.25, 25.0, 1e4)
    one_cycle(5, 0.1, shape, 0.33, 10.0, 100.0)
    one_cycle(4, 1.0, shape, 0.5, 2.0, 0.5)

torch.manual_seed(0)
noise = torch.rand(120, dtype=torch.float64).tolist()
rising = [1 - 0.5 * 0.9**epoch + 0.02 * value for epoch, value in enumerate(noise)]
plateau(0.01, 0.1, 3, 1e-4, 0.0, rising)
plateau(0.01, 0.5, 0, 1e-4, 1e-3, rising)
plateau(0.01, 0.1, 30, 1e-4, 0.0, [0.5] * 200)
plateau(0.1, 0.1, 2, 1e-2, 0.0, [0.5, 0.5049, 0.505, 0.5051, 0.5, 0.6, 0.6, 0.6, 0.6, 0.606, 0.6061])

json.dump({"torch": torch.__version__, "cases": cases}, sys.stdout)
sys.stdout.write("\n")
