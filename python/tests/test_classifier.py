"""The lecture's classifier, trained by Python as capi/example/train.c does it: one digest in Go, C and Python.

NumPy holds memory, and computes nothing. Python's own floats are the doubles of C.
"""
import hashlib
import pathlib
import re
import struct
import unittest

import numpy as np

import bitstep

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLASSES, PIXELS, EXAMPLES, BATCH, BLOCK, STEPS = 10, 3072, 640, 128, 64, 200
FEATURES = PIXELS + 1
MASK = 2**64 - 1


def generated(i):
    """Number i of SplitMix64 from seed 1."""
    z = (1 + (i + 1) * 0x9E3779B97F4A7C15) & MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def examples():
    """Pictures, which are a class's pattern and noise, one part to three, and their labels."""
    labels = [generated(CLASSES * PIXELS + e) % CLASSES for e in range(EXAMPLES)]
    patterns = [[generated(c * PIXELS + j) >> 56 for j in range(PIXELS)] for c in range(CLASSES)]
    noise = CLASSES * PIXELS + EXAMPLES
    pictures = [[(pattern + 3 * (generated(noise + e * PIXELS + j) >> 56)) // 4
                 for j, pattern in enumerate(patterns[label])] for e, label in enumerate(labels)]
    return pictures, labels


def features(pictures):
    """Pixels over 128, less their means over all examples, and a last feature that is 1."""
    offset = np.array([sum(column) / EXAMPLES / 128 for column in zip(*pictures)], np.float32)
    x = np.ones((EXAMPLES, FEATURES), np.float32)
    for row, picture in zip(x, pictures):
        bitstep.from_bytes(row[:PIXELS], np.array(picture, np.uint8), offset, 1 / 128)
    return x


def gradient(scores, label):
    """Replaces scores by the gradient of an example's loss: softmax, less 1 where the label is."""
    s = [float(v) for v in scores]
    top = max(s)
    e = np.array([v - top for v in s])
    bitstep.exp(e)
    z = 0.0
    for v in e.tolist():
        z += v
    for c, v in enumerate(e.tolist()):
        p = v / z
        scores[c] = p - 1 if c == label else p


def train(x, labels):
    """Returns the SHA-256 of the weights after 200 steps of Adam."""
    s = np.zeros((BLOCK, CLASSES), np.float32)
    w, dw, m, v = (np.zeros((CLASSES, FEATURES), np.float32) for _ in range(4))
    for t in range(1, STEPS + 1):
        first = (t - 1) * BATCH % EXAMPLES
        for b in range(first, first + BATCH, BLOCK):
            rows = x[b:b + BLOCK]
            bitstep.gemm(s, rows, w, trans_b=True)
            for scores, label in zip(s, labels[b:b + BLOCK]):
                gradient(scores, label)
            bitstep.gemm(dw, s, rows, trans_a=True, alpha=1 / BATCH, beta=0 if b == first else 1)
        bitstep.axpy(dw, w, 0.02)
        bitstep.adam(w, m, v, dw, t=t)
    words = w.astype("<f4").tobytes()
    return hashlib.sha256(struct.pack("<Q", w.size) + words).hexdigest()


class Test(unittest.TestCase):
    def test_one_digest(self):
        want = re.search(r'trained = "([0-9a-f]{64})"', (ROOT / "capi" / "train_test.go").read_text())[1]
        pictures, labels = examples()
        for backend in bitstep.backends():
            bitstep.set_backend(backend)
            got = train(features(pictures), labels)
            print("the classifier's weights in Python, on", backend + ":", got)
            self.assertEqual(got, want)
        bitstep.set_backend(None)


if __name__ == "__main__":
    unittest.main()
