"""Trains a small net on data in two halves, and prints the SHA-256 of its parameters and of its optimizer's states.

    zero.py                   a process alone adds the halves' gradients
    zero.py RANK FILE VIEWS   one of two processes, which meet at FILE, has half RANK: DistributedDataParallel adds the
                              gradients, and ZeroRedundancyOptimizer steps a share of the parameters in each

A half's gradient is that of half its loss: a power of 2 changes no bit but the exponent's, and of two summands the
order does not matter. So both ways have the same gradients, bit for bit.
"""
import hashlib
import sys

import torch
import torch.distributed
from torch.distributed.optim import ZeroRedundancyOptimizer
from torch.nn.parallel import DistributedDataParallel

import bitstep.torch

STEPS, OPTIONS = 100, dict(lr=0.01, weight_decay=0.1)

torch.set_num_threads(1)
torch.manual_seed(1)
net = torch.nn.Sequential(torch.nn.Conv2d(1, 8, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(8 * 36, 10))
images, labels = torch.randn(2, 16, 1, 8, 8), torch.randint(10, (2, 16))
loss = torch.nn.CrossEntropyLoss()


def digest(tensors):
    h = hashlib.sha256()
    for t in tensors:
        h.update(t.detach().numpy().tobytes())
    return h.hexdigest()


def states(optimizer):
    state = optimizer.state_dict()["state"]
    return [t for i in sorted(state) for key, t in sorted(state[i].items())]


if len(sys.argv) == 1:
    optimizer = bitstep.torch.AdamW(net.parameters(), **OPTIONS)
    for _ in range(STEPS):
        optimizer.zero_grad(set_to_none=True)
        for half in range(2):
            (loss(net(images[half]), labels[half]) / 2).backward()
        optimizer.step()
    print(digest(net.parameters()), digest(states(optimizer)))
else:
    rank = int(sys.argv[1])
    torch.distributed.init_process_group("gloo", init_method="file://" + sys.argv[2], rank=rank, world_size=2)
    parallel = DistributedDataParallel(net)
    optimizer = ZeroRedundancyOptimizer(net.parameters(), bitstep.torch.AdamW,
                                        parameters_as_bucket_view=sys.argv[3] == "views", **OPTIONS)
    for _ in range(STEPS):
        optimizer.zero_grad(set_to_none=True)
        loss(parallel(images[rank]), labels[rank]).backward()
        optimizer.step()
    shared = len(optimizer.optim.param_groups[0]["params"])
    assert 0 < shared < len(list(net.parameters())), shared
    optimizer.consolidate_state_dict(to=0)
    print(digest(net.parameters()), digest(states(optimizer)) if rank == 0 else "")
