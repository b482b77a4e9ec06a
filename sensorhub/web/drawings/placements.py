"""Where a sensor is worn: a body from the front, the strap, and the sensor with its way up."""

from collections.abc import Mapping
from types import MappingProxyType

from sensorhub.model.placement import Placement
from sensorhub.web.drawings.svg import document

# The body, drawn once, 120 wide and 240 high; the person faces us, so their right is on our left.
_BODY = (
    "M 60 44 C 44 44 36 50 35 62 L 30 112"  # right shoulder and arm
    " M 60 44 C 76 44 84 50 85 62 L 90 112"
    " M 42 62 L 43 104 C 40 114 39 122 41 132 L 44 178 L 44 224 L 36 229"
    " M 78 62 L 77 104 C 80 114 81 122 79 132 L 76 178 L 76 224 L 84 229"
    " M 60 134 L 57 178 L 54 224 M 60 134 L 63 178 L 66 224"
)

_SPOTS: Mapping[Placement, tuple[float, float, float]] = MappingProxyType(
    {
        # Middle of the sensor, and half the width of the strap.
        Placement.THIGH_RIGHT: (50.0, 156.0, 9.0),
        Placement.THIGH_LEFT: (70.0, 156.0, 9.0),
        Placement.PELVIS: (60.0, 116.0, 20.0),
        Placement.BELLY: (60.0, 96.0, 17.0),
        Placement.CHEST: (60.0, 68.0, 18.0),
        Placement.SHANK_RIGHT: (49.5, 202.0, 6.0),
        Placement.SHANK_LEFT: (70.5, 202.0, 6.0),
    }
)


def placement_svg(placement: Placement) -> str:
    """The whole body with the sensor, and the sensor large beside it: the arrow points up."""
    x, y, half = _SPOTS[placement]
    body = (
        '<circle class="fig-body" cx="60" cy="24" r="15"/>'
        f'<path class="fig-body" d="{_BODY}"/>'
        f'<path class="fig-strap" d="M {x - half:g} {y:g} L {x + half:g} {y:g}"/>'
        f'<rect class="fig-sensor" x="{x - 5:g}" y="{y - 8:g}" width="10" height="16" rx="3"/>'
    )
    large = (
        f'<path class="fig-lead" d="M {x + 8:g} {y:g} L 138 120"/>'
        '<path class="fig-strap" d="M 136 124 L 224 124"/>'
        '<rect class="fig-sensor" x="155" y="84" width="50" height="80" rx="12"/>'
        '<path class="fig-up" d="M 180 148 L 180 102 M 180 102 l -11 13 M 180 102 l 11 13"/>'
    )
    return document(body + large, width=236.0, height=240.0)
