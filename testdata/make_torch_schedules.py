#!/usr/bin/env python3
"""Makes torch_schedules.txt: learning rates of PyTorch's schedulers, for optim's tests.

    /usr/bin/python3 testdata/make_torch_schedules.py >testdata/torch_schedules.txt

It needs Debian's python3-torch. Each case drives a scheduler around an SGD with the rate LR, and prints a line
"case NAME LR", then lines "lr STEP RATE" with the rate in force at that step, in hexadecimal. The name says
what the Go test is to build. ReduceLROnPlateau is fed loss(step), which is printed too: "loss STEP LOSS".
"""
import math
import warnings

import torch
from torch.optim import lr_scheduler as s

warnings.filterwarnings("ignore")
LR = 0.5


def optimizer():
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR, momentum=0.9)


def case(name, make, steps):
    opt = optimizer()
    scheduler = make(opt)
    print("case", name, float(LR).hex())
    for t in range(steps):
        if t < 40 or t % 7 == 0 or t > steps - 3:
            print("lr", t, float(opt.param_groups[0]["lr"]).hex())
        opt.step()
        if t < steps - 1:
            scheduler.step()


def chained(opt):
    return s.ChainedScheduler([s.LinearLR(opt, 0.25, 1, 10), s.ExponentialLR(opt, 0.95)])


def warm_cosine(opt):
    return s.ChainedScheduler([s.LinearLR(opt, 1 / 21, 1, 20), s.CosineAnnealingLR(opt, 150)])


def sequential(opt):
    parts = [s.LinearLR(opt, 0.1, 1, 12), s.ExponentialLR(opt, 0.9), s.StepLR(opt, 5, 0.5)]
    return s.SequentialLR(opt, parts, [12, 40])


def cyclic(**kw):
    return lambda opt: s.CyclicLR(opt, LR / 8, LR, **kw)


def one_cycle(total, **kw):
    return lambda opt: s.OneCycleLR(opt, LR, total_steps=total, **kw)


case("constant", lambda opt: s.ConstantLR(opt, 0.25, 10000), 20)
case("multistep", lambda opt: s.MultiStepLR(opt, [30, 60, 90], 0.1), 120)
case("stepdecay", lambda opt: s.StepLR(opt, 7, 0.7), 100)
case("exponential", lambda opt: s.ExponentialLR(opt, 0.97), 300)
case("linear", lambda opt: s.LinearLR(opt, 0.2, 0.9, 50), 70)
case("polynomial-1", lambda opt: s.PolynomialLR(opt, 60, 1.0), 80)
case("polynomial-3", lambda opt: s.PolynomialLR(opt, 60, 3.0), 80)
case("polynomial-0.9", lambda opt: s.PolynomialLR(opt, 60, 0.9), 80)
case("cosine", lambda opt: s.CosineAnnealingLR(opt, 100), 101)
case("cosine-floor", lambda opt: s.CosineAnnealingLR(opt, 100, LR / 16), 101)
case("restarts", lambda opt: s.CosineAnnealingWarmRestarts(opt, 25, 1), 200)
case("restarts-2", lambda opt: s.CosineAnnealingWarmRestarts(opt, 10, 2, LR / 16), 200)
case("onecycle", one_cycle(200), 200)
case("onecycle-linear", one_cycle(150, pct_start=0.41, anneal_strategy="linear", div_factor=10,
                                  final_div_factor=100), 150)
case("onecycle-three", one_cycle(130, three_phase=True), 130)
case("triangular", cyclic(step_size_up=16, step_size_down=24), 200)
case("triangular2", cyclic(step_size_up=16, mode="triangular2"), 200)
case("exprange", cyclic(step_size_up=10, step_size_down=30, mode="exp_range", gamma=0.995), 200)
case("chained", chained, 100)
case("warmup-cosine", warm_cosine, 151)
case("sequential", sequential, 100)


def loss(t):
    """Falls, with plateaus of several lengths and a rise."""
    return 4 / (1 + min(t, 20)) - 0.001 * max(0, t - 60) + (0.5 if 35 < t < 40 else 0) + 0.01 * (t * 7919 % 13) / 13


for name, sign, kw in [("plateau", 1, dict(factor=0.5, patience=3)),
                       ("plateau-max", -1, dict(mode="max", factor=0.25, patience=2, cooldown=4, threshold=0.01,
                                                threshold_mode="abs")),
                       ("plateau-min", 1, dict(factor=0.3, patience=0, min_lr=LR / 64, threshold=0.02))]:
    opt = optimizer()
    scheduler = s.ReduceLROnPlateau(opt, eps=0, **kw)
    print("case", name, float(LR).hex())
    for t in range(120):
        opt.step()
        value = sign * loss(t)
        scheduler.step(value)
        print("loss", t, float(value).hex())
        print("lr", t, float(opt.param_groups[0]["lr"]).hex())
