"""A function of NumPy arrays for each kernel of the table, and the products. They see to types and shapes; the library
to all else."""
import inspect

import numpy as np

from ._library import Spans, each, kernels, products
from ._memory import Written

_KINDS = {np.dtype(np.float32): "f32", np.dtype(np.float64): "f64"}
_BYTE = np.dtype(np.uint8)
__all__ = []


def _check(what, a, dtype, written):
    """Returns the type of an array, after checking that, and whether it may be written. Any of _KINDS will do if dtype
    is None."""
    if not isinstance(a, np.ndarray):
        raise TypeError(f"bitstep.{what} is a {type(a).__name__}, want a numpy.ndarray")
    if a.dtype != dtype if dtype else a.dtype not in _KINDS:
        raise TypeError(f"bitstep.{what} is {a.dtype.str}, want {dtype.str if dtype else '<f4 or <f8'}")
    if written and not a.flags.writeable:
        raise ValueError(f"bitstep.{what} is read-only, want it writable")
    return a.dtype


def _addresses(what, operands, arrays, dtype=None):
    """Returns where arrays of one shape and type are, and the type."""
    addresses = []
    for o, a in zip(operands, arrays):
        name = f"{what}: {o.name}"
        if o.bytes:
            _check(name, a, _BYTE, o.written)
        else:
            dtype = _check(name, a, dtype, o.written)
        if not a.flags.c_contiguous:
            raise ValueError(f"bitstep.{name} has shape {a.shape} and strides {a.strides}, want it C-contiguous")
        if a.shape != arrays[0].shape:
            raise ValueError(f"bitstep.{name} has shape {a.shape}, want {arrays[0].shape}, as {operands[0].name}")
        addresses.append(a.ctypes.data)
    return addresses, dtype


def _plain(kernel):
    """Makes the function of a kernel."""
    def function(arrays, given):
        addresses, dtype = _addresses(kernel.name, kernel.operands, arrays)
        call = kernel.functions[_KINDS[dtype]]
        if kernel.reduction:
            result = np.empty((), dtype)
            call(arrays[0].size, *addresses, result.ctypes.data)
            return result[()]
        call(arrays[0].size, *addresses, *(kernel.parameters(given) if kernel.step else given.values()))

    _public(function, kernel.name, kernel)


def _several(kernel):
    """Makes the function of a step for lists of arrays."""
    name = kernel.name + "_each"

    def function(lists, given):
        lists = [list(arrays) for arrays in lists]
        if any(len(l) != len(lists[0]) for l in lists):
            raise ValueError(f"bitstep.{name}: lists of {[len(l) for l in lists]} arrays, want as many of each operand")
        dtype, columns = None, []
        for i, arrays in enumerate(zip(*lists)):
            addresses, dtype = _addresses(f"{name}: array {i}", kernel.operands, arrays, dtype)
            columns.append([arrays[0].size, *addresses])
        if columns:
            spans = np.array(columns, np.uintp).T
            _check_memory(name, kernel, spans[0] * np.uintp(dtype.itemsize), spans[1:])
            each(kernel.name, _KINDS[dtype], Spans(spans), given)

    _public(function, name, kernel)


def _check_memory(what, kernel, sizes, starts):
    """Raises if an array that is written shares memory with another, of those of all tensors. (Of one tensor the
    library sees it.)"""
    rows = [o.written for o in kernel.operands]
    read = [not r for r in rows]
    written = Written(starts[rows].ravel(), (starts[rows] + sizes).ravel())
    if written.shared() or written.meets(starts[read].ravel(), (starts[read] + sizes).ravel()).any():
        raise ValueError(f"bitstep.{what}: arrays overlap, and one of them is written")


