#!/usr/bin/env python3
"""Makes scipy.txt: how SciPy's BFGS and L-BFGS-B minimize the problems of internal/problems.

    python3 testdata/make_scipy.py >testdata/scipy.txt

The problems are written here from their source (More, Garbow and Hillstrom 1981) as formulas alone: the
gradient is taken by complex steps, f(x + ih)'s imaginary part over h, which is exact to rounding. So a mistake
in a derivative of the Go code, or in a formula of either, shows as a difference. It needs Debian's
python3-scipy.

Stop rule: max |g[i]| <= 1e-5, for both methods; SciPy's others are off (ftol = 0) or out of reach (maxiter,
maxfun). L-BFGS-B keeps 10 changes and has no bounds. All else is default. Each line is one of

    start   NAME  f(start)  gradient at the start ...
    run     NAME  METHOD  EVALUATIONS  f  max|g[i]|  MESSAGE

with fields set apart by tabs and numbers as hexadecimal floats. An evaluation is one computation of value and
gradient together.
"""
import numpy as np
import scipy
from scipy.optimize import minimize

exp, sin, cos, sqrt, log = np.exp, np.sin, np.cos, np.sqrt, np.log
problems = []


def problem(name, start):
    """Registers a function of the parameters that returns the residuals, whose squares are summed."""
    def register(residuals):
        problems.append((name, np.array(start, float), lambda x: np.sum(residuals(x) ** 2)))
        return residuals
    return register


def rising(n):
    return np.arange(1, n + 1)


@problem("Rosenbrock", [-1.2, 1])
def _(x):
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]])


@problem("Freudenstein-Roth", [0.5, -2])
def _(x):
    return np.array([-13 + x[0] + ((5 - x[1]) * x[1] - 2) * x[1], -29 + x[0] + ((x[1] + 1) * x[1] - 14) * x[1]])


@problem("Powell badly scaled", [0, 1])
def _(x):
    return np.array([1e4 * x[0] * x[1] - 1, exp(-x[0]) + exp(-x[1]) - 1.0001])


@problem("Brown badly scaled", [1, 1])
def _(x):
    return np.array([x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2])


@problem("Beale", [1, 1])
def _(x):
    return np.array([1.5, 2.25, 2.625]) - x[0] * (1 - x[1] ** rising(3))


@problem("Jennrich-Sampson", [0.3, 0.4])
def _(x):
    i = rising(10)
    return 2 + 2 * i - (exp(i * x[0]) + exp(i * x[1]))


@problem("Helical valley", [-1, 0, 0])
def _(x):
    angle = np.arctan(x[1] / x[0]) / (2 * np.pi) + (0.5 if x[0].real < 0 else 0)
    return np.array([10 * (x[2] - 10 * angle), 10 * (sqrt(x[0] ** 2 + x[1] ** 2) - 1), x[2]])


@problem("Bard", [1, 1, 1])
def _(x):
    y = np.array([.14, .18, .22, .25, .29, .32, .35, .39, .37, .58, .73, .96, 1.34, 2.10, 4.39])
    u = rising(15)
    v = 16 - u
    return y - (x[0] + u / (v * x[1] + np.minimum(u, v) * x[2]))


@problem("Gaussian", [0.4, 1, 0])
def _(x):
    y = [.0009, .0044, .0175, .0540, .1295, .2420, .3521]
    y = np.array(y + [.3989] + y[::-1])
    t = (8 - rising(15)) / 2
    return x[0] * exp(-x[1] * (t - x[2]) ** 2 / 2) - y


@problem("Meyer", [0.02, 4000, 250])
def _(x):
    y = np.array([34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427, 3820, 3307,
                  2872])
    return x[0] * exp(x[1] / (45 + 5 * rising(16) + x[2])) - y


@problem("Gulf", [5, 2.5, 0.15])
def _(x):
    t = rising(99) / 100
    gap = 25 + (-50 * log(t)) ** (2 / 3) - x[1]
    gap = np.where(gap.real < 0, -gap, gap)
    return exp(-gap ** x[2] / x[0]) - t


@problem("Box 3-D", [0, 10, 20])
def _(x):
    t = rising(10) / 10
    return exp(-t * x[0]) - exp(-t * x[1]) - x[2] * (exp(-t) - exp(-10 * t))


def powell_singular(x):
    x = x.reshape(-1, 4).T
    return np.concatenate([x[0] + 10 * x[1], sqrt(5) * (x[2] - x[3]), (x[1] - 2 * x[2]) ** 2,
                           sqrt(10) * (x[0] - x[3]) ** 2])


problem("Powell singular", [3, -1, 0, 1])(powell_singular)


@problem("Wood", [-3, -1, -3, -1])
def _(x):
    return np.array([10 * (x[1] - x[0] ** 2), 1 - x[0], sqrt(90) * (x[3] - x[2] ** 2), 1 - x[2],
                     sqrt(10) * (x[1] + x[3] - 2), (x[1] - x[3]) / sqrt(10)])


@problem("Kowalik-Osborne", [0.25, 0.39, 0.415, 0.39])
def _(x):
    y = np.array([.1957, .1947, .1735, .1600, .0844, .0627, .0456, .0342, .0323, .0235, .0246])
    u = np.array([4, 2, 1, .5, .25, .167, .125, .1, .0833, .0714, .0625])
    return y - x[0] * (u ** 2 + u * x[1]) / (u ** 2 + u * x[2] + x[3])


@problem("Brown-Dennis", [25, 5, -5, -1])
def _(x):
    t = rising(20) / 5
    return (x[0] + t * x[1] - exp(t)) ** 2 + (x[2] + x[3] * sin(t) - cos(t)) ** 2


