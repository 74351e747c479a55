#!/usr/bin/env python3
"""Makes numpy.txt: what NumPy computes for every kernel, in the order that kernels/doc.go states.

    python3 testdata/make_numpy.py >testdata/numpy.txt

The kernels are the rows of kernels.json, which is the table in kernels/table, and those at the end of this file, which
stand in no table. A row's lines are read by Python itself, but for a ? b : c, |a| and x^t, and run on arrays of the
element type with the scalars of rule 6. NumPy has no fma and promises no order for its sums, so rules 7 and 8 are
spelled out here with exact fractions. This file was written from the rules, and shares nothing else with the Go code.
It needs Debian's python3-numpy.

Each case is a line "case KERNEL TYPE NAME=HEX-FLOAT...", then for each call a line a value: "in NAME" or
"out NAME" and the bits of its elements in hexadecimal, every NaN as the canonical one.
"""
from fractions import Fraction
import json
import math
import pathlib
import re
import zlib

import numpy as np

np.seterr(all="ignore")

BITS = {np.float32: np.uint32, np.float64: np.uint64}
NAN = {np.float32: 0x7FC00000, np.float64: 0x7FF8000000000000}


def seed(name):
    """Starts the random numbers of what has a name, so that what is added elsewhere moves nothing."""
    global rng
    rng = np.random.Generator(np.random.PCG64(zlib.crc32(name.encode())))


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


# Lines and scalars, as table.Row has them.

TABLE = json.loads(pathlib.Path(__file__).with_name("kernels.json").read_text())
for row in TABLE["rows"]:
    row["hyper"], row["formulas"] = {}, {}
    for name, value in (s.split("=", 1) for s in row["scalars"]):
        try:
            row["hyper"][name] = float(value)
        except ValueError:
            row["formulas"][name] = value


def power(x, t):
    """Rule 6: binary powering, least significant bit first."""
    p = 1.0
    while t:
        if t & 1:
            p *= x
        x *= x
        t >>= 1
    return p


def scalars(row, T, hyper, t=0):
    """Rule 6: every scalar that lines may name, computed in float64 and rounded once."""
    values = dict(hyper)
    for name, formula in row["formulas"].items():
        values[name] = eval(re.sub(r"(\w+)\^t", r"power(\1, t)", formula), dict(power=power, t=t), dict(hyper))
    for name, v in hyper.items():
        values["one_minus_" + name], values["one_plus_" + name] = 1 - v, 1 + v
    return {name: T(v) for name, v in values.items()}


def python(text):
    """An expression in Python. The innermost parentheses come first, as brackets until all are done."""
    text = re.sub(r"\(1-(\w+)\)", r"one_minus_\1", re.sub(r"\(1\+(\w+)\)", r"one_plus_\1", text))
    text = re.sub(r"(?<![\w.])([01])(?![\w.])", lambda m: ("zero", "one")[int(m[1])], text)
    found = 1
    while found:
        text, found = re.subn(r"\(([^()]*)\)", lambda m: "[" + flat(m[1]) + "]", text)
    return flat(text).replace("[", "(").replace("]", ")")


def flat(text):
    """An expression without parentheses."""
    text = re.sub(r"\|([^|]*)\|", r"abs[\1]", text)
    return re.sub(r"^(.*)\?(.*):(.*)$", r"where[\1,\2,\3]", text)


def run(lines, names, T):
    """Runs lines, each on what its names are by then, and returns what all are in the end."""
    shape = next(v.shape for v in names.values() if v.ndim)
    functions = dict(where=np.where, abs=np.abs, sqrt=np.sqrt, exp=exps, sign=np.sign, max=np.maximum, fma=fmas)
    names = dict(names, zero=T(0), one=T(1))
    for line in lines:
        name, expression = line.split(" = ", 1)
        value = eval(python(expression), dict(functions), names)
        assert value.dtype == T, line
        names[name] = np.broadcast_to(value, shape)  # a scalar is the value of every element
    return names


LOG2E, LN2_HI, LN2_LO = map(float.fromhex, ("0x1.71547652b82fep+0", "0x1.62e42fefa38p-1", "0x1.ef35793c7673p-45"))


def exps(x):
    """e^x in float64, rounded to x's type: x = k ln 2 + r; r = h + l, where 1 + h + h^2/2 is exact."""
    T, x = x.dtype.type, x.astype(np.float64)
    x = np.where(x > 710, 710, np.where(x < -746, -746, x))
    k = np.rint(x * LOG2E)
    hi = x - k * LN2_HI
    h = np.rint(hi * 2.0**25) / 2.0**25
    l = hi - h - k * LN2_LO
    r = h + l
    square = r * r
    odd, even = [sum_from(square, [1 / math.factorial(n) for n in range(top, 2, -2)]) for top in (13, 14)]
    rest = r * square * (odd + r * even) + (l + l * (h + 0.5 * l))
    y = 1 + h + 0.5 * h * h + rest
    return np.ldexp(y, np.nan_to_num(k).astype(int)).astype(T)


