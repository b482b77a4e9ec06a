"""Minimal detectable change: how large a difference must be before it means anything.

Our own sensor's repeatability on patients has not been measured. Until it has, we state what
clinicians' own measurements show, and take the largest figure of the range: Pua et al. 2008 (hip
osteoarthritis, same examiner, hip range of motion) report standard errors of 3.1 to 4.7 degrees
depending on the movement. With 95 % confidence a change of 1.96 x sqrt(2) = 2.77 standard errors is
more than measurement error.
"""

import math

from sensorhub.exercises.definition import load_library

STANDARD_ERROR_DEG = 4.7
"""Largest of the movements (extension)."""
DETECTABLE_DEG = round(1.96 * math.sqrt(2) * STANDARD_ERROR_DEG, 1)
SEGMENT = "thigh"
"""The figure is for movements of the hip; for the pelvis or the belly we know of none."""


def detectable_change_deg(exercise_id: str) -> float | None:
    """Smallest change of this exercise's range that is not measurement error; None: not known."""
    exercise = load_library().get(exercise_id)
    if exercise is None or not exercise.primary or exercise.primary[0] != SEGMENT:
        return None
    return DETECTABLE_DEG
