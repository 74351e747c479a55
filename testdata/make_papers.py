#!/usr/bin/env python3
"""Makes papers.txt: trajectories of optimizers that PyTorch lacks, by their papers' algorithms in NumPy.

    /usr/bin/python3 testdata/make_papers.py >testdata/papers.txt

It needs Debian's python3-numpy. The algorithms are transcribed from the papers, or where optim's comments say so from
their authors' code, and share nothing with the Go code; what they are of is said beside them. Starts, gradients and the
lines of papers.txt are those of make_torch.py: two parameters of 3 and 5 elements, in float32 and float64, for
STEPS steps of each case.
"""
import numpy as np

STEPS = 128
SAMPLES = [1, 2, 4, 8] + list(range(16, STEPS + 1, 16))


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


# Each algorithm is a generator: it is sent lists of gradients, one for each parameter, and changes x in place.


def zeros(x):
    return [np.zeros_like(p) for p in x]


def norm(a):
    return float(np.linalg.norm(a.astype(np.float64)))


def signum(x, lr, beta):  # Bernstein et al., algorithm 2
    m, g = zeros(x), (yield)
    while True:
        for i, p in enumerate(x):
            m[i] = beta * m[i] + (1 - beta) * g[i]
            p -= lr * np.sign(m[i])
        g = yield


def adabelief(x, lr, beta1, beta2, eps):  # Zhuang et al., algorithm 2
    m, s, t, g = zeros(x), zeros(x), 0, (yield)
    while True:
        t += 1
        for i, p in enumerate(x):
            m[i] = beta1 * m[i] + (1 - beta1) * g[i]
            s[i] = beta2 * s[i] + (1 - beta2) * (g[i] - m[i]) ** 2 + eps
            p -= lr * (m[i] / (1 - beta1**t)) / (np.sqrt(s[i] / (1 - beta2**t)) + eps)
        g = yield


def yogi(x, lr, beta1, beta2, eps, initial):  # Zaheer et al., algorithm 2
    m, v, g = zeros(x), [np.full_like(p, initial) for p in x], (yield)
    while True:
        for i, p in enumerate(x):
            m[i] = beta1 * m[i] + (1 - beta1) * g[i]
            v[i] = v[i] - (1 - beta2) * np.sign(v[i] - g[i] ** 2) * g[i] ** 2
            p -= lr * m[i] / (np.sqrt(v[i]) + eps)
        g = yield


def lars(x, lr, momentum, eta, weight_decay):  # You, Gitman and Ginsburg, algorithm 1
    v, g = zeros(x), (yield)
    while True:
        for i, w in enumerate(x):
            local = eta * norm(w) / (norm(g[i]) + weight_decay * norm(w))
            v[i] = momentum * v[i] + lr * local * (g[i] + weight_decay * w)
            w -= v[i]
        g = yield


def lamb(x, lr, beta1, beta2, eps, lamda):  # You et al., algorithm 2
    m, v, t, g = zeros(x), zeros(x), 0, (yield)
    while True:
        t += 1
        for i, w in enumerate(x):
            m[i] = beta1 * m[i] + (1 - beta1) * g[i]
            v[i] = beta2 * v[i] + (1 - beta2) * g[i] ** 2
            r = (m[i] / (1 - beta1**t)) / (np.sqrt(v[i] / (1 - beta2**t)) + eps)
            u = r + lamda * w
            w -= lr * (norm(w) / norm(u)) * u
        g = yield


def adan(x, lr, beta1, beta2, beta3, eps):  # Xie et al., algorithm 1, its betas b, and their code's bias corrections
    b1, b2, b3 = 1 - beta1, 1 - beta2, 1 - beta3
    m, v, n, t, g = zeros(x), zeros(x), zeros(x), 0, (yield)
    last = g
    while True:
        t += 1
        for i, p in enumerate(x):
            m[i] = (1 - b1) * m[i] + b1 * g[i]
            v[i] = (1 - b2) * v[i] + b2 * (g[i] - last[i])
            n[i] = (1 - b3) * n[i] + b3 * (g[i] + (1 - b2) * (g[i] - last[i])) ** 2
            eta = lr / (np.sqrt(n[i] / (1 - (1 - b3) ** t)) + eps)
            p -= eta * (m[i] / (1 - (1 - b1) ** t) + (1 - b2) * v[i] / (1 - (1 - b2) ** t))
        last = g
        g = yield


