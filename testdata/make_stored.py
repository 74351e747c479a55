#!/usr/bin/env python3
"""Makes stored.txt: what NumPy computes for steps whose operands are in narrow storage, by rules 14 to 16.

    python3 testdata/make_stored.py >testdata/stored.txt

This file was written from the rules in kernels/doc.go, and shares nothing with the Go code. Five steps stand for all:
of one, two, two, three and three operands that round stochastically where all are in bfloat16. It needs NumPy.

Each case is a line "case STEP FORM NEAREST SEED STEP STREAM BASE NAME=BITS...", the scalars' bits in float32, then for
each operand a line "in NAME" and one "out NAME" with its bits in hexadecimal; those of blocks are the codes and then
the scales. NaN in float32 is 7fc00000.
"""
import numpy as np

rng = np.random.Generator(np.random.PCG64(20261130))
np.seterr(all="ignore")
M64, f32, u32, i32 = (1 << 64) - 1, np.float32, np.uint32, np.int32


def mix64(z):
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & M64
    z = (z ^ z >> 27) * 0x94D049BB133111EB & M64
    return z ^ z >> 31


def bits(r, j, n):
    """The random bits of stochastic operand j for n elements: plain integers, one at a time."""
    out = []
    for i in range(r["base"], r["base"] + n):
        z = r["seed"]
        for v in (r["step"], r["stream"], i >> 32, j >> 1):
            z = mix64(z + 0x9E3779B97F4A7C15 * (v + 1) & M64)
        k0, k1, m = z & 0xFFFFFFFF, z >> 32, 0xFFFFFFFF
        w = k0 + 0x9E3779B9 * (i & m) & m
        w = (w ^ w >> 16) * 0x7FEB352D & m
        w = (w ^ w >> 15 ^ k1) * 0x846CA68B & m
        w ^= w >> 16
        out.append(w >> 16 if j & 1 else w & 0xFFFF)
    return out


def canonical(x):
    return [0x7FC00000 if np.isnan(v) else int(u) for v, u in zip(x, x.view(u32))]


def floats(words):
    return np.array(words, u32).view(f32)


