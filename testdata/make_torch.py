#!/usr/bin/env python3
"""Makes torch.txt: trajectories of PyTorch's optimizers, for optim's tests.

    /usr/bin/python3 testdata/make_torch.py >testdata/torch.txt

It needs Debian's python3-torch. Every optimizer runs in float32 and float64 on two parameters of 3 and 5
elements that start from start(i), for STEPS steps, in one thread and tensor by tensor (foreach=False).

The gradients are computed alike here and in the test, exactly in both types:
- "sequence": of step t (from 0) and element i, whatever x is: a hash of t and i as an integer from -768 to
  1279, divided by 1024 and multiplied by scale(i); element 5 has a gradient in every third step only.
- "quadratic": scale(i)*x, the gradient of a quadratic form with condition number 128.

Each case is a line "case NAME TYPE GRADIENT KEY=HEX-FLOAT..." with PyTorch's names of hyperparameters, then
lines "x STEPS BITS..." with all 8 elements after so many steps. A case's name says what to build; a key of
1 or 0 is a flag. "clip_norm" and "clip_value" are clip_grad_norm_ and clip_grad_value_ on each step's
gradients; "lr2" is the rate of a group of its own for the second parameter; "lambda" is the denominator of
a schedule, LambdaLR with the factor 1 - t/lambda.
"""
import torch

STEPS = 128
SAMPLES = [1, 2, 4, 8] + list(range(16, STEPS + 1, 16))
BITS = {torch.float32: torch.int32, torch.float64: torch.int64}
torch.set_num_threads(1)


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
    if "beta1" in options:
        options["betas"] = (options.pop("beta1"), options.pop("beta2"))
    for flag in ("nesterov", "maximize", "centered", "amsgrad"):
        if flag in options:
            options[flag] = bool(options[flag])
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


SGD = dict(lr=0.01)
ADAM = dict(lr=0.01, beta1=0.9, beta2=0.999, eps=1e-8)
RMS = dict(lr=0.01, alpha=0.99, eps=1e-8)
ADAGRAD = dict(lr=0.05, eps=1e-10)

CASES = [
    ("SGD", torch.optim.SGD, SGD),
    ("SGD", torch.optim.SGD, dict(SGD, weight_decay=0.1)),
    ("SGD", torch.optim.SGD, dict(SGD, weight_decay=0.1, maximize=1)),
    ("SGD", torch.optim.SGD, dict(SGD, lr2=0.003)),
    ("SGD", torch.optim.SGD, dict(SGD, clip_value=0.25)),
    ("SGD", torch.optim.SGD, dict(SGD, clip_norm=0.5, weight_decay=0.1)),
    ("SGD", torch.optim.SGD, dict(SGD, clip_norm=3)),
    ("Momentum", torch.optim.SGD, dict(SGD, momentum=0.9)),
    ("Momentum", torch.optim.SGD, dict(SGD, momentum=0.9, weight_decay=0.1, maximize=1)),
    ("Momentum", torch.optim.SGD, dict(SGD, momentum=0.9, dampening=0.4)),
    ("Momentum", torch.optim.SGD, dict(SGD, momentum=0.9, dampening=0.9, weight_decay=0.1)),
    ("Momentum", torch.optim.SGD, dict(SGD, momentum=0.9, **{"lambda": 256})),
    ("Momentum", torch.optim.SGD, dict(SGD, momentum=0.9, clip_norm=1, clip_value=0.5)),
    ("NesterovTorch", torch.optim.SGD, dict(SGD, momentum=0.9, nesterov=1)),
    ("NesterovTorch", torch.optim.SGD, dict(SGD, momentum=0.9, nesterov=1, weight_decay=0.1)),
    ("NesterovTorch", torch.optim.SGD, dict(SGD, momentum=0.9, nesterov=1, **{"lambda": 256})),
    ("Adam", torch.optim.Adam, ADAM),
    ("Adam", torch.optim.Adam, dict(ADAM, eps=0.01, weight_decay=0.1)),
    ("Adam", torch.optim.Adam, dict(ADAM, lr=0.002, beta1=0.5, beta2=0.9, maximize=1)),
    ("Adam", torch.optim.Adam, dict(ADAM, lr2=0.003, clip_norm=1, **{"lambda": 256})),
    ("Adam", torch.optim.Adam, dict(ADAM, beta2=0.9, amsgrad=1)),
    ("Adam", torch.optim.Adam, dict(ADAM, beta2=0.9, eps=0.01, amsgrad=1, weight_decay=0.1, maximize=1)),
    ("AdamW", torch.optim.AdamW, dict(ADAM, weight_decay=0.1)),
    ("AdamW", torch.optim.AdamW, dict(ADAM, weight_decay=0.1, maximize=1, **{"lambda": 256})),
    ("AdamW", torch.optim.AdamW, dict(ADAM, beta2=0.9, weight_decay=0.1, amsgrad=1)),
    ("AdaGrad", torch.optim.Adagrad, ADAGRAD),
    ("AdaGrad", torch.optim.Adagrad, dict(ADAGRAD, eps=0.01, weight_decay=0.1)),
    ("AdaGrad", torch.optim.Adagrad, dict(ADAGRAD, lr_decay=0.02, initial_accumulator_value=0.1)),
    ("AdaGrad", torch.optim.Adagrad, dict(ADAGRAD, lr_decay=0.02, maximize=1)),
    ("RMSProp", torch.optim.RMSprop, RMS),
    ("RMSProp", torch.optim.RMSprop, dict(RMS, eps=0.01, weight_decay=0.1)),
    ("RMSProp", torch.optim.RMSprop, dict(RMS, lr=0.003, momentum=0.9)),
    ("RMSProp", torch.optim.RMSprop, dict(RMS, centered=1)),
    ("RMSProp", torch.optim.RMSprop, dict(RMS, lr=0.003, momentum=0.9, centered=1, weight_decay=0.1, maximize=1)),
]

print("# Made by make_torch.py with PyTorch", torch.__version__, "- do not edit.")
for name, make, given in CASES:
    for dtype in BITS:
        run(name, make, given, dtype, "sequence")
        if "maximize" not in given:  # uphill there is no end
            run(name, make, given, dtype, "quadratic")