@problem("Osborne 1", [0.5, 1.5, -1, 0.01, 0.02])
def _(x):
    y = np.array([.844, .908, .932, .936, .925, .908, .881, .850, .818, .784, .751, .718, .685, .658, .628, .603,
                  .580, .558, .538, .522, .506, .490, .478, .467, .457, .448, .438, .431, .424, .420, .414, .411,
                  .406])
    t = 10 * (rising(33) - 1)
    return y - (x[0] + x[1] * exp(-t * x[3]) + x[2] * exp(-t * x[4]))


@problem("Biggs EXP6", [1, 2, 1, 1, 1, 1])
def _(x):
    t = rising(13) / 10
    y = exp(-t) - 5 * exp(-10 * t) + 3 * exp(-4 * t)
    return x[2] * exp(-t * x[0]) - x[3] * exp(-t * x[1]) + x[5] * exp(-t * x[4]) - y


def watson(x):
    t, j = rising(29)[:, None] / 29, np.arange(len(x))
    slope = np.sum(j[1:] * x[1:] * t ** (j[1:] - 1), axis=1)
    return np.append(slope - np.sum(x * t ** j, axis=1) ** 2 - 1, [x[0], x[1] - x[0] ** 2 - 1])


problem("Watson 6", np.zeros(6))(watson)
problem("Watson 9", np.zeros(9))(watson)


@problem("Extended Rosenbrock", [-1.2, 1] * 50)
def _(x):
    return np.concatenate([10 * (x[1::2] - x[::2] ** 2), 1 - x[::2]])


problem("Extended Powell singular", [3, -1, 0, 1] * 10)(powell_singular)


def penalty1(x):
    return np.append(sqrt(1e-5) * (x - 1), np.sum(x ** 2) - 0.25)


problem("Penalty I 4", rising(4))(penalty1)
problem("Penalty I 10", rising(10))(penalty1)


def penalty2(x):
    n = len(x)
    i = np.arange(2, n + 1)
    first = exp(x[1:] / 10) + exp(x[:-1] / 10) - (exp(i / 10) + exp((i - 1) / 10))
    second = exp(x[1:] / 10) - exp(-1 / 10)
    return np.concatenate([[x[0] - 0.2], sqrt(1e-5) * first, sqrt(1e-5) * second,
                           [np.sum((n - np.arange(n)) * x ** 2) - 1]])


problem("Penalty II 4", [0.5] * 4)(penalty2)
problem("Penalty II 10", [0.5] * 10)(penalty2)


@problem("Variably dimensioned", 1 - rising(10) / 10)
def _(x):
    total = np.sum(rising(len(x)) * (x - 1))
    return np.append(x - 1, [total, total ** 2])


@problem("Trigonometric", [1 / 10] * 10)
def _(x):
    return len(x) - np.sum(cos(x)) + rising(len(x)) * (1 - cos(x)) - sin(x)


@problem("Brown almost-linear", [0.5] * 10)
def _(x):
    return np.append((x + np.sum(x) - (len(x) + 1))[:-1], np.prod(x) - 1)


@problem("Discrete boundary value", rising(10) / 11 * (rising(10) / 11 - 1))
def _(x):
    h, padded = 1 / (len(x) + 1), np.concatenate([[0], x, [0]])
    return 2 * x - padded[:-2] - padded[2:] + h ** 2 * (x + rising(len(x)) * h + 1) ** 3 / 2


@problem("Broyden tridiagonal", [-1] * 10)
def _(x):
    padded = np.concatenate([[0], x, [0]])
    return (3 - 2 * x) * x - padded[:-2] - 2 * padded[2:] + 1


@problem("Quadratic, condition 1e6", [1] * 20)
def _(x):
    v = rising(20)
    return sqrt(1e6 ** (np.arange(20) / 19) / 2) * (x - 2 * v * np.sum(v * x) / np.sum(v * v))


def logistic(x):
    i, j = np.arange(60)[:, None], np.arange(4)
    a = (i * i * (3 * j + 7) + i * (11 * j + 5) + 29 * j) % 101 / 50 - 1
    label = np.where(2 * a[:, 0] - a[:, 1] + np.arange(60) * 37 % 19 / 9 - 1 > 0, 1, -1)
    z = label * (a @ x[:4] + x[4])
    size = np.where(z.real < 0, -z, z)
    return np.mean(np.log1p(exp(-size)) + np.where(z.real < 0, -z, 0)) + 0.005 * np.sum(x ** 2)


problems.append(("Logistic regression", np.zeros(5), logistic))


def both(f, x):
    """The value and the gradient."""
    step, g = 1e-30, np.empty(len(x))
    with np.errstate(all="ignore"):
        for j in range(len(x)):
            z = x.astype(complex)
            z[j] += 1j * step
            g[j] = f(z).imag / step
        return float(f(x.astype(complex)).real), g


print("# Made by make_scipy.py with SciPy %s - do not edit." % scipy.__version__)
for name, start, f in problems:
    value, gradient = both(f, start)
    print("start", name, *(float(v).hex() for v in [value, *gradient]), sep="\t")
    for method, options in [
            ("BFGS", {"gtol": 1e-5, "maxiter": 100000}),
            ("L-BFGS-B", {"gtol": 1e-5, "ftol": 0, "maxcor": 10, "maxiter": 100000, "maxfun": 100000})]:
        count = 0

        def counted(x):
            global count
            count += 1
            return both(f, x)

        with np.errstate(all="ignore"):
            r = minimize(counted, start, jac=True, method=method, options=options)
        value, gradient = both(f, r.x)
        message = r.message if isinstance(r.message, str) else r.message.decode()
        print("run", name, method, count, value.hex(), float(np.max(np.abs(gradient))).hex(), message, sep="\t")
