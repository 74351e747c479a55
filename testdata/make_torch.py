#!/usr/bin/env python3
"""Makes torch.txt: trajectories of PyTorch's optimizers, for optim's tests.

    /usr/bin/python3 testdata/make_torch.py >testdata/torch.txt

It needs Debian's python3-torch. The cases are the lines "NAME CLASS KEY=VALUE..." of torch_cases.txt, which has
them from the files of optim's optimizers:

    go test ./optim -run TestTorchCases -update-golden

CLASS is one of torch.optim, and KEY=VALUE are its keyword arguments as Python writes them, but for those of TUPLES,
which are parts of a tuple, and for those below that are no hyperparameters. Every case runs in float32
and float64 on two parameters of 3 and 5 elements that start from start(i), for STEPS steps, in one thread and
tensor by tensor (foreach=False). It takes a CPU with AVX2: PyTorch's bits depend on the instruction set.

The gradients are computed alike here and in the test, exactly in both types:
- "sequence": of step t (from 0) and element i, whatever x is: a hash of t and i as an integer from -768 to
  1279, divided by 1024 and multiplied by scale(i); element 5 has a gradient in every third step only.
- "quadratic": scale(i)*x, the gradient of a quadratic form with condition number 128.

Each trajectory is a line "case NAME TYPE GRADIENT KEY=HEX-FLOAT...", where True is 1, then lines "x STEPS BITS..."
with all 8 elements after so many steps. "clip_norm" and "clip_value" are clip_grad_norm_ and clip_grad_value_ on
each step's gradients; "lr2" is the rate of a group of its own for the second parameter; "lambda" is the
denominator of a schedule, LambdaLR with the factor 1 - t/lambda.
"""
import ast
import os
import pathlib

os.environ["ATEN_CPU_CAPABILITY"] = "avx2"  # read by PyTorch when it first runs a kernel
import torch

STEPS = 128
SAMPLES = [1, 2, 4, 8] + list(range(16, STEPS + 1, 16))
BITS = {torch.float32: torch.int32, torch.float64: torch.int64}
TUPLES = {"betas": ("beta1", "beta2"), "etas": ("etaminus", "etaplus"), "step_sizes": ("least", "most")}
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)  # of scalars that some optimizers keep as tensors


def start(i):
    return (i - 3) / 4 + 1 / 16


def scale(i):
    return 2.0 ** (i - 4)


def sequence(t, i):
    if i == 5 and t % 3:
        return 0.0
    h = (t * 0x9E3779B1 + (i + 1) * 0x85EBCA6B) % 2**32
    h ^= h >> 15
    h = h * 0x2C1B3C6D % 2**32
    h ^= h >> 12
    return ((h >> 21) - 768) / 1024 * scale(i)


def run(name, make, given, dtype, gradient):
    x = [torch.tensor([start(i) for i in e], dtype=dtype, requires_grad=True) for e in (range(3), range(3, 8))]
    options = dict(given)
    clip_norm, clip_value = options.pop("clip_norm", 0), options.pop("clip_value", 0)
    lr2, denominator = options.pop("lr2", 0), options.pop("lambda", 0)
    for key, parts in TUPLES.items():
        if parts[0] in options:
            options[key] = tuple(options.pop(part) for part in parts)
    groups = [{"params": x[:1]}, {"params": x[1:], "lr": lr2}] if lr2 else x
    opt = make(groups, foreach=False, **options)
    scheduler = None
    if denominator:
        scheduler = torch.optim.lr_scheduler.LambdaLR(opt, lambda t: 1 - t / denominator)
    typename = str(dtype).removeprefix("torch.")
    print("case", name, typename, gradient, *("%s=%s" % (k, float(v).hex()) for k, v in given.items()))
    for t in range(STEPS):
        i = 0
        for p in x:
            p.grad = torch.empty_like(p)
            for j in range(len(p)):
                p.grad[j] = sequence(t, i) if gradient == "sequence" else scale(i) * p[j].item()
                i += 1
        if clip_norm:
            torch.nn.utils.clip_grad_norm_(x, clip_norm)
        if clip_value:
            torch.nn.utils.clip_grad_value_(x, clip_value)
        opt.step()
        if scheduler:
            scheduler.step()
        if t + 1 in SAMPLES:
            bits = torch.cat([p.detach() for p in x]).view(BITS[dtype]).tolist()
            width = 8 if dtype == torch.float32 else 16
            print("x", t + 1, *("%0*x" % (width, b % 16**width) for b in bits))


print("# Made by make_torch.py with PyTorch", torch.__version__, "- do not edit.")
for line in pathlib.Path(__file__).with_name("torch_cases.txt").read_text().splitlines()[1:]:
    name, class_, *pairs = line.split()
    make = getattr(torch.optim, class_)
    given = {key: ast.literal_eval(value) for key, value in (pair.split("=") for pair in pairs)}
    for dtype in BITS:
        run(name, make, given, dtype, "sequence")
        if "maximize" not in given:  # uphill there is no end
            run(name, make, given, dtype, "quadratic")
