"""bitstep.torch beside torch.optim: the steps, the states, and what is refused."""
import ast
import copy
import gc
import hashlib
import io
import itertools
import math
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


SHAPES = ((3,), (4, 5), (), (2, 3, 2, 2))
MATRICES = ((3, 3), (4, 5), (7, 2), (1, 6))  # of whatever takes no others


def shapes_of(name):
    return MATRICES if name == "Muon" else SHAPES


def parameters(dtype=torch.float32, seed=0, shapes=SHAPES):
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

    defaults = {}

    def __init__(self, params, **options):
        super().__init__(params, dict(betas=(0.9, 0.99), momentum=0.9, weight_decay=0.0, maximize=False)
                         | self.defaults | options)

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


class Stated(Reference):
    """A reference with several states, which begin with zeros, and the number of the step."""

    def update(self, p, g, _, group):
        state = self.state[p]
        state["t"] = state.get("t", 0) + 1
        self.move(p, g, state, group, state["t"])

    def mean(self, state, key, value, rate):
        """Moves a mean towards a value."""
        before = state.get(key, torch.zeros_like(value))
        state[key] = before + rate * (value - before)
        return state[key]


class NAdam(Stated):
    """As torch.optim.NAdam from PyTorch 2.0 on; 1.13 has mu_t twice in the divisor of its second term."""

    defaults = dict(betas=(0.9, 0.999), eps=1e-8, momentum_decay=4e-3)

    def move(self, p, g, state, group, t):
        beta1, beta2 = group["betas"]
        now, after = (beta1 * (1 - 0.5 * 0.96 ** (n * group["momentum_decay"])) for n in (t, t + 1))
        product = state["product"] = state.get("product", torch.tensor(1.0)) * now  # in the default type
        if group["weight_decay"]:
            g = g + group["weight_decay"] * p
        m = self.mean(state, "m", g, 1 - beta1)
        v = self.mean(state, "v", g * g, 1 - beta2)
        divisor = (v / (1 - beta2**t)).sqrt() + group["eps"]
        p.sub_(group["lr"] * (1 - now) / (1 - product.item()) * g / divisor)
        p.sub_(group["lr"] * after / (1 - product.item() * after) * m / divisor)


class Adafactor(Stated):
    """As torch.optim.Adafactor, which PyTorch 1.13 has not."""

    defaults = dict(beta2_decay=-0.8, eps=(None, 1e-3), d=1.0)

    def move(self, p, g, state, group, t):
        eps1, eps2 = group["eps"]
        eps1 = torch.finfo(p.dtype).eps if eps1 is None else eps1
        fresh, size = t ** group["beta2_decay"], math.sqrt(p.numel())
        rate = max(eps2, p.norm().item() / size) * min(group["lr"], 1 / math.sqrt(t))
        p.mul_(1 - group["lr"] * group["weight_decay"])
        if p.dim() > 1:
            row = self.mean(state, "row", (g * g).mean(-1, keepdim=True), fresh)
            col = self.mean(state, "col", (g * g).mean(-2, keepdim=True), fresh)
            v = row @ col / row.mean(-2, keepdim=True).clamp(min=eps1)
        else:
            v = self.mean(state, "v", g * g, fresh)
        u = g / v.clamp(min=eps1**2).sqrt()
        p.sub_(rate / max(1, u.norm().item() / size / group["d"]) * u)


class Muon(Stated):
    """As torch.optim.Muon, which PyTorch 1.13 has not, but in the type of the parameters."""

    defaults = dict(momentum=0.95, nesterov=True, ns_coefficients=(3.4445, -4.775, 2.0315), eps=1e-7, ns_steps=5,
                    adjust_lr_fn=None)

    def move(self, p, g, state, group, t):
        m = self.mean(state, "m", g, 1 - group["momentum"])
        u = g + group["momentum"] * (m - g) if group["nesterov"] else m
        u = u / max(u.norm().item(), group["eps"])
        a, b, c = group["ns_coefficients"]
        for _ in range(group["ns_steps"]):
            u = a * u + b * (u @ u.T @ u) + c * (u @ u.T @ u @ u.T @ u)
        ratio = math.sqrt(max(1, p.shape[0] / p.shape[1]))
        if group["adjust_lr_fn"] == "match_rms_adamw":
            ratio = 0.2 * math.sqrt(max(p.shape))
        p.mul_(1 - group["lr"] * group["weight_decay"]).sub_(group["lr"] * ratio * u)


def reference(name):
    return globals().get(name) or getattr(torch.optim, name)


