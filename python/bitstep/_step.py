"""The step of an optimizer of PyTorch's: what is stepped is looked at, and handed to the library."""
import math
import operator

import numpy as np
import torch

from . import _library
from ._memory import Written


class Step:
    """What stands before a class of torch.optim to replace its step. A subclass says what a group's options mean."""

    decoupled = False  # weight decay shrinks the parameters, and is no part of the gradient
    contiguous = False  # parameters must be
    _memory = None  # of the last step

    def _kernel(self, group):
        """Returns the name of the kernel, and torch.optim's of the states that are its operands, in their order."""
        raise NotImplementedError

    def _hyper(self, group, part):
        """Returns the hyperparameters of the kernel for the parameters of a part: here those that all kernels have."""
        hyper = {"lr": float(group["lr"])}
        if group.get("maximize"):  # an option that not all have
            hyper["scale"] = -1.0
        if group.get("weight_decay"):
            decoupled = self.decoupled or group.get("decoupled_weight_decay")  # an option of newer PyTorch's Adam
            hyper["weight_decay" if decoupled else "l2"] = float(group["weight_decay"])
        return hyper

    def _within(self, option, value, limit=math.inf):
        """Returns the number that an option is, if it is in [0, limit). It is for what the library does not see."""
        if not 0 <= value < limit:
            raise ValueError(f"{type(self).__name__}: {option} = {value}, want in [0, {limit})")
        return float(value)

    def _rate(self, group):
        return self._within("lr", group["lr"])

    def _betas(self, group):
        return [self._within("betas", beta, 1) for beta in group["betas"]]

    def _start(self, group, key):
        """Returns what the elements of a state are before the first step."""
        return 0

    def _gradients(self, work):
        """Returns the gradients of the parameters, whose forms must be theirs."""
        return [p.grad for p in work.params]

    def _parts(self, work, last):
        """Returns for each parameter of a group what tells it from those that must be stepped in another call."""
        return [None] * len(work.params)

    def _calls(self, work, chosen, kind, part):
        """Returns calls that step the chosen parameters of a part."""
        return [Call(work.kernel, kind, work.select(chosen), self._hyper(work.group, part))]

    def _count(self, work):
        """Counts a step of parameters."""

    def step(self, closure=None):
        """Makes a step. It raises, before any parameter or state is changed, if one of them cannot be stepped."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        memory = self._memory
        last = {w.index: w for w in memory.works} if memory else {}
        works = [_Work(self, i, last.get(i)) for i in range(len(self.param_groups))]
        works = [w for w in works if w.params]
        if works:
            if not memory or not memory.holds(works):
                memory = _Memory(works)
            memory.check_gradients(works)
            calls = [call for w in works for call in w.calls(self)]
            if len(calls) > 1:
                for call in calls:
                    call.check()
            for call in calls:
                call.make()
            for work in works:
                work.keep(self)
                self._count(work)
                work.forget()
            memory.changed()
            memory.works, self._memory = works, memory
        return loss


class Call:
    """A call of the library, for the step of several tensors."""

    def __init__(self, kernel, kind, spans, hyper):
        self.kernel, self.kind, self.spans, self.hyper = kernel, kind, spans, hyper

    def check(self):
        """Has the library see what is wrong with hyperparameters."""
        _library.each(self.kernel, self.kind, _library.Spans(self.spans.array[:, :0]), self.hyper)

    def make(self):
        _library.each(self.kernel, self.kind, self.spans, self.hyper)


class Counted(Step):
    """A step whose number is a state that it does not depend on."""

    def _count(self, work):
        for s in work.states:
            s["step"] = s.get("step", 0) + 1


class Numbered(Step):
    """A step that depends on its number, from 1, and perhaps on other numbers that a parameter's state has."""

    def _first(self, group):
        """Returns what numbers of a state are before the first step."""
        return {"step": 0.0}

    def _parts(self, work, last):
        """The numbers of this step. work.after has what states have after it."""
        kept, work.numbers = last.numbers if last is not None else {}, {}
        for key, value in self._first(work.group).items():
            numbers = kept.get(key)
            if numbers is None or not numbers.belong_to(work.states):
                numbers, work.fresh = _Numbers(work.states, key, value), True
            work.numbers[key] = numbers
        steps = [int(t) + 1 for t in work.numbers["step"].array.tolist()]
        work.after = {"step": steps}
        return steps

    def _count(self, work):
        for key, numbers in work.numbers.items():
            numbers.array[:] = work.after[key]
            if work.fresh:
                for state, view in zip(work.states, numbers.views):
                    state[key] = view


