"""What a refusal means to the person, and which refusals pass by themselves."""

from sensorhub.model.errors import DeviceError, LinkLostError
from sensorhub.protocol.control import Op, Status

PASSING = frozenset({Status.BUSY, Status.WRONG_STATE, Status.NO_MEMORY})
"""Ask again a little later: the device is in the middle of something."""

_SENTENCES: dict[Status, tuple[str, str]] = {
    Status.RATE: (
        "The sensor cannot sample at anything near the rate asked for.",
        "Choose another rate.",
    ),
    Status.RANGE: (
        "The sensor cannot measure the range asked for.",
        "Choose a smaller range.",
    ),
    Status.MTU_TOO_SMALL: (
        "The radio link carries packets too small for a single sample.",
        "Move the sensor nearer, or use another Bluetooth adapter.",
    ),
    Status.LOW_BATTERY: (
        "The sensor's battery is empty.",
        "Charge the sensor, then start again.",
    ),
    Status.SENSOR_FAULT: (
        "The sensor reports a fault of its motion chip.",
        "Switch it off and on; if that does not help, use another sensor.",
    ),
    Status.VERSION: (
        "The sensor speaks another major version of the Open Motion Protocol.",
        "Update the sensor's firmware or this software, so that both speak version 1.",
    ),
}


def refusal_error(op: Op, status: Status) -> DeviceError:
    """Return the error for a refusal that asking again will not change."""
    sentence, hint = _SENTENCES.get(
        status,
        (
            f"The sensor refused {op.name} ({status.name.lower().replace('_', ' ')}).",
            "Switch the sensor off and on, then start again.",
        ),
    )
    return DeviceError(sentence, hint=hint)


def busy_error(op: Op) -> LinkLostError:
    """Return the error for a device that stays busy."""
    if op is Op.HELLO:
        return LinkLostError(
            "The sensor is talking to another host.",
            hint="Unplug its cable, or close the other program that uses it.",
        )
    return LinkLostError(
        f"The sensor is too busy to answer {op.name}.",
        hint="Keep it near; the link is opened anew by itself.",
    )


def forgotten_error() -> LinkLostError:
    """Return the error for a device that no longer knows that this link is open."""
    return LinkLostError(
        "The sensor takes the link for lost.", hint="The link is opened anew by itself."
    )