# Options that are tuples, and what their parts are called in torch_cases.txt.
TUPLES = {"betas": ("beta1", "beta2"), "etas": ("etaminus", "etaplus"), "step_sizes": ("least", "most"),
          "eps": ("eps1", "eps2"), "ns_coefficients": ("ns_a", "ns_b", "ns_c")}

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
    ("Adadelta", dict(lr=1.0, eps=1e-3)),
    ("Adadelta", dict(lr=0.5, rho=0.5, eps=1e-3, weight_decay=0.1, maximize=True)),
    ("Adamax", dict(lr=0.01)),
    ("Adamax", dict(lr=0.01, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.1, maximize=True)),
    ("NAdam", dict(lr=0.01)),
    ("NAdam", dict(lr=0.01, betas=(0.5, 0.9), eps=1e-3, momentum_decay=0.5, weight_decay=0.1)),
    ("RAdam", dict(lr=0.01)),
    ("RAdam", dict(lr=0.01, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.1)),
    ("ASGD", dict(lr=0.05)),
    ("ASGD", dict(lr=0.05, lambd=0.03, alpha=0.5, t0=10, weight_decay=0.1, maximize=True)),
    ("Rprop", dict(lr=0.01)),
    ("Rprop", dict(lr=0.01, etas=(0.75, 1.5), step_sizes=(1e-3, 0.02), maximize=True)),
]

# Those of whose step each parameter takes several calls.
MATRIX_CASES = [
    ("Adafactor", dict(lr=0.01)),
    ("Adafactor", dict(lr=0.03, beta2_decay=-0.5, eps=(1e-3, 0.1), d=1.5, weight_decay=0.1, maximize=True)),
    ("Muon", dict(lr=0.01, weight_decay=0)),
    ("Muon", dict(lr=0.01, momentum=0.5, nesterov=False, adjust_lr_fn="match_rms_adamw", weight_decay=0.1)),
    ("Muon", dict(lr=0.01, ns_coefficients=(2, -1.5, 0.5), ns_steps=8, eps=1e-3, weight_decay=0.1)),
]
ALL = CASES + MATRIX_CASES


