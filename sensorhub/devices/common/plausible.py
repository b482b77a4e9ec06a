"""Numbers no sensor on a body could say: bytes that decode to them are none of ours."""

import numpy as np

from sensorhub.model.events import FloatArray

MOST_MPS2 = 5000.0
MOST_RADPS = 1000.0
"""Far beyond any sensor's range: a filter that is fed more may never recover."""


def plausible(acc_mps2: FloatArray | None, gyr_radps: FloatArray | None) -> bool:
    """False where a value is no number, infinite or far beyond every range; None is plausible."""
    pairs = ((acc_mps2, MOST_MPS2), (gyr_radps, MOST_RADPS))
    # A comparison with nan is False.
    return all(values is None or bool((np.abs(values) < most).all()) for values, most in pairs)
