"""What stands around a figure: chair, table, step, band, box. Coordinates are the figure's own."""

from collections.abc import Callable, Mapping

from sensorhub.web.drawings.skeleton import HEAD_RADIUS, Figure


def draw_prop(name: str, figure: Figure, *, lift: float) -> str:
    """One prop, placed by the figure's joints; the floor is at y = ``lift``."""
    return f'<path class="fig-prop" d="{_PATHS[name](figure, lift)}"/>'


def _chair(figure: Figure, floor: float) -> str:
    x, y = figure.hip[0] - 14.0, -38.0
    if figure.hip[1] < -60.0:  # the person stands in front of it
        x -= 26.0
    return (
        f"M {x:.1f} {y - 44:.1f} L {x:.1f} {floor:.1f} M {x:.1f} {y + 7:.1f} l 42 0"
        f" L {x + 42:.1f} {floor:.1f}"
    )


def _bench(figure: Figure, floor: float) -> str:
    y = figure.near[1][1] + 6.0
    return (
        f"M -34 {y:.1f} L 34 {y:.1f} M -30 {y:.1f} L -30 {floor:.1f} M 30 {y:.1f} L 30 {floor:.1f}"
    )


def _counter(_: Figure, floor: float) -> str:
    x, y = 40.0, -74.0
    return f"M {x:g} {y:g} l 40 0 M {x + 4:g} {y:g} L {x + 4:g} {floor:g}"


def _table(figure: Figure, floor: float) -> str:
    right, y = figure.hip[0] + 8.0, figure.hip[1] + 9.0
    return (
        f"M {right:.1f} {y:.1f} l -92 0 M {right - 8:.1f} {y:.1f} L {right - 8:.1f} {floor:.1f}"
        f" M {right - 82:.1f} {y:.1f} L {right - 82:.1f} {floor:.1f}"
    )


def _step(figure: Figure, floor: float) -> str:
    x, y = figure.near[2]
    return (
        f"M {x - 10:.1f} {floor:.1f} L {x - 10:.1f} {y + 4:.1f} l 44 0 L {x + 34:.1f} {floor:.1f}"
    )


def _step_under(_: Figure, floor: float) -> str:
    return f"M -18 {floor:g} L -18 4 l 46 0 L 28 {floor:g}"


def _band(figure: Figure, floor: float) -> str:
    x, y = figure.arm[-1]
    return (
        f"M {x - 10:.1f} {y:.1f} L -80 {y:.1f} M -80 {y - 12:.1f} l 0 24 M -80 {floor:g} l 0 -110"
    )


def _box(figure: Figure, _: float, *, high: float = 0.0) -> str:
    x = figure.hip[0] * 0.6 + figure.neck[0] * 0.4
    y = figure.hip[1] - 6.0 - high
    return f"M {x - 10:.1f} {y:.1f} l 20 0 l 0 -13 l -20 0 Z"


def _box_high(figure: Figure, floor: float) -> str:
    return _box(figure, floor, high=9.0)


def _tissue(figure: Figure, _: float, *, blown: float = 0.0) -> str:
    x, y = figure.head[0] + HEAD_RADIUS + 10.0, figure.head[1] - 12.0
    return f"M {x:.1f} {y:.1f} q {2 + blown:g} 14 {blown * 1.5:g} 24"


def _tissue_blown(figure: Figure, floor: float) -> str:
    x, y = figure.head[0] + HEAD_RADIUS + 2.0, figure.head[1] + 2.0
    wind = f" M {x:.1f} {y:.1f} l 9 0 M {x:.1f} {y + 7:.1f} l 9 2"
    return _tissue(figure, floor, blown=14.0) + wind


_PATHS: Mapping[str, Callable[[Figure, float], str]] = {
    "chair": _chair,
    "bench": _bench,
    "counter": _counter,
    "table": _table,
    "step": _step,
    "step_under": _step_under,
    "band": _band,
    "box": _box,
    "box_high": _box_high,
    "tissue": _tissue,
    "tissue_blown": _tissue_blown,
}