class Test(unittest.TestCase):
    def assertNear(self, ours, theirs, size, path, steps, dtype, growth):
        """Rounding of x itself moves it by half a unit of its size a step on either side. The length of a step comes
        from a dozen roundings on either side, of which those in momentum live on for ten steps: 12 units of the path
        are allowed, as in optim's test with PyTorch, which explains them, or a multiple if the step multiplies them."""
        unit = torch.finfo(dtype).eps
        for a, b, s, p in zip(ours, theirs, size, path):
            self.assertTrue(((a - b).abs() <= unit * (steps * s + 12 * growth * p)).all(), f"{a} and {b}")

    def follow(self, ours, a, theirs, b, steps):
        """Trains with both, and compares after every step."""
        growth = 1
        for g in ours.param_groups:
            if "ns_steps" in g:  # each iteration multiplies the smallest singular values, and their roundings
                growth = g["ns_coefficients"][0] ** g["ns_steps"]
        size = [p.detach().abs() for p in a]
        path = [torch.zeros_like(p) for p in size]
        for t in steps:
            last = [p.detach().clone() for p in a]
            train(ours, a, [t])
            train(theirs, b, [t])
            for i, p in enumerate(a):
                size[i] = torch.maximum(size[i], p.detach().abs())
                path[i] = path[i] + (p.detach() - last[i]).abs()
            self.assertNear([p.detach() for p in a], [p.detach() for p in b], size, path, t + 1, a[0].dtype,
                            growth)

    def test_steps(self):
        for (name, options), dtype in itertools.product(ALL, (torch.float32, torch.float64)):
            with self.subTest(name, **options, dtype=dtype):
                a, b = (parameters(dtype, shapes=shapes_of(name)) for _ in range(2))
                self.follow(getattr(bitstep.torch, name)(a, **options), a, reference(name)(b, **options), b, range(100))

    def test_torch_cases(self):
        """The cases that optim's registrations state follow PyTorch here, too."""
        lines = (ROOT / "testdata" / "torch_cases.txt").read_text().splitlines()[1:]
        self.assertGreater(len(lines), 20)
        for line in lines:
            with self.subTest(line):
                _, name, *pairs = line.replace("transcribed.", "").split()
                options = {k: ast.literal_eval(v) for k, v in (pair.split("=") for pair in pairs)}
                for key, parts in TUPLES.items():
                    if parts[-1] in options:
                        options[key] = tuple(options.pop(part, None) for part in parts)
                options.pop("rows", None), options.pop("decoupled", None)
                if name == "Adafactor":
                    options["beta2_decay"] *= -1
                if name == "Muon":
                    options["nesterov"] = not options.pop("nesterov_off", False)
                    options["adjust_lr_fn"] = "match_rms_adamw" if options.pop("match", False) else None
                    options.setdefault("weight_decay", 0)
                if name == "SparseAdam":
                    continue  # SparseGradients has them
                clip, limit = options.pop("clip_norm", None), options.pop("clip_value", None)
                denominator, lr2 = options.pop("lambda", None), options.pop("lr2", None)
                both = []
                for make in (getattr(bitstep.torch, name), reference(name)):
                    params = parameters(shapes=shapes_of(name))
                    groups = [{"params": params[:2]}, {"params": params[2:], "lr": lr2 or options["lr"]}]
                    opt = make(groups, **options)
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
        for name, options in ALL:
            with self.subTest(name, **options):
                ours, theirs = getattr(bitstep.torch, name), reference(name)
                whole = parameters(shapes=shapes_of(name))
                train(ours(whole, **options), whole, range(40))
                pairs = [(ours, ours)]
                if theirs.__module__.startswith("torch"):
                    pairs += [(theirs, ours), (ours, theirs)]
                for first, second in pairs:
                    params = parameters(shapes=shapes_of(name))
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
        for name, options in ALL:
            with self.subTest(name, **options):
                a, b = (parameters(torch.float64, shapes=shapes_of(name)) for _ in range(2))
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
            train(opt, params, range(6))  # RAdam's first five are two calls each
            with unittest.mock.patch.object(bitstep._library, "each", wraps=bitstep._library.each) as each:
                train(opt, params, [6])
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

    def test_default_types(self):
        """The number of a step is exact, whatever the default type."""
        before = torch.get_default_dtype()
        try:
            for dtype in (torch.float16, torch.bfloat16, torch.float32, torch.float64):
                torch.set_default_dtype(dtype)
                p = torch.nn.Parameter(torch.ones(3, dtype=torch.float32))
                p.grad = torch.ones_like(p)
                opt = bitstep.torch.Adam([p])
                opt.state[p]["step"] = torch.tensor(2**12, dtype=torch.float32)
                for _ in range(3):
                    opt.step()
                self.assertEqual(opt.state[p]["step"].item(), 2**12 + 3)
        finally:
            torch.set_default_dtype(before)

    def test_after_a_refused_step(self):
        """A step that was refused leaves no state: the next is the first, here and in torch.optim."""
        for name, options in ALL:
            with self.subTest(name, **options):
                a, b = (parameters(shapes=shapes_of(name)) for _ in range(2))
                ours, other = (getattr(bitstep.torch, name)(params, **options) for params in (a, b))
                lr, ours.param_groups[0]["lr"] = ours.param_groups[0]["lr"], -1
                gradients(a, 0)
                with self.assertRaisesRegex(ValueError, "lr = -1"):
                    ours.step()
                ours.param_groups[0]["lr"] = lr
                if hasattr(torch.optim, name):
                    reference(name)(parameters(shapes=shapes_of(name)), **options).load_state_dict(ours.state_dict())
                train(ours, a, range(3))
                train(other, b, range(3))
                self.assertEqual(digest(a), digest(b))

    def test_lets_go(self):
        """After a step an optimizer holds no gradient, and it is no part of a cycle, which would keep its states."""
        gc.disable()
        self.addCleanup(gc.enable)
        for name, options in ALL:
            with self.subTest(name, **options):
                params = parameters(shapes=shapes_of(name))
                opt = getattr(bitstep.torch, name)(params, **options)
                train(opt, params, range(3))
                gradient, gone = weakref.ref(params[0].grad), weakref.ref(opt)
                opt.zero_grad(set_to_none=True)
                self.assertIsNone(gradient())
                del opt
                self.assertIsNone(gone())

    def test_backends_and_threads(self):
        """The same bits: of many small tensors, and of one that is spread over threads."""
        self.addCleanup(bitstep.set_backend, None)
        self.addCleanup(bitstep.set_threads, 0)
        for name, shapes in (("Adam", [(5,)] * 300 + [(300, 1000)]), ("Adafactor", [(3, 200, 300), (9,)]),
                             ("Muon", [(200, 150), (9, 200)])):
            digests = set()
            for backend, threads in itertools.product(bitstep.backends(), (1, 2, 7)):
                bitstep.set_backend(backend)
                bitstep.set_threads(threads)
                params = parameters(shapes=shapes)
                train(getattr(bitstep.torch, name)(params, lr=0.1, weight_decay=0.1), params, range(2))
                digests.add(digest(params))
            self.assertEqual(len(digests), 1, name)

    def test_matrices_in_memory(self):
        """Parameters, and states that were loaded, are looked at in the order of their elements, wherever these lie."""
        for name, options in MATRIX_CASES:
            a, b = (parameters(shapes=[(4, 5), (7, 2)]) for _ in range(2))
            for p in a:
                p.data = p.data.t().contiguous().t()
            ours, plain = (getattr(bitstep.torch, name)(params, **options) for params in (a, b))
            train(plain, b, [0])
            train(ours, a, [0])
            for state in ours.state.values():
                for key in ("momentum_buffer", "row_var", "col_var"):
                    if key in state:
                        wide = state[key].repeat_interleave(2, 0)
                        state[key] = wide[::2]
            train(plain, b, range(1, 5))
            train(ours, a, range(1, 5))
            self.assertFalse(a[0].is_contiguous())
            self.assertEqual(digest(a), digest(b))

    def test_norms(self):
        """Gradients whose squares overflow or underflow have the step of those that are a power of two of them."""
        for power in (-120, 100):
            a, b = (parameters(shapes=[(4, 5)]) for _ in range(2))
            for params, factor in ((a, 1.0), (b, 2.0**power)):
                opt = bitstep.torch.Muon(params, lr=0.1, eps=0)
                gradients(params, 0)
                params[0].grad *= factor
                opt.step()
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)
        p = torch.nn.Parameter(torch.full((2, 2), 2.0**100))
        p.grad = torch.ones(2, 2)
        bitstep.torch.Adafactor([p], lr=0.5).step()
        torch.testing.assert_close(p.detach(), torch.full((2, 2), 2.0**99))

    def test_decoupled(self):
        """Decoupled decay is by the rate, also where the library is given another number, or none."""
        for name in ("NAdam", "RAdam"):
            params = parameters(torch.float64)
            opt = getattr(bitstep.torch, name)([{"params": params, "decoupled_weight_decay": True}], lr=0.01,
                                               weight_decay=0.5)
            other = parameters(torch.float64)
            plain = getattr(bitstep.torch, name)(other, lr=0.01)
            for t in range(12):
                with torch.no_grad():
                    for p in other:
                        p.mul_(1 - 0.01 * 0.5)
                train(opt, params, [t])
                train(plain, other, [t])
                for x, y in zip(params, other):
                    torch.testing.assert_close(x, y, rtol=1e-13, atol=1e-14)


