"""The step of an optimizer of PyTorch's: what is stepped is looked at, and handed to the library."""
import operator

import numpy as np
import torch

from . import _library
from ._memory import Written


class Step:
    """What stands before a class of torch.optim to replace its step. A subclass says what a group's options mean."""

    decoupled = False  # weight decay shrinks the parameters, and is no part of the gradient

    def _kernel(self, group):
        """Returns the name of the kernel, and torch.optim's of the states that are its operands, in their order."""
        raise NotImplementedError

    def _hyper(self, group, part):
        """Returns the hyperparameters of the kernel for the parameters of a part: here those that all kernels have."""
        hyper = {"lr": float(group["lr"])}
        if group["maximize"]:
            hyper["scale"] = -1.0
        if group["weight_decay"]:
            hyper["weight_decay" if self.decoupled else "l2"] = float(group["weight_decay"])
        return hyper

    def _parts(self, index, states):
        """Returns for each parameter of a group what tells it from those that must be stepped in another call."""
        return [None] * len(states)

    def _count(self, index, states):
        """Counts a step of parameters."""

    @torch.no_grad()
    def step(self, closure=None):
        """Makes a step. It raises, before any parameter or state is changed, if one of them cannot be stepped."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        works = [_Work(self, i) for i in range(len(self.param_groups))]
        works = [w for w in works if w.params]
        if works:
            memory = self.__dict__.get("_memory")
            if memory is None or not memory.holds(works):
                memory = self._memory = _Memory(works)
            memory.check_gradients(works)
            calls = [call for w in works for call in w.calls()]
            if len(calls) > 1:  # the library sees what is wrong with hyperparameters
                for kernel, kind, spans, hyper in calls:
                    _library.each(kernel, kind, spans[:, :0], hyper)
            for work in works:
                work.keep_states()
            for call in calls:
                _library.each(*call)
            for work in works:
                self._count(work.index, work.dicts)
            memory.changed()
        return loss


class Numbered(Step):
    """A step that depends on its number, from 1."""

    def _parts(self, index, states):
        numbers = self.__dict__.setdefault("_numbers", {})
        if index not in numbers or not numbers[index].belong_to(states):
            numbers[index] = _Numbers(states)
        return [int(t) + 1 for t in numbers[index].array.tolist()]

    def _count(self, index, states):
        self._numbers[index].array += 1


class _Numbers:
    """The numbers of steps of some parameters: the tensors of one element that torch.optim has, side by side in memory,
    so that all are read or written at once."""

    def __init__(self, states):
        numbers = torch.tensor([float(s.get("step", 0)) for s in states])
        self.array, self.views = numbers.numpy(), numbers.unbind()
        for state, view in zip(states, self.views):
            state["step"] = view

    def belong_to(self, states):
        steps = [s.get("step") for s in states]
        return len(steps) == len(self.views) and all(map(operator.is_, steps, self.views))


class _Work:
    """The step of a group's parameters that have gradients, which have been looked at, as have states and gradients.
    spans has a row of sizes, in elements, and a row of addresses for each operand of the kernel."""

    def __init__(self, optimizer, index):
        self.optimizer, self.index, self.group = optimizer, index, optimizer.param_groups[index]
        self.name = f"{type(optimizer).__name__}: group {index}: "
        for option in ("capturable", "differentiable", "fused"):
            if self.group.get(option):
                raise ValueError(f"{self.name}{option}=True is not supported")
        self.params = [p for p in self.group["params"] if p.grad is not None]
        self.dicts = [optimizer.state[p] for p in self.params]
        self.kernel, self.keys = optimizer._kernel(self.group)
        self.gather()
        self.parts = list(zip(self.dtypes, optimizer._parts(index, self.dicts)))

    def gather(self):
        """Looks at what is stepped. The tensors are parameters, states by their keys, and gradients."""
        n, operands = len(self.params), len(self.keys) + 2
        self.tensors = list(self.params)
        for key in self.keys:
            states = [s.get(key) for s in self.dicts]
            self.tensors += [self.state(p) if s is None else s for s, p in zip(states, self.params)]
        self.tensors += [p.grad for p in self.params]
        forms = [list(map(f, self.tensors)) for f in _FORM]
        self.dtypes, sizes = forms[0][:n], forms[-1][:n]
        if any(form != form[:n] * operands for form in forms) or not (
                _TYPES.keys() >= set(self.dtypes) and all(forms[1]) and set(forms[2]) <= {torch.strided}):
            self.refuse(n)
        if not all(map(torch.Tensor.is_contiguous, self.tensors)) or any(map(torch.Tensor.is_neg, self.tensors)):
            self.place(n)
        self.spans = np.array(sizes + list(map(torch.Tensor.data_ptr, self.tensors)), np.uintp).reshape(operands + 1, n)
        self.bytes = self.spans[0] * np.array([_TYPES[dtype][1] for dtype in self.dtypes], np.uintp)

    def state(self, p):
        """Returns what a state is before the first step."""
        value = self.group.get("initial_accumulator_value", 0)
        return torch.full_like(p, value, memory_format=torch.preserve_format)

    def refuse(self, n):
        """Raises for the first tensor that is not as a step needs it."""
        for i, t in enumerate(self.tensors):
            p, where = self.params[i % n], f"{self.name}{self.what(i // n)}parameter {i % n}"
            if t.dtype not in _TYPES:
                raise TypeError(f"{where} is {t.dtype}, want torch.float32 or torch.float64")
            if not t.is_cpu or t.layout != torch.strided:
                raise TypeError(f"{where} is {t.layout} on {t.device}, want torch.strided on cpu")
            if t.dtype != p.dtype or t.numel() != p.numel():
                raise TypeError(f"{where} is {t.dtype} {tuple(t.shape)}, want {p.dtype} {tuple(p.shape)}")

    def check_shapes(self):
        """Raises if a tensor has another shape than its parameter, and as many elements: a state of another model's."""
        n = len(self.params)
        for i, t in enumerate(self.tensors):
            p = self.params[i % n]
            if t.shape != p.shape:
                raise TypeError(f"{self.name}{self.what(i // n)}parameter {i % n} has shape {tuple(t.shape)}, "
                                f"want {tuple(p.shape)}")

    def written(self):
        return self.spans[1:-1].tobytes(), self.bytes.tobytes()

    def what(self, operand):
        return ([""] + [f"{key} of " for key in self.keys] + ["gradient of "])[operand]

    def place(self, n):
        """Sees that the elements of states and gradients lie in memory as those of parameters, which need not be
        contiguous: it copies what does not, or what is a lazy negative."""
        for i, t in enumerate(self.tensors):
            p = self.params[i % n]
            if i < n and (p.is_neg() or not _dense(p)):
                raise ValueError(f"{self.name}parameter {i} of shape {tuple(p.shape)} and strides {p.stride()} has "
                                 "gaps in memory, want none")
            if _strides(t) != _strides(p) or t.is_neg():
                self.tensors[i] = torch.empty_like(p).copy_(t)

    def calls(self):
        """Returns the arguments of the library's calls."""
        calls = []
        for part in dict.fromkeys(self.parts):
            spans = self.spans
            if self.parts.count(part) < len(self.parts):
                spans = spans[:, [p == part for p in self.parts]]
            calls.append((self.kernel, _TYPES[part[0]][0], spans, self.optimizer._hyper(self.group, part[1])))
        return calls

    def keep_states(self):
        """Puts the states where PyTorch looks for them."""
        n = len(self.params)
        for k, key in enumerate(self.keys, 1):
            for state, tensor in zip(self.dicts, self.tensors[k * n:]):
                state[key] = tensor


