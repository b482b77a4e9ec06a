"""The figures as SVG. Colours come from the page's style sheet by class; without one, one ink."""

from collections.abc import Sequence

from sensorhub.web.drawings.props import draw_prop
from sensorhub.web.drawings.skeleton import HEAD_RADIUS, Figure, Point, Pose, stand

FRAME_WIDTH, FRAME_HEIGHT = 190.0, 196.0
FLOOR = 186.0
LEAST_HEIGHT = 90.0

_MARKS = {
    "tilt": "M -10 -14 A 15 15 0 0 1 12 -10 M 12 -10 l -1 -7 M 12 -10 l -7 -1",
    "side": "M -13 -22 l 26 0 M 13 -22 l -6 -4 M 13 -22 l -6 4 M -13 -22 l 6 -4 M -13 -22 l 6 4",
    "circle": "M 11 -20 A 11 11 0 1 1 5 -29 M 5 -29 l -8 0 M 5 -29 l 1 7",
    "turn": "M -12 -24 A 13 7 0 1 0 12 -24 M 12 -24 l -7 1 M 12 -24 l 2 7",
    "down": "M 0 -34 l 0 22 M 0 -12 l -5 -7 M 0 -12 l 5 -7",
    "up": "M 26 -12 l 0 -22 M 26 -34 l -5 7 M 26 -34 l 5 7",
    "right": "M 30 -10 l 26 0 M 56 -10 l -7 -5 M 56 -10 l -7 5",
    "squeeze": "M -20 -16 l 12 0 M -8 -16 l -6 -4 M -8 -16 l -6 4"
    " M 20 -16 l -12 0 M 8 -16 l 6 -4 M 8 -16 l 6 4",
}


def exercise_svg(poses: Sequence[Pose]) -> str:
    """Start and end side by side, with an arrow between them."""
    parts = []
    for number, pose in enumerate(poses):
        left = number * FRAME_WIDTH
        parts.append(f'<g transform="translate({left:g} 0)">{_frame(pose)}</g>')
        if number:
            x, y = left, FLOOR - 50.0
            parts.append(_path(f"M {x - 9:g} {y:g} l 18 0 l -6 -5 m 6 5 l -6 5", "fig-next"))
    top = min(FLOOR - LEAST_HEIGHT, *(_top(pose) for pose in poses))
    return document("".join(parts), width=FRAME_WIDTH * len(poses), height=FRAME_HEIGHT, top=top)


def _top(pose: Pose) -> float:
    """How high a frame reaches, with room for a mark."""
    figure = stand(pose)
    highest = min(y for _, y in figure.points)
    return max(0.0, FLOOR - _lift(pose.props, figure) + highest - 20.0)


def document(inside: str, *, width: float, height: float, top: float = 0.0) -> str:
    """A whole SVG file; the page gives it a name for those who do not see it."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg"'
        f' viewBox="0 {top:g} {width:g} {height - top:g}" fill="none"'
        ' stroke="currentColor" stroke-linecap="round" stroke-linejoin="round" stroke-width="6">'
        f"{inside}</svg>\n"
    )


def _frame(pose: Pose) -> str:
    figure = stand(pose)
    xs = [x for x, _ in figure.points]
    dx = FRAME_WIDTH / 2.0 - (min(xs) + max(xs)) / 2.0
    lift = _lift(pose.props, figure)
    floor = _path(f"M 14 {FLOOR:g} L {FRAME_WIDTH - 14:g} {FLOOR:g}", "fig-floor")
    props = "".join(draw_prop(prop, figure, lift=lift) for prop in pose.props)
    body = props + _figure(figure)
    if pose.mark:
        x, y = figure.hip
        mark = _path(_MARKS[pose.mark], "fig-mark")
        body += f'<g transform="translate({x:.1f} {y:.1f})">{mark}</g>'
    return f'{floor}<g transform="translate({dx:.1f} {FLOOR - 3.0 - lift:.1f})">{body}</g>'


def _lift(props: Sequence[str], figure: Figure) -> float:
    """How high above the floor the lowest point is: on a table, on a step."""
    if "table" in props:
        # Who hangs a leg over the edge is as high as the table, wherever that foot ends.
        return 48.0 + figure.hip[1]
    if "bench" in props:
        return 14.0
    return 22.0 if "step_under" in props else 0.0


def _figure(figure: Figure) -> str:
    head_x, head_y = figure.head
    hips = _line([figure.far[0], figure.near[0]], "fig-body")
    return "".join(
        (
            _line(figure.far, "fig-far"),
            _line(figure.arm2, "fig-far") if figure.arm2 else "",
            _line([figure.hip, figure.neck], "fig-body"),
            hips,
            _shoulders(figure),
            f'<circle class="fig-body" cx="{head_x:.1f}" cy="{head_y:.1f}" r="{HEAD_RADIUS:g}"/>',
            _line(figure.near, "fig-near"),
            _line(figure.arm, "fig-arm"),
        )
    )


def _shoulders(figure: Figure) -> str:
    if not figure.arm2 or figure.arm[0] == figure.arm2[0]:
        return ""
    return _line([figure.arm2[0], figure.arm[0]], "fig-body")


def _line(points: Sequence[Point], style: str) -> str:
    joined = " L ".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return _path(f"M {joined}", style)


def _path(path: str, style: str) -> str:
    return f'<path class="{style}" d="{path}"/>'
