"""Optimizers for PyTorch: torch.optim's classes, with steps of bitstep's.

Adam, AdamW, SGD, RMSprop and Adagrad are subclasses of torch.optim's, of which they have everything but the step: the
arguments, parameter groups, states and state_dict. Lion, MomentumVelocity and Nesterov are not in torch.optim.

A step is one call of the library for all parameters of a group, and one pass over their memory. Its bits are the same
on every machine; the README says how far that reaches.
"""
import math

import torch

from ._step import Numbered, Step

__all__ = ["Adam", "AdamW", "SGD", "RMSprop", "Adagrad", "Lion", "MomentumVelocity", "Nesterov"]


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


class RMSprop(Step, torch.optim.RMSprop):
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

    def _count(self, work):
        for s in work.states:
            s["step"] = s.get("step", 0) + 1


class Adagrad(Numbered, torch.optim.Adagrad):
    def _kernel(self, group):
        return "adagrad", ["sum"]

    def _hyper(self, group, part):
        lr = float(group["lr"]) / (1 + (part - 1) * group["lr_decay"])
        return super()._hyper(group, part) | {"lr": lr, "eps": group["eps"]}


class _OfOurs(Step, torch.optim.Optimizer):
    """An optimizer that torch.optim has not."""

    def __init__(self, params, **defaults):
        name = type(self).__name__
        for option, value in defaults.items():
            for v in value if option == "betas" else [value]:
                if not 0 <= v < (1 if option in ("betas", "momentum") else math.inf):
                    raise ValueError(f"{name}: {option} = {value}")
        super().__init__(params, defaults)


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