class _Numbers:
    """Numbers that states of some parameters have: the tensors of one element that torch.optim has, side by side in
    memory, so that all are read or written at once."""

    def __init__(self, states, key, first):
        wide = torch.float64 if torch.get_default_dtype() == torch.float64 else torch.float32  # as PyTorch 2 has it
        numbers = torch.tensor([float(s.get(key, first)) for s in states], dtype=wide)
        self.key, self.array, self.views = key, numbers.numpy(), numbers.unbind()

    def belong_to(self, states):
        numbers = [s.get(self.key) for s in states]
        return len(numbers) == len(self.views) and all(map(operator.is_, numbers, self.views))


class Rows(Step):
    """A step of the rows that sparse gradients list."""

    contiguous = True

    def _gradients(self, work):
        """Looks at the gradients, as _Work.check at others, and returns none. work.values has their values, work.rows
        the stretches that they list: where these begin in the parameter and in the values, and how long they are, in
        elements."""
        work.rows, work.values = [], []
        for i, p in enumerate(work.params):
            g, where = p.grad, f"{work.name()}gradient of parameter {i}"
            if g.layout != torch.sparse_coo or not g.is_cpu:
                raise TypeError(f"{where} is {g.layout} on {g.device}, want torch.sparse_coo on cpu")
            if g.dtype != p.dtype or g.shape != p.shape:
                raise TypeError(f"{where} is {g.dtype} {tuple(g.shape)}, want {p.dtype} {tuple(p.shape)}")
            g = g.detach().coalesce()  # in ascending order
            values, rows = g.values().contiguous(), p.shape[:g.sparse_dim()]
            size = math.prod(p.shape[g.sparse_dim():])  # of what an index is of
            at = np.zeros(g.indices().shape[1], np.intp)
            for index, n in zip(g.indices().numpy(), rows):
                at = at * n + index
            first = np.flatnonzero(np.diff(at, prepend=-2) != 1)  # of indices that follow one another
            lengths = np.diff(first, append=len(at))
            work.rows.append((at[first] * size, first * size, lengths * size))
            work.values.append(values)
        return []

    def _calls(self, work, chosen, kind, part):
        spans = []
        for i in chosen:
            (at, first, lengths), values = work.rows[i], work.values[i]
            item = values.element_size()
            operands = [start + at * item for start in map(int, work.spans.array[1:, i])]
            spans.append(np.array([lengths, *operands, values.data_ptr() + first * item], np.uintp))
        spans = _library.Spans(np.concatenate(spans, axis=1))
        return [Call(work.kernel, kind, spans, self._hyper(work.group, part))]


class Whole(Step):
    """A step that is several calls of the library for each parameter, whose states have shapes of their own."""

    def _kernel(self, group):
        return None, []

    def _options(self, group):
        """Raises for what is wrong with options."""
        raise NotImplementedError

    def _shapes(self, p):
        """Returns the shapes of a parameter's states, by torch.optim's names."""
        raise NotImplementedError

    def _update(self, group, part, x, g, **states):
        """Makes the step of a parameter, in arrays of its elements, their gradient and states. All but the gradient are
        written."""
        raise NotImplementedError

    def _calls(self, work, chosen, kind, part):
        self._options(work.group)
        gradients = work.tensors[-len(work.params):]
        return [_Update(self, work.group, part, work.params[i], gradients[i], self._states(work, i)) for i in chosen]

    def _states(self, work, i):
        p, states = work.params[i], {}
        for key, shape in self._shapes(p).items():
            t = states[key] = work.states[i].get(key)
            if t is None:
                states[key] = torch.zeros(shape, dtype=p.dtype)
            elif t.dtype != p.dtype or t.shape != shape or not t.is_cpu or t.layout != torch.strided:
                raise TypeError(f"{work.name()}{key} of parameter {i} is {t.dtype} {tuple(t.shape)}, {t.layout} on "
                                f"{t.device}, want {p.dtype} {tuple(shape)}, {torch.strided} on cpu")
        return states


