#!/usr/bin/env python3
"""Makes numpy.txt: what NumPy computes for every kernel, in the order that kernels/doc.go states.

    python3 testdata/make_numpy.py >testdata/numpy.txt

A step is the lecture's lines on arrays of the element type, with the scalars of rule 6. NumPy has no
fma and promises no order for its sums, so rules 7 and 8 are spelled out here with exact fractions. This
file was written from the rules, and shares nothing with the Go code. It needs Debian's python3-numpy.

Each case is a line "case KERNEL TYPE NAME=HEX-FLOAT...", then for each call a line a value: "in NAME" or
"out NAME" and the bits of its elements in hexadecimal, every NaN as the canonical one.
"""
from fractions import Fraction
import math

import numpy as np

rng = np.random.Generator(np.random.PCG64(20261123))
np.seterr(all="ignore")

BITS = {np.float32: np.uint32, np.float64: np.uint64}
NAN = {np.float32: 0x7FC00000, np.float64: 0x7FF8000000000000}


def show(word, name, values, T):
    values = np.atleast_1d(np.asarray(values, T))
    bits = np.where(np.isnan(values), np.array(NAN[T], BITS[T]), values.view(BITS[T]))
    print(word, name, *("%0*x" % (2 * values.itemsize, int(b)) for b in bits))


def case(kernel, T, **given):
    print("case", kernel, T.__name__, *("%s=%s" % (k, float(v).hex()) for k, v in given.items()))


def numbers(T, n, edges=True):
    """Ordinary numbers, and every few places one at an edge of the format."""
    f = np.finfo(T)
    v = rng.uniform(-1, 1, n).astype(T)
    if edges:
        special = [0.0, -0.0, f.smallest_subnormal, -f.smallest_subnormal * 77, f.tiny, f.max, -f.max / 3,
                   math.sqrt(f.tiny), -math.sqrt(f.max), np.inf, -np.inf, np.nan, 1 + f.eps, 1 - f.eps / 2]
        for i in range(1, n, 3):
            v[i] = T(special[rng.integers(len(special))])
    return v


def power(x, t):
    """Rule 6: binary powering, least significant bit first."""
    p = 1.0
    while t:
        if t & 1:
            p *= x
        x *= x
        t >>= 1
    return p


# Steps. Each takes the operands, the hyperparameters h (float64) and t, and returns the new operands.

def sgd(T, h, t, x, g):
    lr = T(h["lr"])
    x = x - lr * g
    return [x]


def momentum(T, h, t, x, v, g):
    rho, lr = T(h["rho"]), T(h["lr"])
    v = rho * v + g
    x = x - lr * v
    return [x, v]


def momentum_velocity(T, h, t, x, v, g):
    rho, lr = T(h["rho"]), T(h["lr"])
    v = rho * v - lr * g
    x = x + v
    return [x, v]


def nesterov(T, h, t, x, v, g):
    rho, one_plus_rho, lr = T(h["rho"]), T(1 + h["rho"]), T(h["lr"])
    old_v = v
    v = rho * v - lr * g
    x = (x - rho * old_v) + one_plus_rho * v
    return [x, v]


def nesterov_torch(T, h, t, x, v, g):
    rho, lr = T(h["rho"]), T(h["lr"])
    v = rho * v + g
    x = x - lr * (g + rho * v)
    return [x, v]


def adagrad(T, h, t, x, s, g):
    lr, eps = T(h["lr"]), T(h["eps"])
    s = s + g * g
    x = x - lr * g / (np.sqrt(s) + eps)
    return [x, s]


def rmsprop(T, h, t, x, s, g):
    decay, rest, lr, eps = T(h["decay"]), T(1 - h["decay"]), T(h["lr"]), T(h["eps"])
    s = decay * s + rest * g * g
    x = x - lr * g / (np.sqrt(s) + eps)
    return [x, s]


def rmsprop_momentum(T, h, t, x, s, b, g):
    decay, rest, rho, lr, eps = T(h["decay"]), T(1 - h["decay"]), T(h["rho"]), T(h["lr"]), T(h["eps"])
    s = decay * s + rest * g * g
    b = rho * b + g / (np.sqrt(s) + eps)
    x = x - lr * b
    return [x, s, b]


