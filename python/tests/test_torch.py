"""bitstep.torch beside torch.optim: the steps, the states, and what is refused."""
import ast
import copy
import gc
import hashlib
import io
import itertools
import pathlib
import unittest
import unittest.mock
import weakref

import torch

import bitstep
import bitstep._library
import bitstep.torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
torch.set_num_threads(1)


def parameters(dtype=torch.float32, seed=0, shapes=((3,), (4, 5), (), (2, 3, 2, 2))):
    rng = torch.Generator().manual_seed(seed)
    return [torch.nn.Parameter(torch.randn(s, generator=rng, dtype=dtype)) for s in shapes]


def gradients(params, t):
    rng = torch.Generator().manual_seed(1000 + t)
    for p in params:
        p.grad = torch.randn(p.shape, generator=rng, dtype=p.dtype)


def train(opt, params, steps):
    for t in steps:
        gradients(params, t)
        opt.step()


def digest(params):
    h = hashlib.sha256()
    for p in params:
        h.update(p.detach().contiguous().numpy().tobytes())
    return h.hexdigest()


class Reference(torch.optim.Optimizer):
    """Of the optimizers that torch.optim has not: their formulas in operations of PyTorch."""

    def __init__(self, params, lr, betas=(0.9, 0.99), momentum=0.9, weight_decay=0.0, maximize=False):
        super().__init__(params, dict(lr=lr, betas=betas, momentum=momentum, weight_decay=weight_decay,
                                      maximize=maximize))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                g = -p.grad if group["maximize"] else p.grad
                state = self.state[p].setdefault("state", torch.zeros_like(p))
                self.update(p, g, state, group)


class Lion(Reference):
    def update(self, p, g, m, group):
        beta1, beta2 = group["betas"]
        p.mul_(1 - group["lr"] * group["weight_decay"])
        p.sub_(group["lr"] * torch.sign(beta1 * m + (1 - beta1) * g))
        m.copy_(beta2 * m + (1 - beta2) * g)


class MomentumVelocity(Reference):
    def update(self, p, g, v, group):
        v.copy_(group["momentum"] * v - group["lr"] * (g + group["weight_decay"] * p))
        p.add_(v)


class Nesterov(Reference):
    def update(self, p, g, v, group):
        before = v.clone()
        v.copy_(group["momentum"] * v - group["lr"] * (g + group["weight_decay"] * p))
        p.add_(-group["momentum"] * before + (1 + group["momentum"]) * v)


def reference(name):
    return globals().get(name) or getattr(torch.optim, name)


# What Go's optim has beside PyTorch, or beside a transcription of it, and this package does not have.
LACKING = {"Adadelta", "Adamax", "RAdam", "ASGD", "Rprop", "SparseAdam", "transcribed.NAdam", "transcribed.Muon",
           "transcribed.Adafactor"}

# An optimizer, and options for it, in every form that runs another kernel or another line of a step's prelude.
CASES = [
    ("SGD", dict(lr=0.05)),
    ("SGD", dict(lr=0.05, weight_decay=0.1, maximize=True)),
    ("SGD", dict(lr=0.05, momentum=0.9)),
    ("SGD", dict(lr=0.05, momentum=0.9, dampening=0.4, weight_decay=0.1)),
    ("SGD", dict(lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.1)),
    ("Adam", dict(lr=0.01)),
    ("Adam", dict(lr=0.01, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.1, maximize=True)),
    ("Adam", dict(lr=0.01, amsgrad=True)),
    ("AdamW", dict(lr=0.01)),
    ("AdamW", dict(lr=0.01, weight_decay=0.2, amsgrad=True, maximize=True)),
    ("RMSprop", dict(lr=0.01)),
    ("RMSprop", dict(lr=0.01, alpha=0.9, eps=1e-3, weight_decay=0.1, maximize=True)),
    ("RMSprop", dict(lr=0.01, momentum=0.9)),
    ("RMSprop", dict(lr=0.01, centered=True)),
    ("RMSprop", dict(lr=0.01, centered=True, momentum=0.9)),
    ("Adagrad", dict(lr=0.1)),
    ("Adagrad", dict(lr=0.1, lr_decay=0.02, initial_accumulator_value=0.1, weight_decay=0.1, maximize=True)),
    ("Lion", dict(lr=0.01)),
    ("Lion", dict(lr=0.01, betas=(0.8, 0.9), weight_decay=0.1, maximize=True)),
    ("MomentumVelocity", dict(lr=0.05, weight_decay=0.1)),
    ("Nesterov", dict(lr=0.05, maximize=True)),
]


