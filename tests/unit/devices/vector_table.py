"""Published bytes and what they say: one table a family, in ``tests/golden/device_vectors``.

A row of ``[[decoded]]`` is fed to the family's decoder, step by step; what came of it is compared
with all that the row expects, and nothing else may have been told. ``[before]`` holds, by family,
the steps that bring a sensor to where it streams; what is told of them is not looked at.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from family_feed import Feed

from sensorhub.devices.common.script import Answered
from sensorhub.model.events import (
    BatteryReported,
    BytesRejected,
    DeviceEvent,
    DeviceIdentified,
    DeviceNotice,
    FloatArray,
    SamplesLost,
)
from sensorhub.model.units import RADPS_PER_DPS, STANDARD_GRAVITY_MPS2

FOLDER = Path(__file__).parents[2] / "golden" / "device_vectors"
ACC_UNITS = {
    "acc_g": STANDARD_GRAVITY_MPS2,
    "acc_mg": 1e-3 * STANDARD_GRAVITY_MPS2,
    "acc_mps2": 1.0,
}
EXACT = 1e-9
"""What is left of a number after a few roundings of a double; rows with a rounded expectation say
how far theirs is off."""


@dataclass(frozen=True)
class Row:
    """One row: ``want`` is everything in it."""

    family: str
    name: str
    want: dict[str, Any]


def rows(kind: str) -> list[Row]:
    """All rows of this kind, of all families."""
    found: list[Row] = []
    for path in sorted(FOLDER.glob("*.toml")):
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        for entry in table.get(kind, ()):
            assert entry["source"], entry["name"]
            family = entry.get("family", table.get("family", path.stem))
            before = table.get("before", {}).get(family, [])
            found.append(Row(family, entry["name"], {"before": before, **entry}))
    return found


def identity(row: Row) -> str:
    return f"{row.family}: {row.name}"


def fed(row: Row) -> Feed:
    """The decoder after all steps and the link's end.

    Steps are ``<verb> <lane> <hex>``, ``text <lane> <words>``, ``wait <seconds>`` and ``down``.
    ``said`` is what the hub wrote, ``got`` and ``text`` what came.
    """
    feed = Feed(row.family)
    play(feed, row.want["before"])
    feed.events.clear()
    play(feed, row.want["steps"])
    feed.link(up=False)  # what is held back, and what was rejected, is told at the latest now
    return feed


def play(feed: Feed, steps: list[str]) -> None:
    for step in steps:
        verb, _, rest = step.partition(" ")
        lane, _, data = rest.partition(" ")
        match verb:
            case "said":
                feed.said(data, lane=lane)
            case "got":
                feed.got(data, lane=lane)
            case "text":
                feed.got(data.encode().replace(rb"\r", b"\r").replace(rb"\n", b"\n"), lane=lane)
            case "wait":
                feed.later(float(rest))
            case "down":
                feed.link(up=False)
            case _:
                raise AssertionError(f"no verb: {step}")


def told(events: list[DeviceEvent]) -> list[str]:
    """What was told besides samples, in words."""
    words: list[str] = []
    for event in events:
        match event:
            case Answered(about=about, refusal=""):
                words.append(f"answers {about}")
            case Answered(about=about, refusal=refusal):
                words.append(f"refuses {about}: {refusal}")
            case BatteryReported(percent=percent, millivolts=millivolts):
                words.append(f"battery {percent} % {millivolts} mV")
            case DeviceIdentified(device_id=device_id, model=model, firmware=firmware):
                words.append(f"is {device_id!r}, {model!r}, {firmware!r}")
            case DeviceNotice(kind=kind, argument=argument):
                words.append(f"notice {kind} {argument}")
            case BytesRejected(count=count):
                words.append(f"rejected {count}")
            case SamplesLost(count=count):
                words.append(f"lost {count}")
    return words


def check(row: Row) -> None:
    feed, want = fed(row), row.want
    within = want.get("within", EXACT)
    acc = np.concatenate([one.acc_mps2 for one in feed.samples] or [np.zeros((0, 3))])
    unit = next((key for key in ACC_UNITS if key in want), "acc_mps2")
    same(acc / ACC_UNITS[unit], want.get(unit, []), within, want.get("rows"))
    turned = [one.gyr_radps for one in feed.samples if one.gyr_radps is not None]
    gyr = np.concatenate(turned or [np.zeros((0, 3))])
    if "rows" not in want or "gyr_dps" in want:
        near = want.get("within_dps", within)
        same(gyr / RADPS_PER_DPS, want.get("gyr_dps", []), near, want.get("rows"))
    if "begins_s" in want:
        begins_s = [one.device_time_s for one in feed.samples]
        np.testing.assert_allclose(np.array(begins_s, dtype=float), want["begins_s"], atol=1e-6)
    if "median_g" in want:
        median_g = np.median(np.linalg.norm(acc, axis=1)) / STANDARD_GRAVITY_MPS2
        assert abs(median_g - want["median_g"]) <= 0.002
    assert told(feed.events) == want.get("told", [])


def same(found: FloatArray, wanted: list[list[float]], within: float, count: int | None) -> None:
    """The same numbers; where ``count`` says that there are more, the first ones are compared."""
    assert len(found) == (len(wanted) if count is None else count)
    expected = np.array(wanted, dtype=float).reshape(-1, 3)
    np.testing.assert_allclose(found[: len(expected)], expected, rtol=0.0, atol=within)
