"""Optimizers for PyTorch: torch.optim's classes, with steps of bitstep's.

Most are subclasses of torch.optim's, of which they have everything but the step: the arguments, parameter groups,
states and state_dict. Adafactor and Muon have those that newer PyTorch has. Lion, MomentumVelocity and Nesterov are not
in torch.optim.

A step is one call of the library for all parameters of a group, and one pass over their memory; those of Adafactor and
Muon, which look at matrices, are several for each parameter. Its bits are the same on every machine; the README says
how far that reaches.
"""
import decimal
import functools
import math
import operator

import numpy as np
import torch

from . import _arrays
from ._library import Spans
from ._step import Call, Counted, Numbered, Rows, Step, Whole

__all__ = ["Adam", "AdamW", "Adamax", "NAdam", "RAdam", "SparseAdam", "SGD", "ASGD", "RMSprop", "Adagrad", "Adadelta",
           "Rprop", "Adafactor", "Muon", "Lion", "MomentumVelocity", "Nesterov"]

_DIGITS = decimal.Context(prec=40, traps=[])


@functools.lru_cache(1024)
def _power(x, y):
    """Returns x**y, rounded once. The last bit of Python's own is the C library's."""
    return float(_DIGITS.power(decimal.Decimal(x), decimal.Decimal(y)))


class _Adam(Numbered):
    def _kernel(self, group):
        if group["amsgrad"]:
            return "amsgrad", ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"]
        return "adam", ["exp_avg", "exp_avg_sq"]

    def _hyper(self, group, part):
        beta1, beta2 = group["betas"]
        return super()._hyper(group, part) | {"beta1": beta1, "beta2": beta2, "eps": group["eps"], "t": part}


class Adam(_Adam, torch.optim.Adam):
    pass


class AdamW(_Adam, torch.optim.AdamW):
    decoupled = True


class Adamax(_Adam, torch.optim.Adamax):
    def _kernel(self, group):
        return "adamax", ["exp_avg", "exp_inf"]


class NAdam(_Adam, torch.optim.NAdam):
    def _kernel(self, group):
        return "nadam", ["exp_avg", "exp_avg_sq"]

    def _first(self, group):
        return super()._first(group) | {"mu_product": 1.0}

    def _momentum(self, group, t):
        return self._betas(group)[0] * (1 - 0.5 * _power(0.96, t * group["momentum_decay"]))

    def _parts(self, work, last):
        """The number of the step, and the product of its momentum and those of all before."""
        steps = super()._parts(work, last)
        momenta = {t: self._momentum(work.group, t) for t in set(steps)}
        before = work.numbers["mu_product"].array
        products = work.after["mu_product"] = before * np.array([momenta[t] for t in steps], before.dtype)
        return list(zip(steps, products.tolist()))

    def _hyper(self, group, part):
        (t, product), lr = part, self._rate(group)
        now, after = self._momentum(group, t), self._momentum(group, t + 1)
        hyper = super()._hyper(group, t) | {"alpha": lr * after / (1 - product * after),
                                            "gamma": lr * (1 - now) / (1 - product)}
        if "weight_decay" in hyper:  # the kernel knows no rate
            hyper["weight_decay"] *= lr
        return hyper


class RAdam(_Adam, torch.optim.RAdam):
    def _kernel(self, group):
        return "adam", ["exp_avg", "exp_avg_sq"]

    def _calls(self, work, chosen, kind, t):
        """As optim.RAdam has it. While there is nothing to rectify by, one call makes the means, and another steps by
        the first of them."""
        call, = super()._calls(work, chosen, kind, t)
        lr, (beta1, beta2) = self._rate(work.group), self._betas(work.group)
        alpha, power2 = lr / (1 - _power(beta1, t)), _power(beta2, t)
        limit = 2 / (1 - beta2) - 1
        r = limit - 2 * t * power2 / (1 - power2)
        if r > 5:
            rectified = (r - 4) * (r - 2) * limit / ((limit - 4) * (limit - 2) * r)
            alpha *= math.sqrt(rectified * (1 - power2))
        decay = call.hyper.pop("weight_decay", 0)
        step = {"lr": alpha, "weight_decay": lr * decay / alpha if alpha else 0}  # the kernel multiplies it by its lr
        if r > 5:
            call.hyper.update(step, t=None)
            return [call]
        call.hyper.update(lr=0, eps=1, t=None)
        return [call, Call("sgd", kind, Spans(call.spans.array[:3]), step)]