class Test(unittest.TestCase):
    def assertNear(self, ours, theirs, size, path, steps, dtype):
        """Rounding of x itself moves it by half a unit of its size a step on either side. The length of a step comes
        from a dozen roundings on either side, of which those in momentum live on for ten steps: 12 units of the path
        are allowed, as in optim's test with PyTorch, which explains them."""
        unit = torch.finfo(dtype).eps
        for a, b, s, p in zip(ours, theirs, size, path):
            self.assertTrue(((a - b).abs() <= unit * (steps * s + 12 * p)).all(), f"{a} and {b}")

    def follow(self, ours, a, theirs, b, steps):
        """Trains with both, and compares after every step."""
        size = [p.detach().abs() for p in a]
        path = [torch.zeros_like(p) for p in size]
        for t in steps:
            last = [p.detach().clone() for p in a]
            train(ours, a, [t])
            train(theirs, b, [t])
            for i, p in enumerate(a):
                size[i] = torch.maximum(size[i], p.detach().abs())
                path[i] = path[i] + (p.detach() - last[i]).abs()
            self.assertNear([p.detach() for p in a], [p.detach() for p in b], size, path, t + 1, a[0].dtype)

    def test_steps(self):
        for (name, options), dtype in itertools.product(CASES, (torch.float32, torch.float64)):
            with self.subTest(name, **options, dtype=dtype):
                a, b = parameters(dtype), parameters(dtype)
                self.follow(getattr(bitstep.torch, name)(a, **options), a, reference(name)(b, **options), b, range(100))

    def test_torch_cases(self):
        """The cases that optim's registrations state follow PyTorch here, too."""
        lines = (ROOT / "testdata" / "torch_cases.txt").read_text().splitlines()[1:]
        self.assertGreater(len(lines), 20)
        for line in lines:
            with self.subTest(line):
                _, name, *pairs = line.split()
                if name in LACKING:
                    self.assertFalse(hasattr(bitstep.torch, name))
                    continue
                options = {k: ast.literal_eval(v) for k, v in (pair.split("=") for pair in pairs)}
                if "beta1" in options:
                    options["betas"] = options.pop("beta1"), options.pop("beta2")
                clip, limit = options.pop("clip_norm", None), options.pop("clip_value", None)
                denominator, lr2 = options.pop("lambda", None), options.pop("lr2", None)
                both = []
                for module in (bitstep.torch, torch.optim):
                    params = parameters()
                    groups = [{"params": params[:2]}, {"params": params[2:], "lr": lr2 or options["lr"]}]
                    opt = getattr(module, name)(groups, **options)
                    if denominator:
                        schedule = torch.optim.lr_scheduler.LambdaLR(opt, lambda t: 1 - t / denominator)
                    for t in range(50):
                        gradients(params, t)
                        if clip:
                            torch.nn.utils.clip_grad_norm_(params, clip)
                        if limit:
                            torch.nn.utils.clip_grad_value_(params, limit)
                        opt.step()
                        if denominator:
                            schedule.step()
                    both.append(torch.cat([p.detach().flatten() for p in params]))
                torch.testing.assert_close(*both, rtol=1e-4, atol=1e-5)

    def test_bits(self):
        """A step has the bits of NumPy's function, whose bits are those of the definition."""
        a, b = parameters(), parameters()
        opt = bitstep.torch.AdamW(a, lr=0.01, maximize=True)
        m, v = ([torch.zeros_like(p).detach().numpy() for p in b] for _ in range(2))
        for t in range(20):
            train(opt, a, [t])
            gradients(b, t)
            bitstep.adam_each([p.detach().numpy() for p in b], m, v, [p.grad.numpy() for p in b],
                              t=t + 1, lr=0.01, eps=1e-8, scale=-1, weight_decay=0.01)
        self.assertEqual(digest(a), digest(b))

    def test_decoupled_option(self):
        """Adam with decoupled_weight_decay, which newer PyTorch has, is AdamW."""
        a, b = parameters(), parameters()
        adam = bitstep.torch.Adam([{"params": a, "decoupled_weight_decay": True}], weight_decay=0.1)
        train(adam, a, range(3))
        train(bitstep.torch.AdamW(b, weight_decay=0.1), b, range(3))
        self.assertEqual(digest(a), digest(b))

    def test_state_dict(self):
        """Training begins with one, and goes on with the other, both ways; and with ours as if it had not stopped."""
        for name, options in CASES:
            with self.subTest(name, **options):
                ours, theirs = getattr(bitstep.torch, name), reference(name)
                whole = parameters()
                train(ours(whole, **options), whole, range(40))
                pairs = [(ours, ours)]
                if theirs.__module__.startswith("torch"):
                    pairs += [(theirs, ours), (ours, theirs)]
                for first, second in pairs:
                    params = parameters()
                    opt = first(params, **options)
                    train(opt, params, range(20))
                    file = io.BytesIO()
                    torch.save(opt.state_dict(), file)
                    file.seek(0)
                    opt = second(params, **options)
                    opt.load_state_dict(torch.load(file))
                    train(opt, params, range(20, 40))
                    if first is second:
                        self.assertEqual(digest(params), digest(whole))
                    for a, b in zip(params, whole):
                        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)

    def test_state_dict_layout(self):
        """States have torch.optim's names, types and shapes."""
        def layout(state):
            return {k: (v.dtype, v.shape) if torch.is_tensor(v) else type(v) for k, v in state.items() if v is not None}

        for name, options in CASES:
            if hasattr(torch.optim, name):
                with self.subTest(name, **options):
                    dicts = []
                    for module in (bitstep.torch, torch.optim):
                        params = parameters()
                        opt = getattr(module, name)(params, **options)
                        train(opt, params, range(3))
                        dicts.append(opt.state_dict())
                    self.assertEqual(dicts[0]["param_groups"], dicts[1]["param_groups"])
                    self.assertEqual(*({i: layout(s) for i, s in d["state"].items() if layout(s)} for d in dicts))
                    for i, state in dicts[1]["state"].items():
                        if "step" in state:
                            self.assertEqual(float(dicts[0]["state"][i]["step"]), 3)

    def test_copies(self):
        """Copies of an optimizer, deep or pickled, go on as it does, and not with its states."""
        params = parameters()
        opt = bitstep.torch.Adam(params, lr=0.01)
        train(opt, params, range(5))
        twin_params, twin = copy.deepcopy((params, opt))
        train(opt, params, range(5, 10))
        train(twin, twin_params, range(5, 10))
        self.assertEqual(digest(params), digest(twin_params))
        self.assertEqual([float(opt.state[p]["step"]) for p in params], [10.0] * 4)
        self.assertEqual([float(twin.state[p]["step"]) for p in twin_params], [10.0] * 4)

    def test_missing_gradients(self):
        """A parameter without a gradient is left alone, and its steps are not counted."""
        for name, options in CASES:
            with self.subTest(name, **options):
                a, b = parameters(torch.float64), parameters(torch.float64)
                ours, theirs = getattr(bitstep.torch, name)(a, **options), reference(name)(b, **options)
                if not isinstance(theirs, Reference):
                    for t in range(20):
                        for opt, params in ((ours, a), (theirs, b)):
                            gradients(params, t)
                            params[t % 3].grad = None
                            if t % 4 == 0:
                                params[3].grad = None
                            opt.step()
                    for x, y in zip(a, b):
                        torch.testing.assert_close(x, y, rtol=1e-11, atol=1e-12)

    def test_groups(self):
        """Groups have options of their own, also one that is added later, whose steps are counted from then on."""
        both = [parameters(torch.float64), parameters(torch.float64)]
        for params, module in zip(both, (bitstep.torch, torch.optim)):
            opt = module.Adam([{"params": params[:1]}, {"params": params[1:2], "lr": 0.2, "weight_decay": 0.1}], lr=0.1)
            train(opt, params[:2], range(5))
            opt.add_param_group({"params": params[2:], "betas": (0.5, 0.5), "maximize": True})
            train(opt, params, range(5, 10))
            self.assertEqual([float(opt.state[p]["step"]) for p in params], [10, 10, 5, 5])
        for x, y in zip(*both):
            torch.testing.assert_close(x, y, rtol=1e-11, atol=1e-12)

    def test_groups_of_adagrad(self):
        """A group that is added later has its initial accumulator too. (In PyTorch 1.13 it has no state.)"""
        a, b = parameters(), parameters()
        opt = bitstep.torch.Adagrad(a[:2], lr=0.1)
        opt.add_param_group({"params": a[2:], "initial_accumulator_value": 0.5})
        whole = torch.optim.Adagrad(b[2:], lr=0.1, initial_accumulator_value=0.5)
        for t in range(5):
            train(opt, a, [t])
            gradients(b, t)
            whole.step()
        for x, y in zip(a[2:], b[2:]):
            torch.testing.assert_close(x, y)

    def test_schedulers(self):
        """Learning rates, and what one-cycle schedules do to momentum."""
        schedules = [
            lambda o: torch.optim.lr_scheduler.StepLR(o, 7, 0.5),
            lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 20),
            lambda o: torch.optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=50),
        ]
        for (name, options), schedule in itertools.product(
                [("SGD", dict(lr=0.1, momentum=0.9)), ("Adam", dict(lr=0.01))], schedules):
            params = [parameters(torch.float64), parameters(torch.float64)]
            for p, module in zip(params, (bitstep.torch, torch.optim)):
                opt = getattr(module, name)(p, **options)
                scheduler = schedule(opt)
                for t in range(40):
                    train(opt, p, [t])
                    scheduler.step()
            for x, y in zip(*params):
                torch.testing.assert_close(x, y, rtol=1e-11, atol=1e-12)

    def test_closure(self):
        params = parameters()
        opt = bitstep.torch.SGD(params, lr=0.1)
        calls = []

        def closure():
            self.assertTrue(torch.is_grad_enabled())
            opt.zero_grad()
            loss = sum((p ** 2).sum() for p in params)
            loss.backward()
            calls.append(loss)
            return loss

        self.assertIs(opt.step(closure), calls[0])
        torch.testing.assert_close(params[0], parameters()[0] * 0.8)

    def test_autograd_knows(self):
        """A backward pass through what a step has changed raises, as after torch.optim's."""
        w = torch.nn.Parameter(torch.ones(3))
        x = torch.ones(3, requires_grad=True)
        loss = ((w * x) ** 2).sum()
        loss.backward(retain_graph=True)
        bitstep.torch.Adam([w]).step()
        with self.assertRaisesRegex(RuntimeError, "modified by an inplace operation"):
            loss.backward()

    def test_one_crossing(self):
        """A thousand tensors of a group are stepped by one call of the library, also after some had no gradient."""
        params = parameters(shapes=[(5,)] * 1000)
        for name, options in CASES:
            opt = getattr(bitstep.torch, name)(params, **options)
            train(opt, params, range(2))
            with unittest.mock.patch.object(bitstep._library, "each", wraps=bitstep._library.each) as each:
                train(opt, params, [2])
                self.assertEqual(each.call_count, 1, name)

    def test_memory_formats(self):
        """Parameters whose memory has no gaps are stepped in place, whatever the order of their elements; gradients in
        another order are put into it."""
        for grad_format in (torch.channels_last, torch.contiguous_format):
            a, b = (torch.nn.Parameter(torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(1)))
                    for _ in range(2))
            a.data = a.data.contiguous(memory_format=torch.channels_last)
            self.assertFalse(a.is_contiguous())
            ours, plain = bitstep.torch.Adam([a], lr=0.1), bitstep.torch.Adam([b], lr=0.1)
            plain.step()
            for t in range(5):
                gradients([a, b], t)
                b.grad = a.grad.clone()
                a.grad = a.grad.contiguous(memory_format=grad_format)
                address = a.data_ptr()
                ours.step()
                plain.step()
                self.assertEqual(a.data_ptr(), address)
            self.assertEqual(digest([a]), digest([b]))
            # States that come from a model in another order.
            again = bitstep.torch.Adam([a], lr=0.1)
            again.load_state_dict(plain.state_dict())
            train(again, [a], [9])
            train(plain, [b], [9])
            self.assertEqual(digest([a]), digest([b]))

    def test_lazy_negatives(self):
        p = torch.nn.Parameter(torch.ones(3))
        p.grad = torch._neg_view(torch.ones(3))
        self.assertTrue(p.grad.is_neg())
        bitstep.torch.SGD([p], lr=0.25).step()
        self.assertEqual(p.tolist(), [1.25] * 3)

    def test_mixed_types_and_empty(self):
        params = [torch.nn.Parameter(torch.ones(3, dtype=d)) for d in (torch.float32, torch.float64, torch.float32)]
        params.append(torch.nn.Parameter(torch.empty(0, 4)))
        params.append(torch.nn.Parameter(torch.empty(4, 0)))
        opt = bitstep.torch.Adam(params, lr=0.1)
        train(opt, params, range(3))
        for p in params[:3]:
            self.assertFalse(torch.equal(p, torch.ones_like(p)))

    def test_storage_moves(self):
        """Tensors may move between steps: nothing is remembered of where they were."""
        a, b = parameters(), parameters()
        opt, other = bitstep.torch.Adam(a, lr=0.1), bitstep.torch.Adam(b, lr=0.1)
        for t in range(6):
            train(opt, a, [t])
            train(other, b, [t])
            for p in a:
                p.data = p.data.clone()
                for key in ("exp_avg", "exp_avg_sq"):
                    opt.state[p][key] = opt.state[p][key].clone()
        self.assertEqual(digest(a), digest(b))

    def test_steps_that_are_set(self):
        """The step of a state can be set, and replaced."""
        for change in (lambda s: s["step"].fill_(100), lambda s: s.update(step=torch.tensor(100.0))):
            both = [parameters(torch.float64), parameters(torch.float64)]
            for params, module in zip(both, (bitstep.torch, torch.optim)):
                opt = module.Adam(params, lr=0.1)
                train(opt, params, range(3))
                change(opt.state[params[1]])
                train(opt, params, range(3, 6))
                self.assertEqual([float(opt.state[p]["step"]) for p in params], [6, 103, 6, 6])
            for x, y in zip(*both):
                torch.testing.assert_close(x, y, rtol=1e-11, atol=1e-12)

    def test_after_a_refused_step(self):
        """A step that was refused leaves no state: the next is the first, here and in torch.optim."""
        for name, options in CASES:
            with self.subTest(name, **options):
                a, b = parameters(), parameters()
                ours, other = (getattr(bitstep.torch, name)(params, **options) for params in (a, b))
                lr, ours.param_groups[0]["lr"] = ours.param_groups[0]["lr"], -1
                gradients(a, 0)
                with self.assertRaisesRegex(ValueError, "lr = -1"):
                    ours.step()
                ours.param_groups[0]["lr"] = lr
                if hasattr(torch.optim, name):
                    reference(name)(parameters(), **options).load_state_dict(ours.state_dict())
                train(ours, a, range(3))
                train(other, b, range(3))
                self.assertEqual(digest(a), digest(b))

    def test_lets_go(self):
        """After a step an optimizer holds no gradient, and it is no part of a cycle, which would keep its states."""
        gc.disable()
        self.addCleanup(gc.enable)
        for name, options in CASES:
            with self.subTest(name, **options):
                params = parameters()
                opt = getattr(bitstep.torch, name)(params, **options)
                train(opt, params, range(3))
                gradient, gone = weakref.ref(params[0].grad), weakref.ref(opt)
                opt.zero_grad(set_to_none=True)
                self.assertIsNone(gradient())
                del opt
                self.assertIsNone(gone())

    def test_backends_and_threads(self):
        """The same bits: of many small tensors, and of one that is spread over threads."""
        digests = set()
        for backend, threads in itertools.product(bitstep.backends(), (1, 2, 7)):
            bitstep.set_backend(backend)
            bitstep.set_threads(threads)
            params = parameters(shapes=[(5,)] * 300 + [(300, 1000)])
            train(bitstep.torch.Adam(params, lr=0.1, weight_decay=0.1), params, range(2))
            digests.add(digest(params))
        bitstep.set_backend(None)
        bitstep.set_threads(0)
        self.assertEqual(len(digests), 1)


