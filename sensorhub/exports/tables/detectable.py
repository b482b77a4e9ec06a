"""Minimal detectable change: how large a difference must be before it means anything.

Our own sensor's repeatability on patients has not been measured. Until it has, we state what
clinicians' own measurements show, and take the largest figure of the range: Pua et al. 2008 (hip
osteoarthritis, same examiner, passive hip range of motion) report standard errors of 3.1 to 4.7
degrees depending on the movement. With 95 % confidence a change of 1.96 x sqrt(2) = 2.77 standard
errors is more than measurement error.
"""

import math

TESTED = (
    "straight_leg_raise",
    "standing_hip_flexion",
    "prone_hip_extension",
    "side_lying_hip_abduction",
)
"""Our tests of the directions that were measured there: flexion, extension, abduction. It says
nothing of adduction, a squat, a bridge or a held stretch; and where rotation is taken from a strap
the skin takes more than that figure (motion/hip.py)."""

STANDARD_ERROR_DEG = 4.7
"""Largest of the movements (extension)."""
DETECTABLE_DEG = round(1.96 * math.sqrt(2) * STANDARD_ERROR_DEG, 1)


def detectable_change_deg(exercise_id: str) -> float | None:
    """Smallest change of this exercise's range that is not measurement error; None: not known."""
    return DETECTABLE_DEG if exercise_id in TESTED else None
