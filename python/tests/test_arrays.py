"""NumPy functions: their bits, and what they refuse."""
import inspect
import json
import math
import pathlib
import unittest

import numpy as np

import bitstep

ROOT = pathlib.Path(__file__).resolve().parents[2]
BITS = {"float32": np.uint32, "float64": np.uint64}


def numpy_cases():
    """The cases of testdata/numpy.txt, what NumPy computes for every kernel: see make_numpy.py for its form."""
    for line in (ROOT / "testdata" / "numpy.txt").read_text().splitlines():
        word, *f = line.split()
        if word == "case":
            case = f[0], f[1], {k: float.fromhex(v) for k, v in (pair.split("=") for pair in f[2:])}, []
            yield case
        elif word in ("in", "out"):
            case[3].append((word, f[0], f[1:]))


class Bits(unittest.TestCase):
    def test_numpy(self):
        rows = json.loads((ROOT / "testdata" / "kernels.json").read_text())["rows"]
        names = dict(zip((row["name"] for row in rows), bitstep.kernels()))
        names |= {"AdamAlmost": "adam", "Gemm": "gemm", "Gemv": "gemv"}
        self.assertEqual(len(rows), len(bitstep.kernels()))
        seen, cases = set(), list(numpy_cases())
        for kernel, dtype, given, lines in cases:
            if kernel != "AllFinite":  # a way to use max_abs, not a kernel
                seen.add((names[kernel], dtype))
                for backend in bitstep.backends():
                    with self.subTest(kernel=kernel, dtype=dtype, given=given, backend=backend):
                        bitstep.set_backend(backend)
                        self.follow(names[kernel], kernel == "AdamAlmost", np.dtype(dtype), given, lines)
        bitstep.set_backend(None)
        for name in bitstep.kernels() + ["gemm", "gemv"]:
            self.assertLessEqual({(name, "float32"), (name, "float64")}, seen)

    def follow(self, name, almost, dtype, given, lines):
        arrays, before, t = {}, "", 0
        for word, operand, words in lines:
            values = np.array([int(w, 16) for w in words], BITS[dtype.name]).view(dtype)
            if word == "in":
                arrays[operand] = values
            else:
                if before == "in":
                    t += 1
                    self.call(name, None if almost else t, dtype, given, arrays)
                got = arrays[operand]
                np.testing.assert_array_equal(np.isnan(got), np.isnan(values))
                number = ~np.isnan(values)
                np.testing.assert_array_equal(got.view(BITS[dtype.name])[number], values.view(BITS[dtype.name])[number])
            before = word

    def call(self, name, t, dtype, given, arrays):
        function = getattr(bitstep, name)
        if name in ("gemm", "gemv"):
            m, n, k = (int(given[s]) for s in "mnk")
            trans_a, trans_b = bool(given["transA"]), bool(given["transB"])
            a = arrays["a"].reshape((k, m) if trans_a else (m, k))
            scalars = dict(alpha=given["alpha"], beta=given["beta"], trans_a=trans_a)
            if name == "gemv":
                function(arrays["c"], a, arrays["b"], **scalars)
            else:
                b = arrays["b"].reshape((n, k) if trans_b else (k, n))
                function(arrays["c"].reshape(m, n), a, b, **scalars, trans_b=trans_b)
            return
        parameters = inspect.signature(function).parameters
        operands = {o: v for o, v in arrays.items() if o in parameters}
        for o in set(parameters) & {"dst", "z"} - set(operands):
            operands[o] = arrays[o] = np.empty_like(arrays["src" if o == "dst" else "x"])
        if "src" in operands:
            operands["src"] = operands["src"].astype(np.uint8)
        options = dict(given)
        if "scale" in given and "l2" in parameters:
            options["clip"], options["weight_decay"] = (-given["clip"], given["clip"]), options.pop("wd")
            if "lr" not in given:  # make_numpy.py's decay is wd times a rate of 0
                options["weight_decay"] = 0.0
        if "t" in parameters:
            options["t"] = t
        result = function(**operands, **options)
        if result is not None:
            self.assertIs(type(result), dtype.type)
            arrays["result"] = np.array([result])

    def test_each(self):
        """A call for several arrays has the bits of a call for each."""
        rng = np.random.default_rng(1)
        shapes = [(3,), (0,), (4, 5), (), (5000,)]
        for dtype in (np.float32, np.float64):
            one = [[rng.random(s).astype(dtype) for s in shapes] for _ in range(4)]
            several = [[a.copy() for a in arrays] for arrays in one]
            options = dict(t=3, lr=0.1, scale=-0.5, clip=(-0.2, 0.3), l2=0.01, weight_decay=0.1)
            for arrays in zip(*one):
                bitstep.adam(*arrays, **options)
            bitstep.adam_each(*several, **options)
            for a, b in zip(one, several):
                for x, y in zip(a, b):
                    self.assertEqual(x.tobytes(), y.tobytes())
        bitstep.adam_each([], [], [], [], t=1)

    def test_matrices(self):
        """Rows of a matrix may lie in a larger one, and what lies beside them is left alone."""
        rng = np.random.default_rng(2)
        a, b, c = rng.random((4, 9)), rng.random((6, 8)), np.full((4, 7), 7.0)
        want = np.zeros((4, 5))
        bitstep.gemm(want, a[:, 2:8].copy(), b[:, 1:6].copy())
        bitstep.gemm(c[:, 1:6], a[:, 2:8], b[:, 1:6])
        self.assertEqual(c[:, 1:6].tobytes(), want.tobytes())
        np.testing.assert_allclose(want, a[:, 2:8] @ b[:, 1:6], rtol=1e-14)
        self.assertTrue((c[:, [0, 6]] == 7).all())
        part = np.zeros((4, 5))
        bitstep.gemm(part, a[:, 2:5], b[:3, 1:6])
        bitstep.gemm_continue(part, a[:, 5:8], b[3:, 1:6])
        self.assertEqual(part.tobytes(), want.tobytes())

    def test_temporaries(self):
        """Operands that nothing else holds are there until the call returns. (Large ones, whose memory is unmapped.)"""
        n = 600
        ones, c = np.ones((n, n)), np.zeros((n, n))
        bitstep.gemm(c, ones.copy(), ones.copy())
        bitstep.gemm_continue(c, ones.copy(), ones.copy())
        self.assertTrue((c == 2 * n).all())
        y = np.zeros(n)
        bitstep.gemv(y, ones.copy(), np.ones(n))
        self.assertTrue((y == n).all())