def rmsprop_centered(T, h, t, x, s, m, g):
    decay, rest, lr, eps = T(h["decay"]), T(1 - h["decay"]), T(h["lr"]), T(h["eps"])
    s = decay * s + rest * g * g
    m = decay * m + rest * g
    x = x - lr * g / (np.sqrt(s - m * m) + eps)
    return [x, s, m]


def rmsprop_centered_momentum(T, h, t, x, s, m, b, g):
    decay, rest, rho, lr, eps = T(h["decay"]), T(1 - h["decay"]), T(h["rho"]), T(h["lr"]), T(h["eps"])
    s = decay * s + rest * g * g
    m = decay * m + rest * g
    b = rho * b + g / (np.sqrt(s - m * m) + eps)
    x = x - lr * b
    return [x, s, m, b]


def adam_scalars(T, h, t):
    beta1, beta2 = h["beta1"], h["beta2"]
    alpha, unbias = h["lr"], 1.0
    if t:
        alpha = h["lr"] / (1 - power(beta1, t))
        unbias = 1 / (1 - power(beta2, t))
    return [T(s) for s in (beta1, 1 - beta1, beta2, 1 - beta2, alpha, unbias, h["eps"])]


def adam(T, h, t, x, m, v, g):
    beta1, rest1, beta2, rest2, alpha, unbias, eps = adam_scalars(T, h, t)
    m = beta1 * m + rest1 * g
    v = beta2 * v + rest2 * g * g
    x = x - alpha * m / (np.sqrt(unbias * v) + eps)
    return [x, m, v]


def adam_almost(T, h, t, x, m, v, g):
    return adam(T, h, 0, x, m, v, g)


def amsgrad(T, h, t, x, m, v, vmax, g):
    beta1, rest1, beta2, rest2, alpha, unbias, eps = adam_scalars(T, h, t)
    m = beta1 * m + rest1 * g
    v = beta2 * v + rest2 * g * g
    vmax = np.where(vmax > v, vmax, v)
    x = x - alpha * m / (np.sqrt(unbias * vmax) + eps)
    return [x, m, v, vmax]


def lion(T, h, t, x, m, g):
    beta1, rest1, beta2, rest2 = [T(s) for s in (h["beta1"], 1 - h["beta1"], h["beta2"], 1 - h["beta2"])]
    lr = T(h["lr"])
    x = x - lr * np.sign(beta1 * m + rest1 * g)
    m = beta2 * m + rest2 * g
    return [x, m]


# name: function, operands but the gradient, hyperparameters. + marks operands that are never negative.
STEPS = {
    "SGD": (sgd, "x", dict(lr=0.01)),
    "Momentum": (momentum, "x v", dict(lr=0.01, rho=0.9)),
    "MomentumVelocity": (momentum_velocity, "x v", dict(lr=0.01, rho=0.99)),
    "Nesterov": (nesterov, "x v", dict(lr=0.01, rho=0.9)),
    "NesterovTorch": (nesterov_torch, "x v", dict(lr=0.01, rho=0.9)),
    "AdaGrad": (adagrad, "x s+", dict(lr=0.01, eps=1e-7)),
    "RMSProp": (rmsprop, "x s+", dict(lr=0.01, decay=0.99, eps=1e-7)),
    "RMSPropMomentum": (rmsprop_momentum, "x s+ b", dict(lr=0.01, decay=0.99, eps=1e-7, rho=0.9)),
    "RMSPropCentered": (rmsprop_centered, "x s+ m", dict(lr=0.01, decay=0.99, eps=1e-7)),
    "RMSPropCenteredMomentum": (rmsprop_centered_momentum, "x s+ m b", dict(lr=0.01, decay=0.99, eps=1e-7, rho=0.9)),
    "Adam": (adam, "x m v+", dict(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-7)),
    "AdamAlmost": (adam_almost, "x m v+", dict(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-7)),
    "AMSGrad": (amsgrad, "x m v+ vmax+", dict(lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-7)),
    "Lion": (lion, "x m", dict(lr=1e-4, beta1=0.9, beta2=0.99)),
}


