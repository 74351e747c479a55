"""A convolutional net is trained by torch.optim and by bitstep.torch, and the parameters compared."""
import unittest

import torch

import bitstep.torch
from test_torch import ALL, reference

STEPS = 200
torch.set_num_threads(1)


def train(make, dtype, options, disturb=0.0):
    """Returns the parameters and the losses of a training. After each step each parameter is multiplied by 1 + disturb
    or 1 - disturb, at random."""
    torch.manual_seed(3)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3), torch.nn.Tanh(), torch.nn.AvgPool2d(2), torch.nn.Conv2d(4, 8, 3, padding=1),
        torch.nn.Tanh(), torch.nn.Flatten(), torch.nn.Linear(8 * 9, 4)).to(dtype)
    images, labels = torch.randn(160, 1, 8, 8, dtype=dtype), torch.randint(4, (160,))
    images += labels[:, None, None, None] - 1.5  # something to learn
    optimizer = make(net.parameters(), **options)
    random = torch.Generator().manual_seed(5)
    losses = []
    for t in range(STEPS):
        batch = torch.arange(16) + 16 * (t % 10)
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(net(images[batch]), labels[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if disturb:
            with torch.no_grad():
                for p in net.parameters():
                    p.mul_(1 + disturb * (2 * torch.randint(2, p.shape, generator=random).to(dtype) - 1))
    return torch.cat([p.detach().flatten() for p in net.parameters()]), losses


class Test(unittest.TestCase):
    def test_convolutional_net(self):
        """After 200 steps the parameters of both are as near as rounding lets them be.

        PyTorch rounds the same formulas in another order, so that a step differs by some units of its own last place,
        and one rounding of the parameter; training carries that on. How far it carries it, PyTorch itself tells, when
        each of its parameters is moved by a unit in the last place after every step. Twice as far is allowed, and never
        more than 2**10 units of the parameters' norm: what diverged is no comparison. (For that some need smaller rates
        than the other cases have.) Muon's parameters would all have to be matrices."""
        for dtype in (torch.float64, torch.float32):
            for name, options in ALL:
                if name == "Muon":
                    continue
                options = {k: v for k, v in options.items() if k != "maximize"}  # uphill there is no end
                if name == "RMSprop" and "momentum" in options:
                    options["lr"] = 0.001
                if name == "Adadelta":
                    options["lr"] = 0.2
                theirs, losses = train(reference(name), dtype, options)
                ours, _ = train(getattr(bitstep.torch, name), dtype, options)
                moved, _ = train(reference(name), dtype, options, torch.finfo(dtype).eps)
                distance, allowed = ((p - theirs).norm().item() for p in (ours, moved))
                unit = torch.finfo(dtype).eps * theirs.norm().item()
                given = ", ".join(f"{k}={v}" for k, v in options.items() if v)
                print(f"{name}({given}) in {dtype}: loss {losses[0]:.2f} to {losses[-1]:.2f}, "
                      f"{distance / unit:.2f} units apart, PyTorch from itself {allowed / unit:.2f}")
                with self.subTest(name, **options, dtype=dtype):
                    self.assertLess(losses[-1], losses[0] / 2)
                    self.assertLessEqual(distance, 2 * allowed)
                    self.assertLessEqual(distance, 2**10 * unit)


if __name__ == "__main__":
    unittest.main()