class Refused(unittest.TestCase):
    """A call that is wrong raises, names what is wrong, and changes nothing."""

    def refuse(self, error, words, function, *arrays, **options):
        flat = [a for arg in arrays for a in (arg if isinstance(arg, list) else [arg])]
        flat = [a for a in flat if isinstance(a, np.ndarray) and a.size < 2**20]
        before = [a.tobytes() for a in flat]
        with self.assertRaisesRegex(error, words):
            function(*arrays, **options)
        self.assertEqual(before, [a.tobytes() for a in flat])

    def setUp(self):
        self.x, self.m, self.v, self.g = (np.full(12, 0.5, np.float32) for _ in range(4))

    def adam(self, error, words, **wrong):
        given = dict(x=self.x, m=self.m, v=self.v, g=self.g) | {"t": 1} | wrong
        operands = [given.pop(o) for o in "xmvg"]
        self.refuse(error, words, bitstep.adam, *operands, **given)
        self.refuse(error, words, bitstep.adam_each, *([o] for o in operands), **given)

    def test_types(self):
        self.adam(TypeError, r"m is a list, want a numpy.ndarray", m=[0.0] * 12)
        self.adam(TypeError, r"m is <f8, want <f4", m=self.m.astype(np.float64))
        self.adam(TypeError, r"g is <f2, want <f4", g=self.g.astype(np.float16))
        self.adam(TypeError, r"x is <i4, want <f4 or <f8", x=self.x.astype(np.int32))
        self.adam(TypeError, r"x is >f4, want <f4 or <f8", x=self.x.astype(">f4"))
        self.adam(TypeError, r"x is <c8", x=self.x.astype(np.complex64))
        self.refuse(TypeError, r"src is <f4, want \|u1", bitstep.from_bytes, self.x, self.g, self.m, 1.0)
        self.refuse(TypeError, "unexpected keyword", bitstep.sgd, self.x, self.g, momentum=0.9)
        self.refuse(TypeError, "missing .* 't'", bitstep.adam, self.x, self.m, self.v, self.g)

    def test_shapes(self):
        self.adam(ValueError, r"g has shape \(11,\), want \(12,\), as x", g=self.g[:11])
        self.adam(ValueError, r"v has shape \(3, 4\), want \(12,\)", v=self.v.reshape(3, 4))
        self.adam(ValueError, r"g has shape \(12,\) and strides \(8,\), want it C-contiguous",
                  g=np.zeros(24, np.float32)[::2])
        self.adam(ValueError, r"g has .* want it C-contiguous", g=self.g[::-1])
        self.refuse(ValueError, r"lists of \[1, 1, 2, 1\] arrays", bitstep.adam_each, [self.x], [self.m],
                    [self.v, self.v], [self.g], t=1)
        self.refuse(TypeError, "array 1: x is <f8, want <f4", bitstep.sgd_each, [self.x, np.zeros(2)],
                    [self.g, np.zeros(2)])

    def test_memory(self):
        self.m.flags.writeable = False
        self.adam(ValueError, "m is read-only", m=self.m)
        self.m.flags.writeable = True
        both = np.zeros(20, np.float32)
        self.adam(ValueError, "x.* overlaps .*m|arrays overlap", x=both[:12], m=both[8:])
        self.adam(ValueError, "x.* overlaps .*g|arrays overlap", g=self.x)
        for x, g in (([self.x, self.x], [self.g, self.g]), ([self.x, self.m], [self.g, self.x]),
                     ([both[:12], both[8:]], [self.g, self.v])):
            self.refuse(ValueError, "sgd_each: arrays overlap", bitstep.sgd_each, x, g)
        bitstep.sgd_each([self.x, self.m], [self.g, self.g])  # what is read alone may be the same
        none, no_gradient = self.x[3:][:0], self.g[3:][:0]  # no elements of those that they lie among
        bitstep.sgd_each([self.x, self.m[:0]], [self.g, none])
        bitstep.sgd_each([self.x, no_gradient], [self.g, self.m[:0]])
        odd = np.zeros(49, np.uint8)[1:].view(np.float32)
        self.assertFalse(odd.flags.aligned)
        self.adam(ValueError, "bitstep_adam_f32.*g.* multiple of 4", g=odd)
        broadcast = np.broadcast_to(np.float32(1), 12)
        self.adam(ValueError, "g has shape .* strides", g=broadcast)

    def test_huge(self):
        """More than memory has: one number seen as many."""
        huge = np.lib.stride_tricks.as_strided(self.g, (2**60,), (0,))
        self.adam(ValueError, "g has shape .* want it C-contiguous", g=huge)
        for arrays in ((huge, huge), (self.x, huge)):
            with self.assertRaisesRegex(ValueError, "want it C-contiguous"):
                bitstep.dot(*arrays)

    def test_numbers(self):
        for name, value in dict(lr=-1, beta1=1, beta2=math.nan, eps=math.inf, l2=math.nan, weight_decay=-1).items():
            self.adam(ValueError, name if name != "weight_decay" else "decay", **{name: value})
        for t in (0, -1, 2**63):
            self.adam(ValueError, f"t = {t}, want the number of the step", t=t)
        self.adam(TypeError, "", t=1.5)
        self.adam(ValueError, "scale = 0", scale=0)
        self.adam(ValueError, "clip_lo", clip=(1, -1))
        self.adam(ValueError, "clip", clip=(0, 0))
        self.adam(ValueError, r"clip = \(-0.5,\), want two bounds", clip=(-0.5,), l2=0.1)
        self.adam(ValueError, r"clip = \[.* 0.1\s*\], want two bounds", clip=np.array([-0.5, 0.5, 0.1]))
        self.adam(ValueError, "which is .* in float", lr=1e39)

    def test_products(self):
        a, b, c = np.ones((3, 4)), np.ones((4, 5)), np.zeros((3, 5))
        self.refuse(ValueError, r"b has shape \(4, 5\), want \(5, 4\)", bitstep.gemm, c, a, b, trans_b=True)
        self.refuse(ValueError, r"a has shape \(3, 4\), want \(2, 4\)", bitstep.gemm, c[:2], a, b)
        self.refuse(ValueError, "want rows that are contiguous", bitstep.gemm, c, a, np.ones((5, 4)).T)
        self.refuse(ValueError, "want rows that are contiguous", bitstep.gemm, c, a, np.ones((4, 10))[:, ::2])
        self.refuse(ValueError, "want rows that are contiguous", bitstep.gemm, c, a[::-1], b)
        self.refuse(ValueError, "c has 1 dimensions, want 2", bitstep.gemm, c[0], a, b)
        self.refuse(TypeError, "b is <f4, want <f8", bitstep.gemm, c, a, b.astype(np.float32))
        square = np.ones((4, 4))
        self.refuse(ValueError, "c.* overlaps|overlaps .*c", bitstep.gemm, square, square, np.ones((4, 4)))
        c.flags.writeable = False
        self.refuse(ValueError, "c is read-only", bitstep.gemm, c, a, b)
        self.refuse(ValueError, r"x has shape \(3,\)", bitstep.gemv, np.zeros(3), a, np.ones(3))
        self.refuse(ValueError, r"y has shape \(3,\)", bitstep.gemv, np.zeros(3), a, np.ones(3), trans_a=True)

    def test_settings(self):
        self.refuse(ValueError, 'name = "sse2", want one of go', bitstep.set_backend, "sse2")
        self.refuse(ValueError, "threads = 100000", bitstep.set_threads, 100000)
        self.refuse(ValueError, "-1 threads", bitstep.set_threads, -1)
        self.refuse(TypeError, "", bitstep.set_threads, 1.5)


class Settings(unittest.TestCase):
    def test_settings(self):
        self.assertEqual(bitstep.backends()[0], "go")
        for name in bitstep.backends():
            bitstep.set_backend(name)
            self.assertEqual(bitstep.backend(), name)
        bitstep.set_threads(3)
        self.assertEqual(bitstep.threads(), 3)
        bitstep.set_threads(0)
        bitstep.set_backend(None)
        bitstep.set_pool(2)
        bitstep.set_pool(0)
        self.assertRegex(bitstep.version(), r"^v\d|devel")

    def test_documentation(self):
        for name in bitstep.kernels():
            self.assertIn(" = ", getattr(bitstep, name).__doc__)


if __name__ == "__main__":
    unittest.main()