def prelude(T, p, lr, x, g):
    if "scale" in p:
        g = T(p["scale"]) * g
    if "clip" in p:
        g = np.clip(g, T(-p["clip"]), T(p["clip"]))
    if "l2" in p:
        g = g + T(p["l2"]) * x
    if "wd" in p:
        x = T(1 - lr * p["wd"]) * x
    return x, g


def steps():
    for T in BITS:
        for name, (step, operands, hyper) in STEPS.items():
            for p in ({}, dict(scale=-0.37, clip=0.21, l2=0.013, wd=0.27)):
                n = 12
                ops = [np.abs(numbers(T, n)) if o.endswith("+") else numbers(T, n) for o in operands.split()]
                names = [o.rstrip("+") for o in operands.split()]
                case(name, T, **hyper, **p)
                for o, v in zip(names, ops):
                    show("in", o, v, T)
                for t in (1, 2):
                    g = numbers(T, n, edges=t == 1)
                    show("in", "g", g, T)
                    x, scaled = prelude(T, p, hyper["lr"], ops[0], g)
                    ops = step(T, hyper, t, x, *ops[1:], scaled)
                    assert all(o.dtype == T for o in ops)
                    for o, v in zip(names, ops):
                        show("out", o, v, T)


# Maps.

def maps():
    for T in BITS:
        n = 23
        x, y, z = numbers(T, n), numbers(T, n), np.zeros(n, T)
        a, b = T(0.7), T(-1.3)
        for name, operands, given, result in (
            ("Axpy", dict(y=y, x=x), dict(a=a), y + a * x),
            ("Axpby", dict(y=y, x=x), dict(a=a, b=b), a * x + b * y),
            ("Scale", dict(x=x), dict(a=a), a * x),
            ("Add", dict(z=z, x=x, y=y), {}, x + y),
            ("Sub", dict(z=z, x=x, y=y), {}, x - y),
            ("Mul", dict(z=z, x=x, y=y), {}, x * y),
            ("Clip", dict(x=x), dict(lo=T(-0.25), hi=T(0.5)), np.clip(x, T(-0.25), T(0.5))),
        ):
            assert result.dtype == T
            case(name, T, **given)
            for o, v in operands.items():
                show("in", o, v, T)
            show("out", next(iter(operands)), result, T)


# Bytes, all of which are numbers of every type.

def from_bytes():
    for T in BITS:
        for scale in (1 / 128, 0.7):
            src, offset = rng.integers(0, 256, 37).astype(np.uint8), numbers(T, 37)
            src[:2] = 0, 255
            result = src.astype(T) * T(scale) - offset
            assert result.dtype == T
            case("FromBytes", T, scale=T(scale))
            show("in", "dst", np.zeros(37), T)
            show("in", "src", src, T)
            show("in", "offset", offset, T)
            show("out", "dst", result, T)


# Sums, by rules 7 and 8.

def rounded(v, T):
    """The Fraction v rounded once to T, half to even; subnormals and overflow as IEEE 754 has them."""
    if v == 0:
        return T(0)
    f = np.finfo(T)
    precision, least = f.nmant + 1, f.minexp - f.nmant
    exponent = v.numerator.bit_length() - v.denominator.bit_length() if v > 0 else \
        (-v).numerator.bit_length() - v.denominator.bit_length()
    while abs(v) >= Fraction(2) ** (exponent + 1):
        exponent += 1
    while abs(v) < Fraction(2) ** exponent:
        exponent -= 1
    unit = Fraction(2) ** max(exponent - precision + 1, least)
    v = round(v / unit) * unit  # to even
    if abs(v) > Fraction(float(f.max)):
        return T(math.inf if v > 0 else -math.inf)
    return T(float(v))  # exact


