#!/usr/bin/env python3
"""Makes torch.txt: trajectories of PyTorch's optimizers, for optim's tests.

    /usr/bin/python3 testdata/make_torch.py >testdata/torch.txt

It needs Debian's python3-torch. The cases are the lines "NAME CLASS KEY=VALUE..." of torch_cases.txt that
make_transcribed.py has not; torch_cases.txt has them from the files of optim's optimizers:

    go test ./optim -run TestTorchCases -update-golden

CLASS is one of torch.optim, and KEY=VALUE are its keyword arguments as Python writes them, but for those of TUPLES,
which are parts of a tuple, and for those below that are no hyperparameters. Every case runs in float32
and float64 on two parameters of 3 and 5 elements that start from start(i), for STEPS steps, in one thread and
tensor by tensor (foreach=False). It takes a CPU with AVX2: PyTorch's bits depend on the instruction set.
Gradients of SparseAdam list the elements that are not 0.

trajectory.py says what gradients and trajectories are. "clip_norm" and "clip_value" are clip_grad_norm_ and
clip_grad_value_ on each step's gradients; "lr2" is the rate of a group of its own for the second parameter; "lambda" is
the denominator of a schedule, LambdaLR with the factor 1 - t/lambda.
"""
import os

os.environ["ATEN_CPU_CAPABILITY"] = "avx2"  # read by PyTorch when it first runs a kernel
import torch

from trajectory import STEPS, cases, gradient, show, show_case, start

BITS = {torch.float32: torch.int32, torch.float64: torch.int64}
TUPLES = {"betas": ("beta1", "beta2"), "etas": ("etaminus", "etaplus"), "step_sizes": ("least", "most")}
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)  # of scalars that some optimizers keep as tensors


def run(name, make, given, dtype, kind):
    x = [torch.tensor([start(i) for i in e], dtype=dtype, requires_grad=True) for e in (range(3), range(3, 8))]
    options = dict(given)
    clip_norm, clip_value = options.pop("clip_norm", 0), options.pop("clip_value", 0)
    lr2, denominator = options.pop("lr2", 0), options.pop("lambda", 0)
    for key, parts in TUPLES.items():
        if parts[0] in options:
            options[key] = tuple(options.pop(part) for part in parts)
    groups = [{"params": x[:1]}, {"params": x[1:], "lr": lr2}] if lr2 else x
    sparse = make is torch.optim.SparseAdam
    opt = make(groups, **options) if sparse else make(groups, foreach=False, **options)
    scheduler = None
    if denominator:
        scheduler = torch.optim.lr_scheduler.LambdaLR(opt, lambda t: 1 - t / denominator)
    show_case(name, str(dtype).removeprefix("torch."), kind, given)
    for t in range(STEPS):
        i = 0
        for p in x:
            grad = torch.empty_like(p)
            for j in range(len(p)):
                grad[j] = gradient(kind, t, i, p[j].item())
                i += 1
            p.grad = grad.to_sparse() if sparse else grad
        if clip_norm:
            torch.nn.utils.clip_grad_norm_(x, clip_norm)
        if clip_value:
            torch.nn.utils.clip_grad_value_(x, clip_value)
        opt.step()
        if scheduler:
            scheduler.step()
        bits = torch.cat([p.detach() for p in x]).view(BITS[dtype])
        show(t, bits.tolist(), 8 * bits.element_size())


print("# Made by make_torch.py with PyTorch", torch.__version__, "- do not edit.")
for name, class_, given, kinds in cases(transcribed=False):
    for dtype in BITS:
        for kind in kinds:
            run(name, getattr(torch.optim, class_), given, dtype, kind)