def adopt(x, lr, beta1, beta2, eps, unlimited):  # Taniguchi et al., algorithm 2
    g = yield
    m, v, t = zeros(x), [p**2 for p in g], 0
    while True:
        g = yield
        t += 1
        for i, p in enumerate(x):
            u = g[i] / np.maximum(np.sqrt(v[i]), eps)
            if not unlimited:
                u = np.clip(u, -(t**0.25), t**0.25)
            m[i] = beta1 * m[i] + (1 - beta1) * u
            p -= lr * m[i]
            v[i] = beta2 * v[i] + (1 - beta2) * g[i] ** 2


def ademamix(x, lr, beta1, beta2, beta3, alpha, eps, warmup):  # Pagliardini et al., algorithm 1
    m1, m2, nu, t, g = zeros(x), zeros(x), zeros(x), 0, (yield)
    while True:
        t += 1
        a, b3 = alpha, beta3
        if t < warmup:
            a = alpha * t / warmup
            l1, l3, part = np.log(beta1), np.log(beta3), t / warmup
            b3 = float(np.exp(l1 * l3 / ((1 - part) * l3 + part * l1)))
        for i, p in enumerate(x):
            m1[i] = beta1 * m1[i] + (1 - beta1) * g[i]
            m2[i] = b3 * m2[i] + (1 - b3) * g[i]
            nu[i] = beta2 * nu[i] + (1 - beta2) * g[i] ** 2
            p -= lr * (m1[i] / (1 - beta1**t) + a * m2[i]) / (np.sqrt(nu[i] / (1 - beta2**t)) + eps)
        g = yield


def schedulefree(x, lr, beta, warmup, weight_decay, beta2=None, eps=None):  # Defazio et al., algorithm 1
    z, mean, v, t, total, g = [p.copy() for p in x], [p.copy() for p in x], zeros(x), 0, 0.0, (yield)
    while True:
        t += 1
        gamma = lr * min(1, t / warmup) if warmup else lr
        total += gamma**2
        c = gamma**2 / total
        for i, y in enumerate(x):
            d = g[i]
            if beta2 is not None:
                v[i] = beta2 * v[i] + (1 - beta2) * g[i] ** 2
                d = g[i] / (np.sqrt(v[i] / (1 - beta2**t)) + eps)
            z[i] = z[i] - gamma * d - gamma * weight_decay * y
            mean[i] = (1 - c) * mean[i] + c * z[i]
            y[:] = (1 - beta) * z[i] + beta * mean[i]
        g = yield


def sophia(x, lr, beta1, gamma, eps):  # Liu et al., algorithm 3, while there is no estimate
    m, h, g = zeros(x), zeros(x), (yield)
    while True:
        for i, p in enumerate(x):
            m[i] = beta1 * m[i] + (1 - beta1) * g[i]
            p -= lr * np.clip(m[i] / np.maximum(gamma * h[i], eps), -1, 1)
        g = yield


def madgrad(x, lr, momentum, eps):  # Defazio and Jelassi, algorithm 1
    first, s, v, k, g = [p.copy() for p in x], zeros(x), zeros(x), 0, (yield)
    while True:
        lamda = lr * (k + 1) ** 0.5
        for i, p in enumerate(x):
            s[i] = s[i] + lamda * g[i]
            v[i] = v[i] + lamda * g[i] * g[i]
            z = first[i] - s[i] / (np.cbrt(v[i]) + eps)
            p[:] = momentum * p + (1 - momentum) * z
        k += 1
        g = yield


def prodigy(x, lr, beta1, beta2, eps, d):  # Mishchenko and Defazio, algorithm 4
    first, m, v, s, r, root, g = [p.copy() for p in x], zeros(x), zeros(x), zeros(x), 0.0, beta2**0.5, (yield)
    while True:
        r = root * r + (1 - root) * lr * d**2 * sum(float(np.dot(a, b - c)) for a, b, c in zip(g, first, x))
        for i, p in enumerate(x):
            m[i] = beta1 * m[i] + (1 - beta1) * d * g[i]
            v[i] = beta2 * v[i] + (1 - beta2) * d**2 * g[i] ** 2
            s[i] = root * s[i] + (1 - root) * lr * d**2 * g[i]
            p -= lr * d * m[i] / (np.sqrt(v[i]) + d * eps)
        d = max(d, r / sum(float(np.abs(a).sum()) for a in s))
        g = yield