def _signature(kernel):
    """The operands by their names or places; then scalars, or for steps the names of hyperparameters."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in [o.name for o in kernel.operands] + kernel.scalars]
    if kernel.step:
        defaults = kernel.hypers | {"scale": 1.0, "clip": None, "l2": 0.0, "weight_decay": 0.0}
        parameters += [inspect.Parameter("t", inspect.Parameter.KEYWORD_ONLY)] * kernel.numbered
        parameters += [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=value)
                       for name, value in defaults.items()]
    return inspect.Signature(parameters)


def _public(function, name, kernel):
    """Makes a function of this module of one of the operands, in order, and of all else by its name."""
    signature, operands = _signature(kernel), [o.name for o in kernel.operands]
    given = ", ".join(f"{p}={p}" for p in signature.parameters if p not in operands)
    text = f"def {name}{signature}: return _function([{', '.join(operands)}], dict({given}))"
    names = {"_function": function, "__name__": "bitstep"}
    exec(text, names)  # since Signature.bind takes longer than the rest of a call
    public = globals()[name] = names[name]
    written = ", ".join(o.name for o in kernel.operands if o.written)
    lines = "\n".join("    " + line for line in kernel.lines)
    what = (f"Writes {written}, element by element" if written else
            "Returns the fold of lanes that take elements in turn")
    public.__doc__ = f"{what}:\n\n{lines}\n"
    __all__.append(name)


for _kernel in kernels.values():
    _plain(_kernel)
    if _kernel.step:
        _several(_kernel)


# Products.

def _matrix(what, a, dtype, shape, written=False):
    """Returns where a matrix is, and its leading dimension."""
    _check(what, a, dtype, written)
    if a.shape != shape:
        raise ValueError(f"bitstep.{what} has shape {a.shape}, want {shape}")
    stride, step = a.strides
    if a.shape[1] > 1 and step != a.itemsize or a.shape[0] > 1 and (stride < 0 or stride % a.itemsize):
        raise ValueError(f"bitstep.{what} has strides {a.strides}, want rows that are contiguous")
    return a.ctypes.data, stride // a.itemsize if a.shape[0] > 1 else max(1, a.shape[1])


def _product(what, c, a, b, trans_a, trans_b):
    """Returns the kind of a product of matrices, its forms and sizes, and where its matrices are. Who calls it keeps
    them: a temporary one may have no other reference."""
    _check(f"{what}: c", c, None, True)
    _check(f"{what}: a", a, c.dtype, False)
    for name, x in (("c", c), ("a", a)):
        if x.ndim != 2:
            raise ValueError(f"bitstep.{what}: {name} has {x.ndim} dimensions, want 2")
    (m, n), k = c.shape, a.shape[0] if trans_a else a.shape[1]
    at = [_matrix(f"{what}: {name}", x, c.dtype, shape, name == "c") for name, x, shape in (
        ("a", a, (k, m) if trans_a else (m, k)), ("b", b, (n, k) if trans_b else (k, n)), ("c", c, (m, n)))]
    return _KINDS[c.dtype], (bool(trans_a), bool(trans_b), m, n, k), *at


def gemm(c, a, b, *, alpha=1.0, beta=0.0, trans_a=False, trans_b=False):
    """c = alpha*op(a)*op(b) + beta*c, where op transposes what trans_a or trans_b says. With beta = 0, c is not read.

    Matrices are row-major: rows are contiguous, with any number of elements between them. How a and b lie in memory is
    part of the order of sums, hence of the bits: a view like b.T is no operand, trans_b=True says that it is meant."""
    kind, sizes, at_a, at_b, at_c = _product("gemm", c, a, b, trans_a, trans_b)
    products["gemm", kind](*sizes, alpha, *at_a, *at_b, beta, *at_c)


def gemm_continue(c, a, b, *, trans_a=False, trans_b=False):
    """Continues the sums in c by chains of fma over k, ascending. Up to 256 k that gemm began have the bits of one gemm
    over all of them, in the order that has no stripes (rule 8 of the contract)."""
    kind, sizes, at_a, at_b, at_c = _product("gemm_continue", c, a, b, trans_a, trans_b)
    products["gemm_continue", kind](*sizes, *at_a, *at_b, *at_c)


def gemv(y, a, x, *, alpha=1.0, beta=0.0, trans_a=False):
    """y = alpha*op(a)*x + beta*y, for vectors x and y. With beta = 0, y is not read."""
    dtype = _check("gemv: y", y, None, True)
    _check("gemv: a", a, dtype, False)
    if a.ndim != 2:
        raise ValueError(f"bitstep.gemv: a has {a.ndim} dimensions, want 2")
    (m, n), matrix = a.shape, _matrix("gemv: a", a, dtype, a.shape)
    at = []
    for name, v, size in (("x", x, m if trans_a else n), ("y", y, n if trans_a else m)):
        _check(f"gemv: {name}", v, dtype, name == "y")
        if v.shape != (size,) or not v.flags.c_contiguous:
            raise ValueError(f"bitstep.gemv: {name} has shape {v.shape} and strides {v.strides}, "
                             f"want {(size,)}, contiguous")
        at.append(v.ctypes.data)
    products["gemv", _KINDS[dtype]](bool(trans_a), m, n, alpha, *matrix, at[0], beta, at[1])


__all__ += ["gemm", "gemm_continue", "gemv"]