class SparseAdam(Rows, Counted, torch.optim.SparseAdam):
    def _kernel(self, group):
        return "adam", ["exp_avg", "exp_avg_sq"]

    def _parts(self, work, last):
        return [int(s.get("step", 0)) + 1 for s in work.states]

    def _hyper(self, group, t):
        beta1, beta2 = self._betas(group)
        lr = self._rate(group) * math.sqrt(1 - _power(beta2, t)) / (1 - _power(beta1, t))
        return super()._hyper(group, t) | {"lr": lr, "beta1": beta1, "beta2": beta2, "eps": group["eps"], "t": None}


class SGD(Step, torch.optim.SGD):
    def _kernel(self, group):
        if not group["momentum"]:
            return "sgd", []
        if group["dampening"] == 1:
            raise ValueError("SGD: dampening = 1 leaves nothing of the gradients")
        return "nesterov_torch" if group["nesterov"] else "momentum", ["momentum_buffer"]

    def _parts(self, work, last):
        """Whether gradients are dampened. Those of the first step are not."""
        dampens = work.group["dampening"] != 0
        return [dampens and s.get("momentum_buffer") is not None for s in work.states]

    def _hyper(self, group, part):
        hyper = super()._hyper(group, part)
        if group["momentum"]:
            hyper["rho"] = group["momentum"]
        if part:  # as optim.Momentum has it
            factor = 1 - group["dampening"]
            hyper["scale"] = hyper.get("scale", 1.0) * factor
            hyper["l2"] = hyper.get("l2", 0.0) * factor
        return hyper


class ASGD(Numbered, torch.optim.ASGD):
    def _kernel(self, group):
        return "asgd", ["ax"]

    def _first(self, group):
        return super()._first(group) | {"eta": self._rate(group), "mu": 1.0}

    def _parts(self, work, last):
        """The numbers that the step before has left."""
        group, lr = work.group, self._rate(work.group)
        steps = super()._parts(work, last)
        work.after["eta"] = [lr / _power(1 + group["lambd"] * lr * t, group["alpha"]) for t in steps]
        work.after["mu"] = [1 / max(1, t - group["t0"]) for t in steps]
        return list(zip(*(work.numbers[key].array.tolist() for key in ("eta", "mu"))))

    def _hyper(self, group, part):
        eta, mu = part
        return super()._hyper(group, part) | {"lr": eta, "decay": group["lambd"], "mu": mu}


class RMSprop(Counted, torch.optim.RMSprop):
    def _kernel(self, group):
        kernel, keys = "rmsprop", ["square_avg"]
        if group["centered"]:
            kernel, keys = kernel + "_centered", keys + ["grad_avg"]
        if group["momentum"] > 0:
            kernel, keys = kernel + "_momentum", keys + ["momentum_buffer"]
        return kernel, keys

    def _hyper(self, group, part):
        hyper = super()._hyper(group, part) | {"decay": group["alpha"], "eps": group["eps"]}
        if group["momentum"] > 0:
            hyper["rho"] = group["momentum"]
        return hyper


class Adagrad(Numbered, torch.optim.Adagrad):
    def _kernel(self, group):
        return "adagrad", ["sum"]

    def _start(self, group, key):
        return group["initial_accumulator_value"]

    def _hyper(self, group, part):
        lr = float(group["lr"]) / (1 + (part - 1) * group["lr_decay"])
        return super()._hyper(group, part) | {"lr": lr, "eps": group["eps"]}


class Adadelta(Counted, torch.optim.Adadelta):
    def _kernel(self, group):
        return "adadelta", ["square_avg", "acc_delta"]

    def _hyper(self, group, part):
        return super()._hyper(group, part) | {"decay": group["rho"], "eps": group["eps"]}


class Rprop(Counted, torch.optim.Rprop):
    def _kernel(self, group):
        return "rprop", ["prev", "step_size"]

    def _start(self, group, key):
        return self._rate(group) if key == "step_size" else 0

    def _hyper(self, group, part):
        self._rate(group)
        down, up = group["etas"]
        least, most = group["step_sizes"]
        return super()._hyper(group, part) | {"down": down, "up": up, "least": least, "most": most}


class _OfOurs(Step, torch.optim.Optimizer):
    """An optimizer that torch.optim has not, or not in all versions."""

    def __init__(self, params, **defaults):
        self._options(defaults)
        super().__init__(params, defaults)

    def _options(self, group):
        """Raises for what is wrong with options."""
        for option, value in group.items():
            for v in value if option == "betas" else [value]:
                self._within(option, v, 1 if option in ("betas", "momentum") else math.inf)


