#!/usr/bin/env python3
"""Measures steps of bitstep.torch beside torch.optim's: nanoseconds per parameter, float32.

    bench.py [--threads N] [--large N] [NAME ...]

Every figure is a median of samples that are taken in turns. "foreach" is torch.optim with foreach=True.
"""
import argparse
import platform
import statistics
import time

import torch

import bitstep
import bitstep.torch

OPTIONS = {"SGD": dict(lr=0.1, momentum=0.9), "Adam": {}, "AdamW": {}, "RMSprop": {}, "Adagrad": {}}

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("names", nargs="*", default=list(OPTIONS), metavar="NAME", help="of: " + ", ".join(OPTIONS))
parser.add_argument("--threads", type=int, default=1)
parser.add_argument("--large", type=int, default=50_000_000, help="parameters of the largest tensor")
args = parser.parse_args()
torch.set_num_threads(args.threads)
bitstep.set_threads(args.threads)


def parameters(shapes):
    params = [torch.nn.Parameter(torch.randn(s)) for s in shapes]
    for p in params:
        p.grad = torch.randn(p.shape)
    return params


def seconds(step, repeats):
    start = time.perf_counter()
    for _ in range(repeats):
        step()
    return (time.perf_counter() - start) / repeats


def measure(name, shapes, budget=1.2):
    """Returns the median seconds of a step of bitstep, of torch.optim, and of that with foreach."""
    params = parameters(shapes)
    steps = [getattr(module, name)(params, foreach=foreach, **OPTIONS[name]).step
             for module, foreach in ((bitstep.torch, None), (torch.optim, None), (torch.optim, True))]
    repeats, samples = [], [[] for _ in steps]
    for step in steps:
        step()
        repeats.append(max(1, int(0.01 / seconds(step, 1))))
    start = time.perf_counter()
    while time.perf_counter() - start < budget or len(samples[0]) < 3:
        for s, step, r in zip(samples, steps, repeats):
            s.append(seconds(step, r))
    return [statistics.median(s) for s in samples]


def processor():
    try:
        with open("/proc/cpuinfo") as f:
            return next(line.split(":")[1].strip() for line in f if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


print(f"{processor()}, backend {bitstep.backend()}, {args.threads} threads, PyTorch {torch.__version__}")
print("\n| | parameters | bitstep | torch.optim | foreach | times as fast |\n|---|---:|---:|---:|---:|---:|")
for name in args.names:
    for what, shapes in (("1,000", [(1000,)]), ("100,000", [(100_000,)]), (f"{args.large:,}", [(args.large,)]),
                         ("1,000 tensors of 100", [(100,)] * 1000)):
        n = sum(torch.Size(s).numel() for s in shapes)
        ours, theirs, foreach = measure(name, shapes)
        print(f"| {name} | {what} | {ours / n * 1e9:.3g} | {theirs / n * 1e9:.3g} | {foreach / n * 1e9:.3g} | "
              f"{min(theirs, foreach) / ours:.2f} |", flush=True)
