"""What a screen shows: one frozen picture of the running session, and the big digits."""

from collections.abc import Sequence
from dataclasses import dataclass

from sensorhub.coach.machine import CoachState
from sensorhub.coach.plan import PlannedSet
from sensorhub.model.live import LiveState
from sensorhub.model.placement import Placement


@dataclass(frozen=True, slots=True)
class SensorView:
    """One sensor on the screen.

    Attributes:
        state: what the link is doing, in words.
        lost_s: for how long nothing has arrived, None while data flow.
        arrived_share: part of the recent samples that arrived, 0 to 1.
        battery_percent: None where not told.
    """

    placement: Placement
    state: str
    lost_s: float | None
    arrived_share: float
    battery_percent: int | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The session at one instant.

    Attributes:
        elapsed_s: since the session began.
        title: the current exercise by name, empty when there is none.
        banked_hold_s: seconds held in this set so far, the hold under way included.
        remaining_rest_s: None unless resting.
    """

    elapsed_s: float
    state: CoachState
    title: str
    planned: PlannedSet | None
    live: LiveState | None
    banked_hold_s: float
    remaining_rest_s: float | None
    sensors: Sequence[SensorView]
    simulated: bool


_DIGITS = {
    "0": ("####", "#  #", "#  #", "#  #", "####"),
    "1": ("  # ", " ## ", "  # ", "  # ", " ###"),
    "2": ("####", "   #", "####", "#   ", "####"),
    "3": ("####", "   #", " ###", "   #", "####"),
    "4": ("#  #", "#  #", "####", "   #", "   #"),
    "5": ("####", "#   ", "####", "   #", "####"),
    "6": ("####", "#   ", "####", "#  #", "####"),
    "7": ("####", "   #", "  # ", " #  ", " #  "),
    "8": ("####", "#  #", "####", "#  #", "####"),
    "9": ("####", "#  #", "####", "   #", "####"),
}


def big_number(value: int, *, ink: str = "#") -> list[str]:
    """A number to be read from across the room: five lines of text."""
    digits = [_DIGITS[d] for d in str(max(0, value))]
    return [
        "  ".join(d[row] for d in digits).replace("#", ink * 2).replace(" ", "  ")
        for row in range(5)
    ]


def bar(value_deg: float, target_deg: float | None, *, full_deg: float, width: int = 40) -> str:
    """An angle as a bar, with a mark at the target: ``[#######---|-----]``."""
    share = min(1.0, max(0.0, value_deg / full_deg))
    cells = ["#" if i < round(share * width) else "-" for i in range(width)]
    if target_deg is not None and 0.0 < target_deg < full_deg:
        cells[min(width - 1, int(target_deg / full_deg * width))] = "|"
    return f"[{''.join(cells)}]"