class Lion(_OfOurs):
    """Steps by the sign of a mean of gradients (Chen et al., 2023). Weight decay is decoupled, as in the paper."""

    decoupled = True

    def __init__(self, params, lr=1e-4, betas=(0.9, 0.99), weight_decay=0, *, maximize=False):
        super().__init__(params, lr=lr, betas=betas, weight_decay=weight_decay, maximize=maximize)

    def _kernel(self, group):
        return "lion", ["exp_avg"]

    def _hyper(self, group, part):
        beta1, beta2 = group["betas"]
        return super()._hyper(group, part) | {"beta1": beta1, "beta2": beta2}


class MomentumVelocity(_OfOurs):
    """Momentum as a velocity in the units of the parameters: v = momentum*v - lr*g, x = x + v."""

    kernel = "momentum_velocity"

    def __init__(self, params, lr, momentum=0.9, weight_decay=0, *, maximize=False):
        super().__init__(params, lr=lr, momentum=momentum, weight_decay=weight_decay, maximize=maximize)

    def _kernel(self, group):
        return self.kernel, ["velocity"]

    def _hyper(self, group, part):
        return super()._hyper(group, part) | {"rho": group["momentum"]}


class Nesterov(MomentumVelocity):
    """Nesterov momentum after the change of variables, with the velocity of MomentumVelocity: u = v,
    v = momentum*v - lr*g, x = (x - momentum*u) + (1+momentum)*v."""

    kernel = "nesterov"


def _norm(x):
    """Returns the Euclidean norm of an array, also where squares are too large or too small for its type."""
    squares, info = float(_arrays.sum_squares(x)), np.finfo(x.dtype)
    if float(info.tiny) * 2**40 <= squares < math.inf:  # what has underflowed does not matter
        return math.sqrt(squares)
    largest = float(_arrays.max_abs(x))
    if not 0 < largest < math.inf:
        return largest
    exponent, scaled = math.frexp(largest)[1], x.copy()
    parts = exponent // 2, exponent - exponent // 2  # their sum's power of two may be beyond the type
    for part in parts:
        _arrays.scale(scaled, 2.0**-part)
    return math.sqrt(_arrays.sum_squares(scaled)) * 2.0**parts[0] * 2.0**parts[1]


