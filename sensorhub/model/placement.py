"""Where a sensor is worn, and which side of the body is meant."""

import enum


class Side(enum.StrEnum):
    """The side of the body an exercise is done on."""

    LEFT = "left"
    RIGHT = "right"
    BOTH = "both"  # squats, bridges: both legs at once
    NONE = "none"  # breathing, pelvic floor: no side


class Placement(enum.StrEnum):
    """Body segment and side of one sensor. A recording's CSV is named after it."""

    THIGH_RIGHT = "thigh_right"
    THIGH_LEFT = "thigh_left"
    THIGH = "thigh"  # the side is not known
    PELVIS = "pelvis"
    BELLY = "belly"
    CHEST = "chest"
    SHANK_RIGHT = "shank_right"
    SHANK_LEFT = "shank_left"

    def __init__(self, value: str) -> None:
        segment, _, side = value.partition("_")
        self.segment: str = segment
        """The body segment without its side: ``thigh``, ``pelvis`` ..."""
        self.side: Side = Side(side or Side.NONE)
        """LEFT or RIGHT where the segment has one and it is known, else NONE."""
