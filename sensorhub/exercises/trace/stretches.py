"""Where something holds throughout: the stretches of a mask."""

import numpy as np
from numpy.typing import NDArray


def stretches_of(mask: NDArray[np.bool_], *, shortest: int = 1) -> list[tuple[int, int]]:
    """Those ``[first, stop)`` that are True throughout, of at least so many ticks, in order."""
    bounds = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]))).tolist()
    every = zip(bounds[::2], bounds[1::2], strict=True)
    return [(first, stop) for first, stop in every if stop - first >= shortest]