class _Update:
    """The step of a parameter of Whole's."""

    def __init__(self, optimizer, group, part, p, gradient, states):
        self.optimizer, self.group, self.part = optimizer, group, part
        self.p, self.gradient, self.states = p, gradient, states

    def check(self):
        """What can be wrong has been looked at."""

    @torch.no_grad()
    def make(self):
        written = {"x": self.p.detach(), **self.states}
        laid = {key: t.contiguous() for key, t in written.items()}  # mostly the tensors themselves
        if self.p.numel():
            self.optimizer._update(self.group, self.part, g=self.gradient.contiguous().numpy(),
                                   **{key: t.numpy() for key, t in laid.items()})
        for key, t in written.items():
            if laid[key] is not t:
                t.copy_(laid[key])
        self.optimizer.state[self.p].update(self.states)


class _Work:
    """The step of a group's parameters that have gradients. They, their states and gradients have been looked at: now,
    or in the group's last step, if nothing has changed since."""

    def __init__(self, optimizer, index, last):
        self.of, self.index, self.group = type(optimizer), index, optimizer.param_groups[index]
        for option in ("capturable", "differentiable", "fused"):
            if self.group.get(option):
                raise ValueError(f"{self.name()}{option}=True is not supported")
        self.params = [p for p in self.group["params"] if p.grad is not None]
        self.states = [optimizer.state.get(p, {}) for p in self.params]
        self.kernel, self.keys = optimizer._kernel(self.group)
        if self.params:
            self.gather(optimizer, last)
            self.parts = optimizer._parts(self, last)

    def name(self):
        return f"{self.of.__name__}: group {self.index}: "

    def gather(self, optimizer, last):
        """Looks at what is stepped. The tensors are parameters, states by their keys, and gradients that have elements
        for theirs. spans has a row of sizes, in elements, and a row of addresses for each of these."""
        n = len(self.params)
        self.tensors, self.values, self.fresh = list(self.params), [], False
        for key in self.keys:
            states = [s.get(key) for s in self.states]
            if any(s is None for s in states):
                start = optimizer._start(self.group, key)
                states = [torch.full_like(p, start, memory_format=torch.preserve_format) if s is None else s
                          for s, p in zip(states, self.params)]
                self.fresh = True
            self.tensors += states
        gradients = optimizer._gradients(self)
        self.tensors += gradients
        self.forms = [list(map(f, self.tensors)) for f in _FORM]
        alike = last is not None and self.forms == last.forms
        if not alike and (any(form != form[:n] * (len(form) // n) for form in self.forms) or
                          not set(zip(*self.forms[:3])) <= _WANTED):
            self.check()
        if not all(map(torch.Tensor.is_contiguous, self.tensors)) or any(map(torch.Tensor.is_neg, self.tensors)):
            self.place(n)
        if optimizer.contiguous and not all(map(torch.Tensor.is_contiguous, self.tensors)):
            raise ValueError(f"{self.name()}a parameter is not contiguous, want it so")
        self.at, written = list(map(torch.Tensor.data_ptr, self.tensors)), len(self.tensors) - len(gradients)
        self.rests = alike and self.at[:written] == last.at[:written]  # what is written lies where it lay
        if self.rests and self.at == last.at:
            self.spans = last.spans
        else:
            self.spans = _library.Spans(np.array(self.forms[3][:n] + self.at, np.uintp).reshape(-1, n))
        if self.rests:
            self.bytes = last.bytes
        else:
            self.bytes = self.spans.array[0] * np.array([_TYPES[p.dtype][1] for p in self.params], np.uintp)

    def check(self):
        """Raises for the first tensor that is not as a step needs it. Shapes are looked at here alone: another one of
        as many elements is a state's of another model, or one that has been changed."""
        n = len(self.params)
        for i, t in enumerate(self.tensors):
            p, where = self.params[i % n], f"{self.name()}{self.what(i // n)}parameter {i % n}"
            if t.dtype not in _TYPES:
                raise TypeError(f"{where} is {t.dtype}, want torch.float32 or torch.float64")
            if not t.is_cpu or t.layout != torch.strided:
                raise TypeError(f"{where} is {t.layout} on {t.device}, want torch.strided on cpu")
            if t.dtype != p.dtype or t.shape != p.shape:
                raise TypeError(f"{where} is {t.dtype} {tuple(t.shape)}, want {p.dtype} {tuple(p.shape)}")

    def what(self, operand):
        return ([""] + [f"{key} of " for key in self.keys] + ["gradient of "])[operand]

    @torch.no_grad()
    def place(self, n):
        """Sees that the elements of states and gradients lie in memory as those of parameters, which need not be
        contiguous: it copies what does not, or what is a lazy negative."""
        for i, t in enumerate(self.tensors):
            p = self.params[i % n]
            if i < n and (p.is_neg() or not _dense(p)):
                raise ValueError(f"{self.name()}parameter {i} of shape {tuple(p.shape)} and strides {p.stride()} has "
                                 "gaps in memory, want none")
            if t.shape != p.shape:
                self.check()
            if _strides(t) != _strides(p) or t.is_neg():
                self.tensors[i] = torch.empty_like(p).copy_(t)
                self.fresh = True

    def calls(self, optimizer):
        """Returns the calls that make the step."""
        calls, chosen = [], {}
        for i, part in enumerate(zip(self.forms[0], self.parts)):
            chosen.setdefault(part, []).append(i)
        for (dtype, part), these in chosen.items():
            calls += optimizer._calls(self, these, _TYPES[dtype][0], part)
        return calls

    def select(self, chosen):
        """Returns the spans of the chosen parameters."""
        if len(chosen) == len(self.params):
            return self.spans
        return _library.Spans(self.spans.array[:, chosen])

    def gradients(self):
        """Returns where gradients begin and end."""
        if self.values:
            ends = [(v.data_ptr(), v.data_ptr() + v.numel() * v.element_size()) for v in self.values]
            return np.array(ends, np.uintp).T
        starts = self.spans.array[-1]
        return starts, starts + self.bytes

    def keep(self, optimizer):
        """Puts states that are new where PyTorch looks for them."""
        if self.fresh:
            n = len(self.params)
            self.states = [optimizer.state[p] for p in self.params]
            for k, key in enumerate(self.keys, 1):
                for state, tensor in zip(self.states, self.tensors[k * n:]):
                    state[key] = tensor

    def forget(self):
        """Lets go of what the next step looks up anew: until then it holds no gradient."""
        del self.tensors, self.states, self.values


class _Memory:
    """Where the parameters and states of a step lie, which are written. It holds until one moves."""

    def __init__(self, works):
        for w in works:
            w.check()
        starts = [w.spans.array[1:2 + len(w.keys)] for w in works]
        ends = [s + w.bytes for s, w in zip(starts, works)]
        self.written = Written(*(np.concatenate([a.ravel() for a in arrays]) for arrays in (starts, ends)))
        if self.written.shared():
            raise ValueError(f"{works[0].name()}parameters and states share memory, want each its own")
        self.views = [p.detach().as_strided((0,), (1,)) for w in works for p in w.params]
        self.read = None

    def holds(self, works):
        return len(works) == len(self.works) and all(
            w.rests and all(map(operator.is_, w.params, l.params)) for w, l in zip(works, self.works))

    def check_gradients(self, works):
        """Raises if a gradient shares memory with what is written. With another gradient it may."""
        read = [w.spans for w in works]
        if read != self.read or any(w.values for w in works):
            for w in works:
                if self.written.meets(*w.gradients()).any():
                    raise ValueError(f"{w.name()}a gradient shares memory with a parameter or a state, want it alone")
            self.read = read

    def changed(self):
        """Tells autograd that the parameters have changed, so that a backward pass through what they were raises: with
        its views, those without elements too, a tensor shares its version."""
        torch._foreach_zero_(self.views)


_TYPES = {torch.float32: ("f32", 4), torch.float64: ("f64", 8)}
_WANTED = {(dtype, True, torch.strided) for dtype in _TYPES}
_FORM = [operator.attrgetter(name) for name in ("dtype", "is_cpu", "layout")] + [torch.Tensor.numel]


def _dense(tensor):
    """Reports whether the elements of a tensor fill a stretch of memory, in whatever order."""
    elements = 1
    for stride, size in sorted(_strides(tensor)):
        if stride != elements:
            return False
        elements *= size
    return True


def _strides(tensor):
    return [(stride, size) for stride, size in zip(tensor.stride(), tensor.shape) if size != 1]