class _Memory:
    """Where the parameters and states of a step lie, which are written. It holds until one moves."""

    def __init__(self, works):
        for w in works:
            w.check_shapes()
        self.params = [p for w in works for p in w.params]
        self.spans = [w.written() for w in works]
        starts = [w.spans[1:-1] for w in works]
        ends = [s + w.bytes for s, w in zip(starts, works)]
        self.written = Written(*(np.concatenate([a.ravel() for a in arrays]) for arrays in (starts, ends)))
        if self.written.shared():
            raise ValueError(f"{works[0].name}parameters and states share memory, want each its own")
        self.views = [p.detach().as_strided((0,), (1,)) for p in self.params]
        self.read = None

    def holds(self, works):
        params = [p for w in works for p in w.params]
        return (len(params) == len(self.params) and all(map(operator.is_, params, self.params))
                and [w.written() for w in works] == self.spans)

    def check_gradients(self, works):
        """Raises if a gradient shares memory with what is written. With another gradient it may."""
        read = [w.spans[-1].tobytes() for w in works]
        if read != self.read:
            for w in works:
                if self.written.meets(w.spans[-1], w.spans[-1] + w.bytes).any():
                    raise ValueError(f"{w.name}a gradient shares memory with a parameter or a state, want it alone")
            self.read = read

    def changed(self):
        """Tells autograd that the parameters have changed, so that a backward pass through what they were raises: with
        its views, those without elements too, a tensor shares its version."""
        torch._foreach_zero_(self.views)


_TYPES = {torch.float32: ("f32", 4), torch.float64: ("f64", 8)}
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
