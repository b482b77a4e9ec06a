"""Did the hip stay where it was? Who lifts a leg lying, or turns it sitting, leaves it there.

A leg that turns about a hip at rest accelerates a sensor by gravity and by what turning about one
fixed point gives, and by little else. Who stands up, sits down, bends or lunges carries the hip
along. Lying, real people leave 0.1 to 0.5 m/s2 unexplained, and up to a tenth of a metre times the
square of the movement's angular frequency when they hurry; standing up leaves 3.5, lunging 2.8.
"""

import math
from collections.abc import Sequence
from statistics import median

import numpy as np

from sensorhub.exercises.trace.edges import Edges
from sensorhub.exercises.trace.path import smooth
from sensorhub.exercises.trace.track import Track
from sensorhub.model.events import FloatArray
from sensorhub.model.units import STANDARD_GRAVITY_MPS2

CARRIED_MPS2 = 1.0
"""Twice what leg lifts in a usual tempo leave unexplained."""

CARRIED_M = 0.15
"""The same for quick ones: a hip that goes so far to and fro with each repetition was carried."""

SMOOTH_S = 0.12
"""Standard deviation of the average that tremor and heel strikes do not survive."""

LOOKED_AT = 5
"""Repetitions of one set are alike: so many of them tell."""


def hip_carried(track: Track, edges: Sequence[Edges]) -> bool:
    """Whether most of these repetitions carried the hip about; False without a gyroscope."""
    if track.rate_radps is None or not edges:
        return False
    return median(_excess(track, edge) for edge in edges[:: -(-len(edges) // LOOKED_AT)]) > 1.0


def _excess(track: Track, edge: Edges) -> float:
    """Acceleration left unexplained, as a share of what a leg lift of that duration may leave."""
    first, last = np.searchsorted(track.time_s, (edge.start_s, edge.end_s)).tolist()
    if last - first < 6:
        return 0.0
    frequency = 2.0 * math.pi / (edge.end_s - edge.start_s)
    most_mps2 = max(CARRIED_MPS2, CARRIED_M * frequency * frequency)
    return _unexplained_mps2(track, first, last) / most_mps2


def _unexplained_mps2(track: Track, first: int, last: int) -> float:
    """Root mean square of the acceleration that neither gravity, nor turning about one fixed
    point, nor a constant bias explains; point and bias are fitted by least squares."""
    assert track.rate_radps is not None
    rate = track.rate_radps[first:last]
    change = np.gradient(rate, axis=0) / track.tick_s
    # Specific force at the lever l: a = dw x l + w x (w x l) = (dw x + w w' - w.w 1) l.
    turn = rate[:, :, None] * rate[:, None, :]
    turn[:, (0, 1, 2), (0, 1, 2)] -= (rate * rate).sum(axis=1)[:, None]
    turn[:, (2, 0, 1), (1, 2, 0)] += change
    turn[:, (1, 2, 0), (2, 0, 1)] -= change
    seen: FloatArray = track.acc_mps2[first:last] - STANDARD_GRAVITY_MPS2 * track.up[first:last]
    model = (turn - turn.mean(axis=0)).reshape(-1, 3)  # without means, the bias is gone
    left = (seen - seen.mean(axis=0)).reshape(-1)
    normal = model.T @ model + 1e-9 * np.eye(3)
    left -= model @ np.linalg.solve(normal, model.T @ left)
    slow = smooth(left.reshape(-1, 3), SMOOTH_S / track.tick_s)
    return math.sqrt(3.0 * float(np.mean(slow * slow)))