class Refused(unittest.TestCase):
    """What cannot be stepped raises, and no parameter or state changes: not those of another group either."""

    def refuse(self, error, words, wrong, optimizer=bitstep.torch.Adam, **options):
        good = torch.nn.Parameter(torch.ones(3))
        opt = optimizer([{"params": [good]}, {"params": wrong}], **options)
        good.grad = torch.ones(3)
        before = [t.detach().clone() for t in [good] + wrong]
        with self.assertRaisesRegex(error, words):
            opt.step()
        for t, b in zip([good] + wrong, before):
            self.assertTrue(torch.equal(t.to_dense() if t.is_sparse else t, b.to_dense() if b.is_sparse else b))
        self.assertEqual(dict(opt.state), {})

    def with_gradient(self, data, grad=None):
        p = torch.nn.Parameter(data)
        p.grad = torch.ones_like(p) if grad is None else grad
        return p

    def test_types(self):
        for dtype in (torch.float16, torch.bfloat16, torch.complex64):
            p = self.with_gradient(torch.ones(3, dtype=dtype))
            self.refuse(TypeError, f"Adam: group 1: parameter 0 is {dtype}, want torch.float32 or torch.float64", [p])

    def test_sparse(self):
        embedding = torch.nn.Embedding(5, 2, sparse=True)
        embedding(torch.tensor([1, 3])).sum().backward()
        self.assertTrue(embedding.weight.grad.is_sparse)
        self.refuse(TypeError, "gradient of parameter 0 is torch.sparse_coo on cpu, want torch.strided on cpu",
                    [embedding.weight])

    def test_device(self):
        p = torch.nn.Parameter(torch.ones(3, device="meta"))
        p.grad = torch.ones(3, device="meta")
        opt = bitstep.torch.SGD([p], lr=0.1)
        with self.assertRaisesRegex(TypeError, "SGD: group 0: parameter 0 is torch.strided on meta, want .* on cpu"):
            opt.step()

    def test_memory(self):
        self.refuse(ValueError, r"strides \(20, 2\) has gaps", [self.with_gradient(torch.ones(4, 20)[:, ::2])])
        self.refuse(ValueError, "has gaps", [self.with_gradient(torch.ones(1).expand(5), torch.ones(5))])
        data = torch.ones(6)
        self.refuse(ValueError, "shares? memory", [self.with_gradient(data), self.with_gradient(data)])
        self.refuse(ValueError, "shares? memory", [self.with_gradient(data, data)], bitstep.torch.SGD, lr=0.1)
        self.refuse(ValueError, "shares? memory", [self.with_gradient(data[:4], data[2:])], bitstep.torch.SGD, lr=0.1)
        self.refuse(ValueError, "shares? memory", [self.with_gradient(data[:4]), self.with_gradient(data[3:])])
        apart = [self.with_gradient(torch.ones(3)), self.with_gradient(torch.ones(3))]
        opt = bitstep.torch.SGD(apart, lr=0.1)
        opt.step()
        apart[1].data = apart[0].data
        with self.assertRaisesRegex(ValueError, "share memory"):
            opt.step()
        apart[1].data = torch.ones(3)
        opt.step()
        apart[1].grad = apart[0].detach()
        with self.assertRaisesRegex(ValueError, "shares memory"):
            opt.step()
        for p in (self.with_gradient(data[:3], data[3:]), self.with_gradient(data[3:], data[:3])):
            bitstep.torch.Adam([p]).step()  # side by side is not overlapping
        halves = [self.with_gradient(data[:3]), self.with_gradient(data[3:])]
        halves[1].grad = halves[0].grad
        bitstep.torch.Adam(halves).step()

    def test_states(self):
        """A state_dict of another model: PyTorch looks at the number of tensors alone."""
        p, other = self.with_gradient(torch.ones(300)), self.with_gradient(torch.ones(2))
        opt, small = bitstep.torch.Adam([p]), bitstep.torch.Adam([other])
        small.step()
        opt.load_state_dict(small.state_dict())
        with self.assertRaisesRegex(TypeError, r"exp_avg of parameter 0 is .* \(2,\), want torch.float32 \(300,\)"):
            opt.step()
        self.assertTrue(torch.equal(p, torch.ones(300)))
        p, other = self.with_gradient(torch.ones(3, 4)), self.with_gradient(torch.ones(4, 3))
        opt, turned = bitstep.torch.Adam([p]), bitstep.torch.Adam([other])
        turned.step()
        opt.load_state_dict(turned.state_dict())
        with self.assertRaisesRegex(TypeError, r"exp_avg of parameter 0 is .* \(4, 3\), want torch.float32 \(3, 4\)"):
            opt.step()

    def test_options(self):
        for option in ("capturable", "differentiable", "fused"):
            p = self.with_gradient(torch.ones(3))
            opt = bitstep.torch.Adam([p]) if option == "fused" else bitstep.torch.Adam([p], **{option: True})
            opt.param_groups[0][option] = True  # PyTorch 1.13 refuses fused itself
            with self.assertRaisesRegex(ValueError, f"Adam: group 0: {option}=True is not supported"):
                opt.step()
        for optimizer, options in ((bitstep.torch.Lion, dict(lr=-1)), (bitstep.torch.Lion, dict(betas=(0.9, 1))),
                                   (bitstep.torch.Nesterov, dict(lr=0.1, momentum=1)),
                                   (bitstep.torch.Adam, dict(lr=-1)), (bitstep.torch.Lion, dict(weight_decay=-1))):
            with self.assertRaises(ValueError):
                optimizer([self.with_gradient(torch.ones(3))], **options)
        with self.assertRaisesRegex(ValueError, "dampening = 1 leaves"):
            p = self.with_gradient(torch.ones(3))
            bitstep.torch.SGD([p], lr=0.1, momentum=0.9, dampening=1).step()
        # Also a rate that a schedule makes, of the second group: the first is not stepped.
        a, b = self.with_gradient(torch.ones(3)), self.with_gradient(torch.ones(3))
        opt = bitstep.torch.Adam([{"params": [a]}, {"params": [b]}], lr=0.1)
        opt.param_groups[1]["lr"] = -1
        with self.assertRaisesRegex(ValueError, "lr = -1"):
            opt.step()
        self.assertTrue(torch.equal(a, torch.ones(3)))
        self.assertEqual(dict(opt.state), {})
        with self.assertRaisesRegex(ValueError, "lr = NaN"):
            p = self.with_gradient(torch.ones(3))
            bitstep.torch.SGD([p], lr=float("nan")).step()


if __name__ == "__main__":
    unittest.main()
