"""The step of an optimizer of PyTorch's: what is stepped is looked at, and handed to the library."""
import operator

import numpy as np
import torch

from . import _library
from ._memory import Written


class Step:
    """What stands before a class of torch.optim to replace its step. A subclass says what a group's options mean."""

    decoupled = False  # weight decay shrinks the parameters, and is no part of the gradient
    _memory = None  # of the last step

    def _kernel(self, group):
        """Returns the name of the kernel, and torch.optim's of the states that are its operands, in their order."""
        raise NotImplementedError

    def _hyper(self, group, part):
        """Returns the hyperparameters of the kernel for the parameters of a part: here those that all kernels have."""
        hyper = {"lr": float(group["lr"])}
        if group["maximize"]:
            hyper["scale"] = -1.0
        if group["weight_decay"]:
            decoupled = self.decoupled or group.get("decoupled_weight_decay")  # an option of newer PyTorch's Adam
            hyper["weight_decay" if decoupled else "l2"] = float(group["weight_decay"])
        return hyper

    def _parts(self, work, last):
        """Returns for each parameter of a group what tells it from those that must be stepped in another call."""
        return [None] * len(work.params)

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
            if len(calls) > 1:  # the library sees what is wrong with hyperparameters
                for kernel, kind, spans, hyper in calls:
                    _library.each(kernel, kind, _library.Spans(spans.array[:, :0]), hyper)
            for call in calls:
                _library.each(*call)
            for work in works:
                work.keep(self)
                self._count(work)
                work.forget()
            memory.changed()
            memory.works, self._memory = works, memory
        return loss


class Numbered(Step):
    """A step that depends on its number, from 1."""

    def _parts(self, work, last):
        if last is not None and last.numbers.belong_to(work.states):
            work.numbers = last.numbers
        else:
            work.numbers, work.fresh = _Numbers(work.states), True
        return [int(t) + 1 for t in work.numbers.array.tolist()]

    def _count(self, work):
        work.numbers.array[:] = work.parts
        if work.fresh:
            for state, view in zip(work.states, work.numbers.views):
                state["step"] = view


class _Numbers:
    """The numbers of steps of some parameters: the tensors of one element that torch.optim has, side by side in memory,
    so that all are read or written at once."""

    def __init__(self, states):
        numbers = torch.tensor([float(s.get("step", 0)) for s in states])
        self.array, self.views = numbers.numpy(), numbers.unbind()

    def belong_to(self, states):
        steps = [s.get("step") for s in states]
        return len(steps) == len(self.views) and all(map(operator.is_, steps, self.views))


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
            self.gather(last)
            self.parts = optimizer._parts(self, last)

    def name(self):
        return f"{self.of.__name__}: group {self.index}: "

    def gather(self, last):
        """Looks at what is stepped. The tensors are parameters, states by their keys, and gradients. spans has a row of
        sizes, in elements, and a row of addresses for each operand of the kernel."""
        n = len(self.params)
        self.tensors, self.fresh = list(self.params), False
        for key in self.keys:
            states = [s.get(key) for s in self.states]
            if any(s is None for s in states):
                states = [self.state(p) if s is None else s for s, p in zip(states, self.params)]
                self.fresh = True
            self.tensors += states
        self.tensors += [p.grad for p in self.params]
        self.forms = [list(map(f, self.tensors)) for f in _FORM]
        alike = last is not None and self.forms == last.forms
        if not alike and (any(form != form[:n] * (len(self.keys) + 2) for form in self.forms) or
                          not set(zip(*self.forms[:3])) <= _WANTED):
            self.check()
        if not all(map(torch.Tensor.is_contiguous, self.tensors)) or any(map(torch.Tensor.is_neg, self.tensors)):
            self.place(n)
        self.at = list(map(torch.Tensor.data_ptr, self.tensors))
        self.rests = alike and self.at[:-n] == last.at[:-n]  # what is written lies where it lay
        if self.rests and self.at == last.at:
            self.spans = last.spans
        else:
            self.spans = _library.Spans(np.array(self.forms[3][:n] + self.at, np.uintp).reshape(-1, n))
        if self.rests:
            self.bytes = last.bytes
        else:
            self.bytes = self.spans.array[0] * np.array([_TYPES[p.dtype][1] for p in self.params], np.uintp)

    def state(self, p):
        """Returns what a state is before the first step."""
        value = self.group.get("initial_accumulator_value", 0)
        return torch.full_like(p, value, memory_format=torch.preserve_format)

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
        """Returns the arguments of the library's calls."""
        calls = []
        parts = list(zip(self.forms[0], self.parts))
        for part in dict.fromkeys(parts):
            spans = self.spans
            if parts.count(part) < len(parts):
                spans = _library.Spans(spans.array[:, [p == part for p in parts]])
            calls.append((self.kernel, _TYPES[part[0]][0], spans, optimizer._hyper(self.group, part[1])))
        return calls

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
        del self.tensors, self.states


class _Memory:
    """Where the parameters and states of a step lie, which are written. It holds until one moves."""

    def __init__(self, works):
        for w in works:
            w.check()
        starts = [w.spans.array[1:-1] for w in works]
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
        if read != self.read:
            for w in works:
                gradients = w.spans.array[-1]
                if self.written.meets(gradients, gradients + w.bytes).any():
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
