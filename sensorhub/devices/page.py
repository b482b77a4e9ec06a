"""``docs/sensors.md``: the sensors that work, from their own declarations.

``python -m sensorhub.devices.page > docs/sensors.md`` writes it anew; a test notices when it is
stale.
"""

import sys
from collections.abc import Iterator

from sensorhub.devices.base import DeviceFamily
from sensorhub.devices.registry import families

INTRODUCTION = """\
# Sensors

<!-- Written by `python -m sensorhub.devices.page` from the families in `sensorhub/devices/`. -->

`sensorhub scan` shows what is there and what it is taken for. Where it cannot know, say it:
`serial:/dev/ttyUSB0?family=witmotion_serial`, `ble:NAME?family=thingy52`.

How far to trust a family is in the column *evidence*:

- `untested`: it was written down, and nothing more.
- `simulated`: the driver and a simulated sensor, both written from the maker's documents, agree.
- `vector-tested`: besides, bytes that somebody published together with their meaning are decoded
  exactly: they are in `tests/golden/device_vectors/`, each with its source.
- `hardware-tested`: it ran with a real one. None has yet.

What a family tells decides what the log can be trusted with. With a *clock*, times are the
sensor's own; without, samples are counted, and a time is as good as the moments at which they
arrive. With *loss detection*, what is missing is known and shown as a gap; without, a short loss
goes unseen.
"""

DESCRIBED = """\
## A sensor that is not here

Many sensors send plain numbers over Bluetooth. For such a one a file is enough: its UUIDs, the
layout of its numbers, their units. `sensorhub/devices/gatt_map/file.py` says what it may hold,
`sensorhub/devices/gatt_map/maps/` has some to start from. Use it at once with
`ble:NAME?family=/home/me/my_sensor.toml`, or put it into that folder: it becomes a family.
"""


def sensors_page() -> str:
    """The page's text."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield INTRODUCTION
    yield "| sensor | family | link | rates, Hz | clock | loss detection | battery | evidence |"
    yield "|---|---|---|---|---|---|---|---|"
    for family in families().values():
        yield f"| {' | '.join(_cells(family))} |"
    yield ""
    for family in families().values():
        if family.notes:
            yield f"**{family.title}**"
            yield ""
            yield from (f"- {note}" for note in family.notes)
            yield ""
    yield DESCRIBED.rstrip()


def _cells(family: DeviceFamily) -> tuple[str, ...]:
    links = [name for name, has in (("Bluetooth LE", family.ble), ("serial", family.serial)) if has]
    return (
        family.title,
        f"`{family.name}`",
        ", ".join(links),
        ", ".join(f"{rate:g}" for rate in family.rates_hz) or "its own",
        family.clock,
        family.loss_detection,
        "yes" if family.battery else "no",
        f"`{family.evidence}`",
    )


if __name__ == "__main__":
    sys.stdout.write(sensors_page())