class SparseGradients(unittest.TestCase):
    """SparseAdam steps the rows that gradients list, as torch.optim.SparseAdam does."""

    SHAPES = ((9,), (8, 5), (6, 2, 3))

    def gradients(self, params, t):
        """Some rows, in no order and some of them twice; or some elements."""
        rng = torch.Generator().manual_seed(t)
        for p in params:
            rows = torch.randint(len(p), (1, 6), generator=rng)
            values = torch.randn(6, *p.shape[1:], generator=rng, dtype=p.dtype)
            p.grad = torch.sparse_coo_tensor(rows, values, p.shape)
            if t % 3 == 2:
                p.grad = (p.grad.to_dense() * (torch.rand(p.shape, generator=rng) < 0.7)).to_sparse()

    def train(self, opt, params, steps):
        for t in steps:
            self.gradients(params, t)
            opt.step()

    def test_steps(self):
        for dtype, options in itertools.product((torch.float32, torch.float64), (
                dict(lr=0.01), dict(lr=0.05, betas=(0.5, 0.9), eps=0.01, maximize=True))):
            a, b = (parameters(dtype, shapes=self.SHAPES) for _ in range(2))
            ours, theirs = bitstep.torch.SparseAdam(a, **options), torch.optim.SparseAdam(b, **options)
            near = 100 * torch.finfo(dtype).eps
            for t in range(60):
                before = [p.detach().clone() for p in a]
                self.train(ours, a, [t])
                self.train(theirs, b, [t])
                for p, q, last in zip(a, b, before):
                    torch.testing.assert_close(p, q, rtol=near, atol=near)
                    self.assertTrue(torch.equal(p[p.grad.to_dense() == 0], last[p.grad.to_dense() == 0]))
            for p, q in zip(a, b):
                self.assertEqual(ours.state[p].keys(), theirs.state[q].keys())
                self.assertEqual(ours.state[p]["step"], 60)

    def test_state_dict(self):
        whole = parameters(shapes=self.SHAPES)
        self.train(bitstep.torch.SparseAdam(whole), whole, range(20))
        for first, second in itertools.product((bitstep.torch, torch.optim), repeat=2):
            params = parameters(shapes=self.SHAPES)
            opt = first.SparseAdam(params)
            self.train(opt, params, range(10))
            state = copy.deepcopy(opt.state_dict())
            opt = second.SparseAdam(params)
            opt.load_state_dict(state)
            self.train(opt, params, range(10, 20))
            if first is second is bitstep.torch:
                self.assertEqual(digest(params), digest(whole))
            for p, q in zip(params, whole):
                torch.testing.assert_close(p, q, rtol=1e-4, atol=1e-5)

    def test_one_crossing(self):
        params = parameters(shapes=[(100, 3)] * 20)
        opt = bitstep.torch.SparseAdam(params)
        self.train(opt, params, range(2))
        with unittest.mock.patch.object(bitstep._library, "each", wraps=bitstep._library.each) as each:
            self.train(opt, params, [3])
            self.assertEqual(each.call_count, 1)

    def test_refused(self):
        p = torch.nn.Parameter(torch.ones(4, 3))
        opt = bitstep.torch.SparseAdam([p])

        def refuse(error, words, grad):
            p.grad, before = grad, p.detach().clone()
            with self.assertRaisesRegex(error, words):
                opt.step()
            self.assertTrue(torch.equal(p, before))
            self.assertEqual(dict(opt.state), {})

        some = torch.sparse_coo_tensor([[1, 2]], torch.ones(2, 3), (4, 3))
        refuse(TypeError, "gradient of parameter 0 is torch.strided on cpu, want torch.sparse_coo", torch.ones(4, 3))
        p.data = torch.ones(3, 4).t()
        refuse(ValueError, "not contiguous", some)
        p.data = torch.ones(4, 3)
        shared = torch.sparse_coo_tensor([[1, 2]], p.detach()[:2], (4, 3))._coalesced_(True)
        refuse(ValueError, "shares memory", shared)
        again = bitstep.torch.SparseAdam([p])
        for p.grad in (some, some):
            again.step()
        p.grad = shared
        with self.assertRaisesRegex(ValueError, "shares memory"):
            again.step()
        opt.param_groups[0]["lr"] = -1
        refuse(ValueError, "lr = -1", some)
        opt.param_groups[0].update(lr=0.1, betas=(1, 0.9))
        refuse(ValueError, "betas = 1", some)


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

    def test_states_of_matrices(self):
        p, other = self.with_gradient(torch.ones(3, 4)), self.with_gradient(torch.ones(4, 3))
        for optimizer, key, shape in ((bitstep.torch.Muon, "momentum_buffer", r"\(4, 3\)"),
                                      (bitstep.torch.Adafactor, "row_var", r"\(4, 1\)")):
            opt, turned = optimizer([p]), optimizer([other])
            turned.step()
            opt.load_state_dict(turned.state_dict())
            with self.assertRaisesRegex(TypeError, f"{key} of parameter 0 is torch.float32 {shape}"):
                opt.step()
        self.assertTrue(torch.equal(p, torch.ones(3, 4)))

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
        matrix, vector = self.with_gradient(torch.ones(2, 3)), self.with_gradient(torch.ones(3))
        for optimizer, params, options, words in (
                (bitstep.torch.Muon, vector, {}, r"a parameter has shape \(3,\), want a matrix"),
                (bitstep.torch.Muon, matrix, dict(ns_coefficients=(1, 2)), "want three finite numbers"),
                (bitstep.torch.Muon, matrix, dict(ns_coefficients=(1, 2, float("nan"))), "want three finite numbers"),
                (bitstep.torch.Muon, matrix, dict(ns_steps=100), r"ns_steps = 100, want in \[0, 100\)"),
                (bitstep.torch.Muon, matrix, dict(adjust_lr_fn="adam"), "adjust_lr_fn = 'adam', want"),
                (bitstep.torch.Muon, matrix, dict(momentum=1), "momentum = 1"),
                (bitstep.torch.Muon, matrix, dict(eps=-1), "eps = -1"),
                (bitstep.torch.Adafactor, matrix, dict(d=0), "d = 0"),
                (bitstep.torch.Adafactor, matrix, dict(beta2_decay=0.8), "beta2_decay = 0.8"),
                (bitstep.torch.Adafactor, matrix, dict(eps=(0, 1)), r"eps\[0\] = 0"),
                (bitstep.torch.Adafactor, matrix, dict(weight_decay=-1), "weight_decay = -1"),
                (bitstep.torch.Adadelta, matrix, dict(rho=1), "decay = 1")):
            with self.assertRaisesRegex(ValueError, words):
                optimizer([params], **options).step()
        self.assertTrue(torch.equal(matrix, torch.ones(2, 3)))
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