def sum_from(x, coefficients):
    """Horner's scheme, the highest power first."""
    total = coefficients[0]
    for c in coefficients[1:]:
        total = total * x + c
    return total


# Sums, by rules 7 and 8.

def rounded(v, T):
    """The Fraction v, which is not 0, rounded once to T, half to even; subnormals and overflow as IEEE 754 has them."""
    f = np.finfo(T)
    precision, least = f.nmant + 1, f.minexp - f.nmant
    exponent = abs(v).numerator.bit_length() - v.denominator.bit_length()
    while abs(v) >= Fraction(2) ** (exponent + 1):
        exponent += 1
    while abs(v) < Fraction(2) ** exponent:
        exponent -= 1
    unit = Fraction(2) ** max(exponent - precision + 1, least)
    size = round(abs(v) / unit) * unit  # to even
    value = math.inf if size > Fraction(float(f.max)) else float(size)  # exact
    return T(value if v > 0 else -value)


def fma(x, y, z, T):
    if not np.isfinite([x, y]).all():
        return T(float(x) * float(y) + float(z))
    if not np.isfinite(z):
        return T(z)  # though x * y may overflow
    exact = Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z))
    return rounded(exact, T) if exact else T(float(x) * float(y) + float(z))  # the sign of a zero


assert fma(1e300, 1e300, -math.inf, np.float64) == -math.inf
assert math.copysign(1, fma(5e-324, -5e-324, 0, np.float64)) == -1


def fmas(x, y, z):
    """fma of each element."""
    T = z.dtype.type
    return np.array([fma(*v, T) for v in np.broadcast(x, y, z)], T)


