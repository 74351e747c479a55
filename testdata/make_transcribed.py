#!/usr/bin/env python3
"""Makes transcribed.txt: trajectories of optimizers that Debian's PyTorch lacks or has a mistake in.

    /usr/bin/python3 testdata/make_transcribed.py >testdata/transcribed.txt

It is for optim's tests, and needs Debian's python3-numpy. Each function below is an algorithm as PyTorch's
documentation has it, in NumPy and in the type of the parameters, and shares nothing with the Go code. The cases are the
lines of torch_cases.txt whose CLASS begins with "transcribed."; trajectory.py says what cases and trajectories are. All
8 elements are one parameter: a vector, or with "rows" a matrix. "lambda" is the denominator of a schedule with the
factor 1 - t/lambda.
"""
import math

import numpy as np

from trajectory import STEPS, cases, gradient, show, show_case, start

BITS = {np.float32: np.int32, np.float64: np.int64}


def nadam(x, state, t, T, lr, beta1, beta2, eps, momentum_decay, weight_decay=0.0):
    if not state:
        state.update(mu_product=1.0, exp_avg=np.zeros_like(x), exp_avg_sq=np.zeros_like(x))

    def step(grad):
        grad = grad + T(weight_decay) * x if weight_decay else grad
        mu = beta1 * (1.0 - 0.5 * 0.96 ** (t * momentum_decay))
        mu_next = beta1 * (1.0 - 0.5 * 0.96 ** ((t + 1) * momentum_decay))
        state["mu_product"] *= mu
        mu_product = state["mu_product"]
        state["exp_avg"] += T(1 - beta1) * (grad - state["exp_avg"])
        state["exp_avg_sq"] = T(beta2) * state["exp_avg_sq"] + T(1 - beta2) * grad * grad
        denom = np.sqrt(state["exp_avg_sq"] / T(1 - beta2**t)) + T(eps)
        out = x - T(lr * (1.0 - mu) / (1.0 - mu_product)) * (grad / denom)
        return out - T(lr * mu_next / (1.0 - mu_product * mu_next)) * (state["exp_avg"] / denom)

    return step


def rms(a):
    return math.sqrt(np.mean(np.square(a, dtype=np.float64)))


def adafactor(x, state, t, T, lr, beta2_decay, eps2, d, eps1=None, weight_decay=0.0, decoupled=True):
    eps1 = float(np.finfo(T).eps) if eps1 is None else eps1

    def step(grad):
        fresh = t**-beta2_decay
        alpha = max(eps2, rms(x)) * min(lr, 1 / math.sqrt(t))
        out = x * T(1 - lr * weight_decay)
        if x.ndim > 1:
            if not state:
                state.update(row=np.zeros((len(x), 1), T), col=np.zeros((1, x.shape[1]), T))
            state["row"] += T(fresh) * (np.mean(grad * grad, axis=-1, keepdims=True) - state["row"])
            state["col"] += T(fresh) * (np.mean(grad * grad, axis=-2, keepdims=True) - state["col"])
            estimate = state["row"] @ state["col"] / max(np.mean(state["row"]), T(eps1))
        else:
            if not state:
                state.update(variance=np.zeros_like(x))
            state["variance"] += T(fresh) * (grad * grad - state["variance"])
            estimate = state["variance"]
        update = grad / np.sqrt(np.maximum(estimate, T(eps1 * eps1)))
        return out - T(alpha / max(1.0, rms(update) / d)) * update

    return step


def muon(x, state, t, T, lr, momentum, eps, nesterov_off=False, match=False, weight_decay=0.0, decoupled=True,
         ns_a=3.4445, ns_b=-4.775, ns_c=2.0315, ns_steps=5):
    if not state:
        state.update(buf=np.zeros_like(x))

    def step(grad):
        state["buf"] += T(1 - momentum) * (grad - state["buf"])
        update = state["buf"] if nesterov_off else grad + T(momentum) * (state["buf"] - grad)
        tall = len(update) > update.shape[1]
        o = update.T if tall else update
        o = o / T(max(np.linalg.norm(o), eps))
        a, b, c = T(ns_a), T(ns_b), T(ns_c)
        for _ in range(int(ns_steps)):
            gram = o @ o.T
            o = a * o + (b * gram + c * (gram @ gram)) @ o
        o = o.T if tall else o
        rows, columns = x.shape
        ratio = 0.2 * math.sqrt(max(rows, columns)) if match else math.sqrt(max(1, rows / columns))
        return x * T(1 - lr * weight_decay) - T(lr * ratio) * o

    return step


CLASSES = {"NAdam": nadam, "Adafactor": adafactor, "Muon": muon}

print("# Made by make_transcribed.py with NumPy", np.__version__, "- do not edit.")
for name, class_, given, kinds in cases(transcribed=True):
    for T in BITS:
        for kind in kinds:
            options, state = dict(given), {}
            rows, denominator, lr = options.pop("rows", 0), options.pop("lambda", 0), options.pop("lr")
            x = np.array([start(i) for i in range(8)], T)
            x = x.reshape(rows, -1) if rows else x
            show_case(name, T.__name__, kind, given)
            for t in range(STEPS):
                grad = np.array([gradient(kind, t, i, float(v)) for i, v in enumerate(x.flat)], T).reshape(x.shape)
                factor = 1 - t / denominator if denominator else 1
                x = CLASSES[class_](x, state, t + 1, T, lr=lr * factor, **options)(grad)
                assert x.dtype == T
                show(t, x.ravel().view(BITS[T]).tolist(), 8 * x.itemsize)