def fma(x, y, z, T):
    simple = float(x) * float(y) + float(z)
    exact = all(np.isfinite([x, y, z])) and Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
    if exact is False or exact == 0:
        return T(simple)  # special values, and the sign of a zero
    return rounded(exact, T)


def fold(lanes):
    while len(lanes) > 1:
        half = len(lanes) // 2
        lanes = lanes[:half] + lanes[half:]
    return lanes[0]


def striped(x, y, T):
    """Rule 7: L lanes over one line of 64 bytes."""
    lanes = np.zeros(64 // np.dtype(T).itemsize, T)
    for i in range(len(x)):
        lane = i % len(lanes)
        lanes[lane] = fma(x[i], y[i], lanes[lane], T)
    return fold(lanes)


def chained(x, y, T):
    """Rule 8: a chain for each block of 256, the blocks' sums added in order."""
    total = None
    for k in range(0, len(x), 256):
        chain = T(0)
        for i in range(k, min(k + 256, len(x))):
            chain = fma(x[i], y[i], chain, T)
        total = chain if total is None else total + chain
    return T(0) if total is None else total


def reductions():
    for T in BITS:
        size = 64 // np.dtype(T).itemsize
        for n, edges in ((0, False), (5, False), (61, False), (39, True)):
            x, y = numbers(T, n, edges), numbers(T, n, edges)
            plain, absolute = np.zeros(size, T), np.zeros(size, T)
            for i in range(0, n, size):
                line = x[i:i + size]
                plain[:len(line)] = plain[:len(line)] + line
                absolute[:len(line)] = absolute[:len(line)] + np.abs(line)
            for name, operands, result in (
                ("Dot", dict(x=x, y=y), striped(x, y, T)),
                ("Sum", dict(x=x), fold(plain)),
                ("SumAbs", dict(x=x), fold(absolute)),
                ("SumSquares", dict(x=x), striped(x, x, T)),
                ("MaxAbs", dict(x=x), np.max(np.abs(x), initial=T(0))),
                ("AllFinite", dict(x=x), T(np.isfinite(x).all())),
            ):
                case(name, T)
                for o, v in operands.items():
                    show("in", o, v, T)
                show("out", "result", result, T)


def products():
    for T in BITS:
        for name, transA, transB, m, n, k, alpha, beta in (
            ("Gemm", 0, 0, 3, 4, 21, 1, 0),
            ("Gemm", 0, 0, 2, 2, 300, 0.5, -2),
            ("Gemm", 0, 1, 3, 2, 37, -1.5, 1),
            ("Gemm", 1, 0, 2, 3, 19, 1, 0.3),
            ("Gemm", 1, 1, 3, 3, 5, 2, 1),
            ("Gemm", 0, 0, 3, 1, 40, 1, 0),
            ("Gemm", 1, 1, 1, 3, 35, 1, 1),
            ("Gemv", 0, 0, 4, 1, 27, 0.7, 0.2),
            ("Gemv", 1, 0, 3, 1, 300, 1, 0),
        ):
            A, B, C = numbers(T, m * k, False), numbers(T, k * n, False), numbers(T, m * n, False)
            opA = A.reshape(k, m).T if transA else A.reshape(m, k)
            opB = B.reshape(n, k).T if transB else B.reshape(k, n)
            # Whether op(A)'s rows and op(B)'s columns lie along k in memory; a single one always does.
            along_k = not transA if name == "Gemv" else (not transA or m == 1) and (transB or n == 1)
            order = striped if along_k else chained
            out = np.zeros((m, n), T)
            for i in range(m):
                for j in range(n):
                    total = T(alpha) * order(opA[i], opB[:, j], T)
                    out[i, j] = total + T(beta) * C[i * n + j] if beta else total
            case(name, T, transA=transA, transB=transB, m=m, n=n, k=k, alpha=T(alpha), beta=T(beta))
            show("in", "a", A, T)
            show("in", "b", B, T)
            show("in", "c", C, T)
            show("out", "c", out.reshape(-1), T)


print("# Made by make_numpy.py with NumPy", np.__version__, "- do not edit.")
steps()
maps()
reductions()
products()
from_bytes()
