"""How the sensors sit, from a recording of standing still (``analyze --align-from``)."""

from collections.abc import Mapping, Sequence

import numpy as np

from calibration.alignment import Alignment, align_standing
from calibration.errors import CalibrationError
from sensorhub.model.errors import InputError
from sensorhub.model.placement import Placement
from sensorhub.model.samples import SampleBlock


def standing_alignments(
    sensors: Mapping[Placement, Sequence[SampleBlock]], *, wanted: Sequence[Placement]
) -> dict[Placement, Alignment]:
    """Alignments of the wanted placements that were recorded standing.

    The long axes are known by them; the heading round them comes from the movement.

    Raises:
        InputError: none of them was recorded, or one was not still.
    """
    found = {}
    for placement in wanted:
        blocks = [block for block in sensors.get(placement, ()) if len(block)]
        if not blocks:
            continue
        longest = max(blocks, key=len)
        try:
            found[placement] = align_standing(
                np.asarray(longest.acc_mps2), longest.gyr_radps, period_s=longest.period_s
            )
        except CalibrationError as error:
            raise InputError(
                f"The recording to align from does not do for {placement}: {error}",
                hint="Record two seconds of standing upright and still.",
            ) from error
    if not found and wanted:
        raise InputError(
            f"The recording to align from has no sensor on {' or '.join(wanted)}.",
            hint="Record it with the sensors worn as in the exercise.",
        )
    return found
