"""Memory that calls of several tensors write, which the library looks at within each tensor alone."""
import numpy as np


class Written:
    """Stretches of memory that a call writes: arrays of their starts and ends. Empty ones are left out."""

    def __init__(self, starts, ends):
        some = starts < ends
        self.starts, self.ends = np.sort(starts[some]), np.sort(ends[some])

    def shared(self):
        """Reports whether two of them overlap."""
        return bool((self.starts[1:] < self.ends[:-1]).any())

    def meets(self, starts, ends):
        """Returns for other stretches whether each overlaps one of these, of which no two do: whether more begin before
        its end than end before its start."""
        begun, ended = self.starts.searchsorted(ends), self.ends.searchsorted(starts, "right")
        return (begun > ended) & (starts < ends)