class Adafactor(Numbered, Whole, _OfOurs):
    """Adafactor (Shazeer and Stern, 2018), with the arguments, states and formulas that torch.optim.Adafactor has from
    PyTorch 2.5 on."""

    def __init__(self, params, lr=1e-2, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0, *, foreach=None,
                 maximize=False):
        super().__init__(params, lr=lr, beta2_decay=beta2_decay, eps=eps, d=d, weight_decay=weight_decay,
                         foreach=foreach, maximize=maximize)

    def _options(self, group):
        eps1, eps2 = group["eps"]
        if eps1 is not None and not 0 < eps1 < math.inf:
            raise ValueError(f"Adafactor: eps[0] = {eps1}, want None or in (0, +Inf)")
        if not -math.inf < group["beta2_decay"] <= 0:
            raise ValueError(f"Adafactor: beta2_decay = {group['beta2_decay']}, want in (-Inf, 0]")
        if not 0 < group["d"] < math.inf:
            raise ValueError(f"Adafactor: d = {group['d']}, want in (0, +Inf)")
        self._rate(group)
        self._within("eps[1]", eps2)
        self._within("weight_decay", group["weight_decay"])

    def _shapes(self, p):
        if p.dim() < 2:
            return {"variance": p.shape}
        *batch, rows, columns = p.shape
        return {"row_var": torch.Size([*batch, rows, 1]), "col_var": torch.Size([*batch, 1, columns])}

    def _update(self, group, t, x, g, variance=None, row_var=None, col_var=None):
        (eps1, eps2), lr, fresh = group["eps"], float(group["lr"]), _power(t, group["beta2_decay"])  # fresh: 1 - beta2
        eps1 = float(np.finfo(x.dtype).eps) if eps1 is None else eps1
        rate = max(eps2, _norm(x) / math.sqrt(x.size)) * min(lr, 1 / math.sqrt(t))
        update = np.empty_like(x)
        _arrays.mul(update, g, g)
        if variance is not None:
            _arrays.axpby(variance, update, fresh, 1 - fresh)
        else:
            variance = self._variance(update, fresh, eps1, row_var, col_var)
        _arrays.div_root(update, g, variance, 1, eps1 * eps1)
        rate /= max(1, _norm(update) / (math.sqrt(x.size) * group["d"]))
        if group["weight_decay"]:
            _arrays.scale(x, 1 - lr * group["weight_decay"])
        _arrays.axpy(x, update, rate if group["maximize"] else -rate)

    @staticmethod
    def _variance(squares, fresh, eps1, row_var, col_var):
        """Returns an estimate of the mean of squares: of each matrix the product of its rows' and its columns', over
        the mean of the rows'."""
        rows, columns = squares.shape[-2:]
        ones = np.ones(max(rows, columns), squares.dtype)
        _arrays.gemv(row_var.reshape(-1), squares.reshape(-1, columns), ones[:columns], alpha=fresh / columns,
                     beta=1 - fresh)
        matrices, trans = squares.reshape(-1, columns), True
        if squares.ndim > 2:  # one product for all
            matrices, trans = np.ascontiguousarray(squares.swapaxes(-1, -2)).reshape(-1, rows), False
        _arrays.gemv(col_var.reshape(-1), matrices, ones[:rows], alpha=fresh / rows, beta=1 - fresh, trans_a=trans)
        mean = np.empty(row_var.size // rows, squares.dtype)
        _arrays.gemv(mean, row_var.reshape(-1, rows), ones[:rows], alpha=1 / rows)
        mean = np.maximum(mean, mean.dtype.type(eps1)).reshape(*row_var.shape[:-2], 1, 1)
        return row_var / mean * col_var


class Muon(Whole, _OfOurs):
    """Muon (Jordan et al., 2024) of matrices, with the arguments, states and formulas that torch.optim.Muon has from
    PyTorch 2.9 on; but that iterates in bfloat16, and this in the type of the parameters."""

    def __init__(self, params, lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True,
                 ns_coefficients=(3.4445, -4.775, 2.0315), eps=1e-7, ns_steps=5, adjust_lr_fn=None):
        super().__init__(params, lr=lr, weight_decay=weight_decay, momentum=momentum, nesterov=nesterov,
                         ns_coefficients=ns_coefficients, eps=eps, ns_steps=ns_steps, adjust_lr_fn=adjust_lr_fn)

    def add_param_group(self, param_group):
        super().add_param_group(param_group)
        for p in param_group["params"]:
            self._shapes(p)

    def _options(self, group):
        if group["adjust_lr_fn"] not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Muon: adjust_lr_fn = {group['adjust_lr_fn']!r}, want 'original' or 'match_rms_adamw'")
        if len(group["ns_coefficients"]) != 3 or not all(map(math.isfinite, group["ns_coefficients"])):
            raise ValueError(f"Muon: ns_coefficients = {group['ns_coefficients']}, want three finite numbers")
        if not 0 <= operator.index(group["ns_steps"]) < 100:
            raise ValueError(f"Muon: ns_steps = {group['ns_steps']}, want in [0, 100)")
        self._rate(group)
        self._within("momentum", group["momentum"], 1)
        self._within("eps", group["eps"])
        self._within("weight_decay", group["weight_decay"])

    def _shapes(self, p):
        if p.dim() != 2:
            raise ValueError(f"Muon: a parameter has shape {tuple(p.shape)}, want a matrix")
        return {"momentum_buffer": p.shape}

    def _update(self, group, part, x, g, momentum_buffer):
        rho, lr, (rows, columns) = group["momentum"], float(group["lr"]), x.shape
        _arrays.axpby(momentum_buffer, g, 1 - rho, rho)
        u = momentum_buffer.copy()
        if group["nesterov"]:
            _arrays.axpby(u, g, 1 - rho, rho)
        divisor, largest = max(_norm(u), group["eps"]), float(np.finfo(u.dtype).max)
        _arrays.scale(u, min(1 / divisor, largest) if divisor else largest)
        u = self._orthogonal(u, group["ns_steps"], *group["ns_coefficients"])
        ratio = math.sqrt(max(1, rows / columns))
        if group["adjust_lr_fn"] == "match_rms_adamw":
            ratio = 0.2 * math.sqrt(max(rows, columns))
        if group["weight_decay"]:
            _arrays.scale(x, 1 - lr * group["weight_decay"])
        _arrays.axpy(x, u, -lr * ratio)

    @staticmethod
    def _orthogonal(u, steps, a, b, c):
        """Iterates u = a*u + (b*A + c*A*A)*u with A = u*u', transposed if there are more rows than columns."""
        tall, k = u.shape[0] > u.shape[1], min(u.shape)
        gram = np.empty((k, k), u.dtype)
        for _ in range(steps):
            _arrays.gemm(gram, u, u, trans_a=tall, trans_b=not tall)
            factor, before = gram.copy(), u
            _arrays.gemm(factor, gram, gram, alpha=c, beta=b)
            u = before.copy()
            _arrays.gemm(u, *((before, factor) if tall else (factor, before)), beta=a)
        return u
