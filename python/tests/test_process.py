"""What a process has beside: forks, threads, another floating-point mode, other processes."""
import hashlib
import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

import numpy as np
import torch

import bitstep
import bitstep.torch

HERE = pathlib.Path(__file__).resolve().parent


def python(*args, check=True, **environment):
    return subprocess.run([sys.executable, *map(str, args)], env=os.environ | environment, cwd=HERE, check=check,
                          timeout=300, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def arrays(seed=0, n=1000, scale=1.0):
    rng = np.random.default_rng(seed)
    return [(scale * rng.random(n)).astype(np.float32) for _ in range(4)]


def step(*args):
    """The digest of a step."""
    return digest(*arrays(*args))


def digest(x, m, v, g):
    bitstep.adam(x, m, v, g, t=2)
    return hashlib.sha256(b"".join(a.tobytes() for a in (x, m, v))).hexdigest()


class Forked(torch.utils.data.Dataset):
    """Examples for the processes of a DataLoader, which are forks."""

    def __init__(self, calls_bitstep):
        self.calls_bitstep = calls_bitstep

    def __len__(self):
        return 8

    def __getitem__(self, i):
        x = torch.full((3,), float(i))
        return x * float(bitstep.sum(x.numpy())) if self.calls_bitstep else x


class Test(unittest.TestCase):
    def test_fork(self):
        """In the child of a fork calls raise, and do not hang; the parent goes on."""
        before = step()
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            code = 1
            try:
                step()
            except RuntimeError as e:
                code = 0 if "fork" in str(e) else 2
                for query in (bitstep.version, bitstep.backend, bitstep.backends, bitstep.threads):
                    try:
                        query()
                        code = 3
                    except RuntimeError as e:
                        code = code if "fork" in str(e) else 4
            os._exit(code)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual(step(), before)

    def test_import_in_child(self):
        """A child that imports bitstep itself, from a parent that has not, can call it."""
        script = "import os, sys; child = os.fork(); import bitstep, numpy; x = numpy.ones(3); " \
                 "code = int(bitstep.sum(x) != 3); os._exit(code) if child == 0 else sys.exit(os.waitpid(child, 0)[1])"
        self.assertEqual(python("-c", script, check=False).returncode, 0)

    def test_data_loader(self):
        """Forked workers that load data are no matter; a dataset that itself calls bitstep raises."""
        for calls_bitstep in (False, True):
            loader = torch.utils.data.DataLoader(Forked(calls_bitstep), batch_size=4, num_workers=2, timeout=60,
                                                 multiprocessing_context="fork")
            p = torch.nn.Parameter(torch.ones(3))
            opt = bitstep.torch.SGD([p], lr=0.1)

            def epoch():
                for batch in loader:
                    opt.zero_grad()
                    (p * batch).sum().backward()
                    opt.step()

            if calls_bitstep:
                with self.assertRaisesRegex(RuntimeError, "fork"):
                    epoch()
            else:
                epoch()
                self.assertFalse(torch.equal(p, torch.ones(3)))

    def test_spawn(self):
        """Spawned processes load the library themselves."""
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            self.assertEqual(set(pool.map(step, [0, 0, 0])), {step()})

    def test_flush_to_zero(self):
        """A mode that makes 0 of subnormal numbers changes no bit, and is there again afterwards."""
        tiny = torch.tensor([1e-39])
        for flush in (True, False):
            subnormal = arrays(scale=1e-38)
            want = digest(*(a.copy() for a in subnormal))
            self.assertTrue(torch.set_flush_denormal(flush))
            got = digest(*subnormal)
            flushed = float(tiny * 1) == 0
            torch.set_flush_denormal(False)
            self.assertEqual((got, flushed), (want, flush))

    def test_subnormal_scalars(self):
        """A scalar that is subnormal once it is rounded to float is not flushed either, and rounds to even."""
        for a, n in ((1e-40, 71362), (-1e-40, -71362), (2.5 * 2**-149, 2), (2**-126 - 2**-160, 2**23), (2**-150, 0)):
            for flush in (True, False):
                y, x = np.zeros(3, np.float32), np.full(3, 2.0**100, np.float32)
                torch.set_flush_denormal(flush)
                bitstep.axpy(y, x, a)
                torch.set_flush_denormal(False)
                self.assertEqual(y.tolist(), [n * 2.0**-49] * 3)

    def test_threads(self):
        """Calls from several threads at the same time."""
        want = [step(i, 100_000) for i in range(4)]
        got = [None] * 4

        def run(i):
            for _ in range(20):
                got[i] = step(i, 100_000)

        threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(got, want)

    def test_errors_of_threads(self):
        """An error is the thread's that made it."""
        messages = {}

        def run(lr):
            x, g = np.ones(2, np.float32), np.ones(2, np.float32)
            for _ in range(200):
                try:
                    bitstep.sgd(x, g, lr=lr)
                except ValueError as e:
                    messages.setdefault(lr, set()).add(str(e))

        threads = [threading.Thread(target=run, args=(-i,)) for i in (1, 2, 3)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(messages, {-i: {f"bitstep_sgd_f32: hyper->lr = -{i}, want in [0, +Inf)"} for i in (1, 2, 3)})

    def test_environment(self):
        """BITSTEP chooses the backend, and does not choose another in silence."""
        for name in bitstep.backends():
            self.assertEqual(python("-c", "import bitstep; print(bitstep.backend())", BITSTEP=name).stdout, name + "\n")
        run = python("-c", "import bitstep", check=False, BITSTEP="sse2")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("BITSTEP=sse2: this machine and build can run", run.stderr)

    def test_zero_redundancy(self):
        """Two processes that share the work have the parameters and states that one has."""
        alone = python("zero.py").stdout.split()
        for views in ("views", "tensors"):
            with tempfile.TemporaryDirectory() as folder:
                both = [subprocess.Popen([sys.executable, "zero.py", str(rank), folder + "/meet", views], cwd=HERE,
                                         stdout=subprocess.PIPE, text=True) for rank in range(2)]
                outputs = [process.communicate(timeout=300)[0].split() for process in both]
            self.assertEqual([process.returncode for process in both], [0, 0])
            self.assertEqual(outputs, [alone, alone[:1]])
            print("parameters after 100 steps, one process and two with", views + ":", alone[0])


if __name__ == "__main__":
    unittest.main()