def striped(T, lane, *operands):
    """Rule 7: L lanes over one line of 64 bytes. lane continues those that a line of the operands reaches."""
    lanes = np.zeros(64 // np.dtype(T).itemsize, T)
    for i in range(0, len(operands[0]), len(lanes)):
        line = [o[i:i + len(lanes)] for o in operands]
        reached = len(line[0])
        lanes[:reached] = lane(lanes[:reached], *line)
    return lanes


def fold(lanes, combine=np.add):
    while len(lanes) > 1:
        half = len(lanes) // 2
        lanes = combine(lanes[:half], lanes[half:])
    return lanes[0]


def dot(x, y, T):
    return fold(striped(T, lambda lane, x, y: fmas(x, y, lane), x, y))


def chained(x, y, T):
    """Rule 8: a chain for each block of 256, the blocks' sums added in order."""
    total = None
    for k in range(0, len(x), 256):
        chain = T(0)
        for i in range(k, min(k + 256, len(x))):
            chain = fma(x[i], y[i], chain, T)
        total = chain if total is None else total + chain
    return T(0) if total is None else total


# Cases of the table.

PRELUDE = dict(scale=-0.37, clip=0.21, l2=0.013, wd=0.27)


def prelude(T, p, lr):
    """The scalars of the prelude's lines: kernels.Prelude's constructors."""
    values = dict(scale=p["scale"], lo=-p["clip"], hi=p["clip"], l2=p["l2"], keep=1 - lr * p["wd"])
    return {name: T(v) for name, v in values.items()}


def draw(o, T, n, edges=True, pool=None):
    """n elements of an operand, from the pool if there is one: zeros if it is only written, bytes as numbers of T."""
    if not o.get("read"):
        return np.zeros(n, T)
    if o["storage"] == "uint8":
        src = rng.integers(0, 256, n)
        src[:2] = 0, 255
        return src.astype(T)
    assert o["storage"] == "T", "no storage %(storage)s for %(name)s" % o
    v = pool[o["name"]] if pool is not None else numbers(T, n, edges)
    return np.abs(v) if o.get("nonnegative") else v


def steps(T, row):
    """Two calls without a prelude, and two with all of one. Hyperparameters stand in order, but the rate first."""
    seed(row["name"] + T.__name__)
    hyper = dict(sorted(row["hyper"].items(), key=lambda pair: (pair[0] != "lr", pair[0])))
    for p in ({}, PRELUDE):
        n = 12
        state = {o["name"]: draw(o, T, n) for o in row["operands"] if o.get("write")}
        case(row["name"], T, **hyper, **p)
        for name, v in state.items():
            show("in", name, v, T)
        for t in (1, 2):
            names = dict(state)
            for o in row["operands"]:
                if not o.get("write"):
                    names[o["name"]] = draw(o, T, n, edges=t == 1)
                    show("in", o["name"], names[o["name"]], T)
            if p:
                names = run(TABLE["prelude"], dict(names, **prelude(T, p, hyper.get("lr", 0.0))), T)
            names = run(row["lines"], dict(names, **scalars(row, T, hyper, t)), T)
            for name in state:
                state[name] = names[name]
                show("out", name, state[name], T)


def call(T, row, values, hyper):
    """The case of a map or a reduction, whose scalars are of T."""
    hyper = {name: float(T(v)) for name, v in hyper.items()}
    case(row["name"], T, **hyper)
    for name, v in values.items():
        show("in", name, v, T)
    given = scalars(row, T, hyper)
    if row["kind"] == "map":
        names = run(row["lines"], dict(values, **given), T)
        for o in row["operands"]:
            if o.get("write"):
                show("out", o["name"], names[o["name"]], T)
        return

    def lane(lane, *line):
        return run(row["lines"], dict(zip(values, line), lane=lane, **given), T)["lane"]

    combine = np.maximum if row["lines"][0].startswith("lane = max(") else np.add
    show("out", "result", fold(striped(T, lane, *values.values()), combine), T)


def pooled(T, rows, n, edges=True):
    """The cases of rows on numbers that they share by name, which are returned."""
    seed(rows[0]["kind"] + str(n) + T.__name__)
    names = sorted({o["name"] for row in rows for o in row["operands"] if o.get("read")})
    pool = {name: numbers(T, n, edges) for name in names}
    for row in rows:
        call(T, row, {o["name"]: draw(o, T, n, edges, pool) for o in row["operands"]}, row["hyper"])
    return pool


def converted(T, row):
    """The cases of a row with operands of another storage than T: a sample may make exact products, 0.7 does not."""
    seed(row["name"] + T.__name__)
    for hyper in (row["hyper"], dict.fromkeys(row["hyper"], 0.7)):
        call(T, row, {o["name"]: draw(o, T, 37) for o in row["operands"]}, hyper)


# Kernels that are not in the table.

def almost(row):
    """Adam without the correction of the means."""
    return dict(row, name="AdamAlmost", formulas=dict(alpha="lr", unbias="1"))


def all_finite(T, x):
    case("AllFinite", T)
    show("in", "x", x, T)
    show("out", "result", T(np.isfinite(x).all()), T)


PRODUCTS = (
    # name, transA, transB, m, n, k, alpha, beta
    ("Gemm", 0, 0, 3, 4, 21, 1, 0),
    ("Gemm", 0, 0, 2, 2, 300, 0.5, -2),
    ("Gemm", 0, 1, 3, 2, 37, -1.5, 1),
    ("Gemm", 1, 0, 2, 3, 19, 1, 0.3),
    ("Gemm", 1, 1, 3, 3, 5, 2, 1),
    ("Gemm", 0, 0, 3, 1, 40, 1, 0),
    ("Gemm", 1, 1, 1, 3, 35, 1, 1),
    ("Gemv", 0, 0, 4, 1, 27, 0.7, 0.2),
    ("Gemv", 1, 0, 3, 1, 300, 1, 0),
)

# Around the border between the orders.
BORDER = (
    ("Gemm", 0, 1, 2, 3, 127, 1, 0),
    ("Gemm", 0, 1, 3, 2, 128, 1, 0.5),
    ("Gemm", 0, 1, 1, 2, 275, -2, 0),
    ("Gemv", 0, 0, 3, 1, 127, 1, 0),
    ("Gemv", 0, 0, 2, 1, 141, 1, 1),
)


def products(cases):
    seed(str(cases))
    for T in BITS:
        for name, transA, transB, m, n, k, alpha, beta in cases:
            A, B, C = numbers(T, m * k, False), numbers(T, k * n, False), numbers(T, m * n, False)
            opA = A.reshape(k, m).T if transA else A.reshape(m, k)
            opB = B.reshape(n, k).T if transB else B.reshape(k, n)
            # Both operands lie along k: Gemv's matrix does without transposition, and its vector always.
            along_k = not transA and (transB or name == "Gemv")
            order = dot if along_k and k >= 128 else chained
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


def rows(kind, plain=True):
    """The table's rows of a kind, with all operands stored as T or with others."""
    return [row for row in TABLE["rows"]
            if row["kind"] == kind and plain == all(o["storage"] == "T" for o in row["operands"])]


print("# Made by make_numpy.py with NumPy", np.__version__, "- do not edit.")
for T in BITS:
    for row in TABLE["rows"]:
        if row["kind"] == "step":
            steps(T, row)
            if row["name"] == "Adam":
                steps(T, almost(row))
for T in BITS:
    pooled(T, rows("map"), 23)
for T in BITS:
    for n, edges in ((0, False), (5, False), (61, False), (39, True)):
        all_finite(T, pooled(T, rows("reduction"), n, edges)["x"])
products(PRODUCTS)
for T in BITS:
    for row in rows("map", plain=False) + rows("reduction", plain=False):
        converted(T, row)
products(BORDER)
