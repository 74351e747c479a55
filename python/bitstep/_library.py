"""The shared library: its functions, of which bitstep.json lists those of the kernels, and its errors."""
import ctypes
import json
import math
import operator
import pathlib
import struct
import types

import numpy as np

_here = pathlib.Path(__file__).parent
_library = ctypes.CDLL(str(_here / "libbitstep.so"))

# What bitstep.h defines.
_ABI = 1
_FORKED = 6  # codes below it are mistakes of the caller
_NO_BIAS_CORRECTION = 2**64 - 1



class _Float(ctypes.c_float):
    """A float that an argument is rounded to. ctypes does that in the thread's mode, which may flush a subnormal one
    to 0: so that is made of its bits, which are its multiple of 2**-149."""

    @classmethod
    def from_param(cls, value):
        rounded, value = cls(value), float(value)
        if abs(value) < 2**-126:
            rounded = cls.from_buffer_copy(struct.pack("=I", round(abs(value) * 2**149)))
            if math.copysign(1, value) < 0:
                ctypes.c_uint32.from_buffer(rounded).value |= 1 << 31
        return rounded


_TYPES = {"int": ctypes.c_int, "size_t": ctypes.c_size_t, "uint64_t": ctypes.c_uint64,
          "float": _Float, "double": ctypes.c_double}  # any other is a pointer


def _raise(code, function, arguments):
    if code:
        message = last_error().decode()
        raise (ValueError if code < _FORKED else RuntimeError)(message)


def _function(name, arguments):
    """Returns a function that raises what it fails with. Its arguments' types are as C writes them."""
    function = getattr(_library, name)
    function.argtypes = [_TYPES.get(a, ctypes.c_void_p) for a in arguments]
    function.errcheck = _raise
    return function


def _getter(name, restype, *argtypes):
    function = getattr(_library, name)
    function.restype, function.argtypes = restype, argtypes
    return function


last_error = _getter("bitstep_last_error", ctypes.c_char_p)
version = _getter("bitstep_version", ctypes.c_char_p)
backend = _getter("bitstep_backend", ctypes.c_char_p)
backend_count = _getter("bitstep_backend_count", ctypes.c_size_t)
backend_name = _getter("bitstep_backend_name", ctypes.c_char_p, ctypes.c_size_t)
threads = _getter("bitstep_threads", ctypes.c_size_t)
set_backend = _function("bitstep_set_backend", ["const char *"])
set_threads = _function("bitstep_set_threads", ["size_t"])
set_pool = _function("bitstep_set_pool", ["size_t"])

if (abi := _library.bitstep_abi()) != _ABI:
    raise ImportError(f"{_here / 'libbitstep.so'} has interface {abi}, want {_ABI}")

# Functions of a product, by the name and the type.
products = {}
for _kind, _t in (("f32", "float"), ("f64", "double")):
    for _name, _arguments in (
            ("gemm", ["int", "int", "size_t", "size_t", "size_t", _t, "*", "size_t", "*", "size_t", _t, "*", "size_t"]),
            ("gemm_continue", ["int", "int", "size_t", "size_t", "size_t", *(["*", "size_t"] * 3)]),
            ("gemv", ["int", "size_t", "size_t", _t, "*", "size_t", "*", _t, "*"])):
        products[_name, _kind] = _function(f"bitstep_{_name}_{_kind}", _arguments)


class Kernel:
    """A kernel of the table: its operands, hyperparameters, scalars and functions."""

    def __init__(self, row, lines):
        self.name, self.lines = row["name"], lines
        self.functions = {f["name"].removeprefix(f"bitstep_{self.name}_"): _function(
            f["name"], [a["type"] for a in f["args"]]) for f in row["functions"] if f["returns"] == "int"}
        arguments = {a["name"]: a["type"] for f in row["functions"] if f["name"].endswith("_f32") for a in f["args"]}
        self.operands = [types.SimpleNamespace(name=name, written=not t.startswith("const"), bytes="uint8_t" in t)
                         for name, t in arguments.items() if t.endswith("*") and name not in ("hyper", "result")]
        self.scalars = [name for name, t in arguments.items() if t == "float"]
        self.step, self.reduction = "hyper" in arguments, "result" in arguments
        self.numbered = "t" in arguments
        if self.step:
            self.hypers = dict(zip(row["step"]["fields"], map(float, row["step"]["values"])))
            self.struct = ctypes.c_double * (len(self.hypers) + 5)  # with a bitstep_prelude

    def parameters(self, given):
        """Returns what stands behind a step's operands: the hyperparameters, those of the prelude among them, and the
        number of the step if it depends on that."""
        given = self.hypers | given
        scale, clip = given.get("scale", 1.0), given.get("clip")
        bounds = (0.0, 0.0) if clip is None else tuple(clip)
        if scale == 0 or clip is not None and not any(bounds):  # to the library 0 is none
            raise ValueError(f"bitstep.{self.name}: scale = {scale} and clip = {clip}, want them other than 0")
        if len(bounds) != 2:
            raise ValueError(f"bitstep.{self.name}: clip = {clip}, want two bounds")
        prelude = [0.0 if scale == 1 else scale, *bounds, given.get("l2", 0.0), given.get("weight_decay", 0.0)]
        values = [given[name] for name in self.hypers] + prelude
        return [self.struct(*values)] + [self._number(given.get("t"))] * self.numbered

    def _number(self, t):
        if t is None:
            return _NO_BIAS_CORRECTION
        if not 1 <= operator.index(t) < 2**63:
            raise ValueError(f"bitstep.{self.name}: t = {t}, want the number of the step, from 1, or None")
        return t


_lines = {row["name"]: row["lines"] for row in json.loads((_here / "kernels.json").read_text())["rows"]}
kernels = {k["name"]: Kernel(k, _lines[k["row"]]) for k in json.loads((_here / "bitstep.json").read_text())["kernels"]}


class Spans:
    """The tensors of a call. A column of the array is one: its elements, then where each operand is."""

    def __init__(self, array):
        self.array = np.ascontiguousarray(array, np.uintp)
        first, tensors = self.array.ctypes.data, self.array.shape[1]
        self.arguments = [tensors] + [first + i * tensors * self.array.itemsize for i in range(len(self.array))]


def each(kernel, kind, spans, given):
    """Makes a step of several tensors."""
    k = kernels[kernel]
    k.functions[kind + "_each"](*spans.arguments, *k.parameters(given))
