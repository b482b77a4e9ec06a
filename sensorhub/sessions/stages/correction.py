"""What is stored with a sensor about itself: calibration (applied to its samples) and alignment."""

from dataclasses import replace

from calibration.alignment import Alignment
from calibration.errors import CalibrationError
from calibration.sensor import SensorCalibration
from sensorhub.model.errors import InputError
from sensorhub.model.samples import SampleBlock


def read_calibration(text: str) -> SensorCalibration | None:
    """The calibration that is stored with a sensor; None where the text is empty.

    Raises:
        InputError: the text is no calibration this program knows.
    """
    if not text:
        return None
    try:
        return SensorCalibration.from_json(text)
    except CalibrationError as error:
        hint = error.hint or "Calibrate the sensor again."
        raise InputError(str(error.args[0]), hint=hint) from error


def read_alignment(text: str) -> Alignment | None:
    """The alignment that is stored with a sensor; None where the text is empty.

    Raises:
        InputError: the text is no alignment this program knows.
    """
    if not text:
        return None
    try:
        return Alignment.from_json(text)
    except CalibrationError as error:
        hint = error.hint or "Align the sensor again."
        raise InputError(str(error.args[0]), hint=hint) from error


def corrected(block: SampleBlock, calibration: SensorCalibration | None) -> SampleBlock:
    """The block with the calibration applied, sample by sample: splits change nothing."""
    if calibration is None:
        return block
    acc_mps2, gyr_radps = calibration.apply(block.acc_mps2, block.gyr_radps)
    return replace(block, acc_mps2=acc_mps2, gyr_radps=gyr_radps)
