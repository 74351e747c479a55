"""Optimizer steps, products and vector operations with the same bits on every CPU, on NumPy arrays without copies.

    import numpy as np
    import bitstep

    x, g = np.ones(3, np.float32), np.ones(3, np.float32)
    m, v = np.zeros_like(x), np.zeros_like(x)
    bitstep.adam(x, m, v, g, t=1, lr=1e-3)

There is a function for each kernel: bitstep.kernels() lists them. Arrays are float32 or float64, all of one type and
shape, and C-contiguous. What is written comes first. A call that raises has changed nothing. bitstep.torch has
optimizers for PyTorch.
"""
import operator

from . import _arrays, _library
from ._arrays import *

__all__ = ["version", "kernels", "backends", "backend", "set_backend", "threads", "set_threads", "set_pool"]
__all__ += _arrays.__all__


def _answer(value):
    """Returns what the library answers: NULL or 0 in a process that it does not work in."""
    if not value:
        raise RuntimeError(_library.last_error().decode())
    return value


def _text(value):
    return _answer(value).decode()


def version():
    """Returns the version of bitstep's Go module."""
    return _text(_library.version())


def kernels():
    """Returns the names of the kernels, each of which is a function of this module."""
    return list(_library.kernels)


def backends():
    """Returns the backends that this machine can run, the fastest last."""
    return [_text(_library.backend_name(i)) for i in range(_answer(_library.backend_count()))]


def backend():
    """Returns the backend of all calls: at the start what the environment variable BITSTEP names, or the fastest."""
    return _text(_library.backend())


def set_backend(name):
    """Sets the backend of all calls; None sets that of the start. No result depends on it."""
    _library.set_backend(None if name is None else name.encode())


def threads():
    """Returns how many threads a call may have."""
    return _answer(_library.threads())


def set_threads(n):
    """Sets how many threads a call may have, for all calls; 0 is one for each CPU. No result depends on it."""
    _library.set_threads(_count(n))


def set_pool(n):
    """Starts n threads that stay awake for a moment between calls, so that smaller calls are spread; 0 ends them."""
    _library.set_pool(_count(n))


def _count(n):
    if operator.index(n) < 0:
        raise ValueError(f"bitstep: {n} threads")
    return n
