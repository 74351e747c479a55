"""What make_torch.py and make_transcribed.py share: the cases, their gradients, and the form of their files.

The gradients are computed alike here and in the test, exactly in both types:
- "sequence": of step t (from 0) and element i, whatever x is: a hash of t and i as an integer from -768 to
  1279, divided by 1024 and multiplied by scale(i); element 5 has a gradient in every third step only.
- "quadratic": scale(i)*x, the gradient of a quadratic form with condition number 128.

Each trajectory is a line "case NAME TYPE GRADIENT KEY=HEX-FLOAT...", where True is 1, then lines "x STEPS BITS..."
with all 8 elements after so many steps.
"""
import ast
import pathlib

STEPS = 128
SAMPLES = [1, 2, 4, 8] + list(range(16, STEPS + 1, 16))


def start(i):
    return (i - 3) / 4 + 1 / 16


def scale(i):
    return 2.0 ** (i - 4)


def sequence(t, i):
    if i == 5 and t % 3:
        return 0.0
    h = (t * 0x9E3779B1 + (i + 1) * 0x85EBCA6B) % 2**32
    h ^= h >> 15
    h = h * 0x2C1B3C6D % 2**32
    h ^= h >> 12
    return ((h >> 21) - 768) / 1024 * scale(i)


def gradient(kind, t, i, x):
    return sequence(t, i) if kind == "sequence" else scale(i) * x


def cases(transcribed):
    """The lines of torch_cases.txt, those that are transcribed or the others: name, class, hyperparameters."""
    for line in pathlib.Path(__file__).with_name("torch_cases.txt").read_text().splitlines()[1:]:
        name, class_, *pairs = line.split()
        if class_.startswith("transcribed.") == transcribed:
            given = {key: ast.literal_eval(value) for key, value in (pair.split("=") for pair in pairs)}
            kinds = ["sequence"] if "maximize" in given else ["sequence", "quadratic"]  # uphill there is no end
            yield name, class_.removeprefix("transcribed."), given, kinds


def show_case(name, typename, kind, given):
    print("case", name, typename, kind, *("%s=%s" % (k, float(v).hex()) for k, v in given.items()))


def show(t, words, bits):
    """The integers that are the elements' bits, of so many bits each, after step t, from 0."""
    if t + 1 in SAMPLES:
        print("x", t + 1, *("%0*x" % (bits // 4, word % 2**bits) for word in words))