class Operand:
    def __init__(self, name, storage, unsigned, slow, n):
        self.name, self.storage, self.unsigned, self.slow, self.n = name, storage, unsigned, slow, n
        x = (rng.standard_normal(n) * rng.choice([1, 1e-3, 1e-20, 1e30], n, p=[.8, .1, .05, .05])).astype(f32)
        if unsigned:
            x = np.abs(x)
        for k, v in enumerate([0.0, -0.0, np.inf, np.nan, 1e-45, 3.4e38]):
            if n > 40 and not (unsigned and k == 1):
                x[33 + k] = v
        self.words = canonical(x)
        if storage == "bf16":
            self.words = [w >> 16 for w in self.words]
        if storage == "block8":
            self.words = [int(v) for v in rng.integers(0, 256, n)]
            self.scales = [int(v) for v in rng.integers(100, 140, (n + 31) // 32)]
        self.span = 32 if unsigned else 16

    def load(self):
        if self.storage == "f32":
            return floats(self.words)
        if self.storage == "bf16":
            return floats([w << 16 for w in self.words])
        out = []
        for i, code in enumerate(self.words):
            d = (self.scales[i // 32] - (self.span - 1)) << 23
            f = code if self.unsigned else code & 0x7F
            sign = 0 if self.unsigned else code >> 7
            out.append((((f << 20) + d) & 0xFFFFFFFF if f else 0) | sign << 31)
        return floats(out)

    def store(self, x, random):
        u = canonical(x)
        if self.storage == "f32":
            self.words = u
        elif self.storage == "bf16":
            self.words = [(w + (random[i] if random else 0x7FFF + (w >> 16 & 1)) & 0xFFFFFFFF) >> 16
                          for i, w in enumerate(u)]
        else:
            if self.unsigned:
                u = [0 if w >> 31 else w for w in u]
            self.words = []
            for b in range(0, self.n, 32):
                block = u[b:b + 32]
                e = max((max(w & 0x7FFFFFFF for w in block) + 0xFFFFF) >> 23, self.span)
                self.scales[b // 32] = e
                for i, w in enumerate(block, b):
                    m = w & 0x7FFFFFFF
                    a = random[i] << 4 if random else 0x7FFFF + (m >> 20 & 1)
                    q = max((m + a - ((e - (self.span - 1)) << 23)) >> 20, 0)  # Python's shift rounds down
                    if self.unsigned:
                        self.words.append(max(q, 1) if m else q)
                    else:
                        self.words.append(q | w >> 31 << 7)

    def show(self, word):
        digits = {"f32": 8, "bf16": 4, "block8": 2}[self.storage]
        print(word, self.name, *("%0*x" % (digits, w) for w in self.words + (self.scales if digits == 2 else [])))


def momentum(o, c):
    o["v"] = c["rho"] * o["v"] + o["g"]
    o["x"] = o["x"] - c["lr"] * o["v"]


def rmsprop_momentum(o, c):
    o["s"] = c["decay"] * o["s"] + (c["1-decay"] * o["g"]) * o["g"]
    o["b"] = c["rho"] * o["b"] + o["g"] / (np.sqrt(o["s"]) + c["eps"])
    o["x"] = o["x"] - c["lr"] * o["b"]


def adam(o, c):
    o["m"] = c["beta1"] * o["m"] + c["1-beta1"] * o["g"]
    o["v"] = c["beta2"] * o["v"] + (c["1-beta2"] * o["g"]) * o["g"]
    o["x"] = o["x"] - (c["alpha"] * o["m"]) / (np.sqrt(c["unbias"] * o["v"]) + c["eps"])


def amsgrad(o, c):
    o["m"] = c["beta1"] * o["m"] + c["1-beta1"] * o["g"]
    o["v"] = c["beta2"] * o["v"] + (c["1-beta2"] * o["g"]) * o["g"]
    o["vmax"] = np.where(o["vmax"] > o["v"], o["vmax"], o["v"])
    o["x"] = o["x"] - (c["alpha"] * o["m"]) / (np.sqrt(c["unbias"] * o["vmax"]) + c["eps"])


def ademamix(o, c):
    o["m"] = c["beta1"] * o["m"] + c["1-beta1"] * o["g"]
    o["l"] = c["beta3"] * o["l"] + c["1-beta3"] * o["g"]
    o["v"] = c["beta2"] * o["v"] + (c["1-beta2"] * o["g"]) * o["g"]
    o["x"] = o["x"] - (c["alpha"] * o["m"] + c["gamma"] * o["l"]) / (np.sqrt(c["unbias"] * o["v"]) + c["eps"])


ADAMS = {"beta1": .9, "1-beta1": .1, "beta2": .999, "1-beta2": .001, "alpha": .01, "unbias": 1.5, "eps": 1e-7}
STEPS = [  # name, operands with * for those never negative and ~ for those that are slow, scalars, lines
    ("Momentum", "x v g", {"rho": .9, "lr": .01}, momentum),
    ("RMSPropMomentum", "x s* b g", {"decay": .99, "1-decay": .01, "rho": .9, "lr": .01, "eps": 1e-7},
     rmsprop_momentum),
    ("Adam", "x m v* g", ADAMS, adam),
    ("AMSGrad", "x m v* vmax* g", ADAMS, amsgrad),
    ("AdEMAMix", "x m l~ v* g", ADAMS | {"beta3": .9999, "1-beta3": .0001, "gamma": .05}, ademamix),
]
FORMS = [("BF16States", "f32", "bf16"), ("BF16", "bf16", "bf16"), ("Block8States", "f32", "block8")]

print("# Made by make_stored.py with NumPy", np.__version__, "- do not edit.")
for name, operands, scalars, lines in STEPS:
    for form, outer, states in FORMS:
        for nearest in (0, 1):
            for n in (5, 70):
                ops = [Operand(o.rstrip("*~"), outer if o in "x g".split() else states, "*" in o, "~" in o, n)
                       for o in operands.split()]
                r = {"seed": int(rng.integers(1 << 62)), "step": int(rng.integers(1000)),
                     "stream": int(rng.integers(1000)), "base": 2**32 - 32}
                c = {k: f32(v) for k, v in scalars.items()}
                print("case", name, form, nearest, *r.values(), *("%s=%08x" % (k, v.view(u32)) for k, v in c.items()))
                for o in ops:
                    o.show("in")
                values = {o.name: o.load() for o in ops}
                lines(values, c)
                j = 0
                for o in ops:
                    if o.name == "g":
                        continue
                    stochastic = o.storage == "block8" or o.storage == "bf16" and (
                        o.name == "x" or o.unsigned or o.slow)
                    o.store(values[o.name].astype(f32), bits(r, j, n) if stochastic and not nearest else None)
                    j += stochastic
                for o in ops:
                    o.show("out")