CASES = [
    (signum, dict(lr=0.01, beta=0.9)),
    (signum, dict(lr=0.001, beta=0.0)),
    (adabelief, dict(lr=0.01, beta1=0.9, beta2=0.999, eps=1e-16)),
    (adabelief, dict(lr=0.01, beta1=0.8, beta2=0.95, eps=1e-4)),
    (yogi, dict(lr=0.01, beta1=0.9, beta2=0.999, eps=1e-3, initial=1e-6)),
    (yogi, dict(lr=0.003, beta1=0.5, beta2=0.9, eps=0.01, initial=0.1)),
    (lars, dict(lr=1.0, momentum=0.9, eta=0.001, weight_decay=5e-4)),
    (lars, dict(lr=0.5, momentum=0.5, eta=0.02, weight_decay=0.0)),
    (lamb, dict(lr=0.001, beta1=0.9, beta2=0.999, eps=1e-6, lamda=0.01)),
    (lamb, dict(lr=0.01, beta1=0.8, beta2=0.95, eps=1e-3, lamda=0.0)),
    (adan, dict(lr=0.01, beta1=0.98, beta2=0.92, beta3=0.99, eps=1e-8)),
    (adan, dict(lr=0.003, beta1=0.8, beta2=0.5, beta3=0.9, eps=1e-3)),
    (adopt, dict(lr=0.01, beta1=0.9, beta2=0.9999, eps=1e-6, unlimited=0.0)),
    (adopt, dict(lr=0.003, beta1=0.8, beta2=0.95, eps=0.01, unlimited=1.0)),
    (ademamix, dict(lr=0.003, beta1=0.9, beta2=0.999, beta3=0.9999, alpha=5.0, eps=1e-8, warmup=0.0)),
    (ademamix, dict(lr=0.003, beta1=0.8, beta2=0.95, beta3=0.99, alpha=8.0, eps=1e-4, warmup=100.0)),
    (schedulefree, dict(lr=0.1, beta=0.9, warmup=0.0, weight_decay=0.0)),
    (schedulefree, dict(lr=0.1, beta=0.75, warmup=50.0, weight_decay=0.1)),
    (schedulefree, dict(lr=0.01, beta=0.9, warmup=0.0, weight_decay=0.1, beta2=0.999, eps=1e-8)),
    (schedulefree, dict(lr=0.003, beta=0.5, warmup=20.0, weight_decay=0.0, beta2=0.99, eps=0.01)),
    (sophia, dict(lr=0.01, beta1=0.96, gamma=0.01, eps=0.125)),
    (madgrad, dict(lr=0.01, momentum=0.9, eps=1e-6)),
    (madgrad, dict(lr=0.003, momentum=0.5, eps=1e-3)),
    (prodigy, dict(lr=1.0, beta1=0.9, beta2=0.999, eps=1e-8, d=1e-3)),
    (prodigy, dict(lr=0.25, beta1=0.8, beta2=0.99, eps=1e-3, d=0.01)),
]

print("# Made by make_papers.py with NumPy", np.__version__, "- do not edit.")
for algorithm, given in CASES:
    for dtype in (np.float32, np.float64):
        for gradient in ("sequence", "quadratic"):
            if algorithm is prodigy and gradient == "sequence":
                continue  # there is no solution to be at a distance from
            x = [np.array([start(i) for i in e], dtype) for e in (range(3), range(3, 8))]
            name = algorithm.__name__ + ("-adam" if "beta2" in given and algorithm is schedulefree else "")
            print("case", name, np.dtype(dtype).name, gradient, *("%s=%s" % (k, v.hex()) for k, v in given.items()))
            steps = algorithm(x, **given)
            next(steps)
            for t in range(STEPS):
                if gradient == "sequence":
                    flat = np.array([sequence(t, i) for i in range(8)], dtype)
                else:
                    flat = np.array([scale(i) for i in range(8)], dtype) * np.concatenate(x)
                steps.send([flat[:3], flat[3:]])
                if t + 1 in SAMPLES:
                    bits = np.concatenate(x).view({4: np.uint32, 8: np.uint64}[dtype().itemsize]).tolist()
                    print("x", t + 1, *("%0*x" % (2 * dtype().itemsize, b) for b in bits))
