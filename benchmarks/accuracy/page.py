"""The accuracy page: tables from runs, without a date, the same text for the same figures."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from benchmarks.accuracy.bars import EDGE_MEDIAN_S, EDGE_P95_S, HELD_MEAN_S, TURN_P95_S, missed
from benchmarks.accuracy.cells import (
    NONE,
    grouped,
    median_p95,
    p95,
    percent,
    range_error,
    share,
    table,
    table_or_none,
)
from benchmarks.accuracy.hip import AngleScore, angle_rows, mean_of
from benchmarks.accuracy.literature import PUBLISHED
from benchmarks.accuracy.real import RealScore
from benchmarks.accuracy.score import BREATH, GUIDED, HOLD, REPETITION, FalseAlarm, Score
from benchmarks.accuracy.stats import at_most, mean_interval, quantile
from benchmarks.accuracy.variations import VARIATIONS
from sensorhub.exercises.engine import DETECTOR_VERSION

LEAST_EXACT = 0.95
"""A cell in which fewer sets than this are exact is listed by name."""

_REAL = re.compile(r"<!-- real -->\n.*?<!-- /real -->", re.DOTALL)

_INTRODUCTION = """\
# How well it counts

Written by `make accuracy`; do not edit. Two kinds of evidence, never mixed: **simulated** people,
whose truth is exact and who are kinder than real ones, and **real** people, whose truth is
somebody's count. No table has numbers of both. Nothing here has been tested on patients.

A set is *exact* when the number of repetitions (partial ones included), holds or breaths found is
the number done and none of them lies where there was none. *Kinds* are right when, besides, every
full and partial one and the direction of every circle is. *Edges* are the errors of starts and
ends. A repetition begins when the moving segment leaves its rest pose and ends when it is back:
leaning forward on the chair, while the thighs rest on it, is no part of standing up. *Range* is the
error of each repetition's range of motion, whichever way, against how far the segment itself went.
Intervals are 95 %: Wilson for shares, normal for means, Poisson for false ones.
"""


def write_page(
    path: Path,
    scores: Sequence[Score],
    alarms: Sequence[FalseAlarm],
    real: Sequence[RealScore] | None,
    *,
    angles: Sequence[AngleScore] = (),
) -> None:
    """Writes the page. Without recordings what the page already said of them stays."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    kept = _REAL.search(before)
    if real is not None:
        section = f"<!-- real -->\n{real_section(real)}<!-- /real -->"
    elif kept:
        section = kept.group()
    else:
        section = "<!-- real -->\nNo recordings were present.\n<!-- /real -->"
    path.write_text(
        "\n".join(
            [
                _INTRODUCTION,
                _versions(),
                simulated_section(scores, alarms, angles),
                section,
                _published(),
            ]
        ),
        encoding="utf-8",
    )


def simulated_section(
    scores: Sequence[Score], alarms: Sequence[FalseAlarm], angles: Sequence[AngleScore] = ()
) -> str:
    """Everything about simulated people."""
    titles = {v.name: v for v in VARIATIONS}
    paced = [s for s in scores if s.kind == GUIDED]
    scores = [s for s in scores if s.kind != GUIDED]
    by_fault = grouped(scores, lambda s: s.variation)
    order = [v.name for v in VARIATIONS if v.name in by_fault]
    return "\n".join(
        [
            "## Simulated people",
            "",
            f"Seeds (persons, sensors, mountings) in each cell: {len({s.seed for s in scores})}.",
            "",
            _glance(scores, alarms),
            "### Each exercise, all variations together",
            "",
            _score_table("exercise", sorted(grouped(scores, lambda s: s.exercise).items())),
            *_paced_lines(paced),
            "### Each variation, all exercises together",
            "",
            "The usual run is a healthy adult with an unknown mounting, a BMI270 at 100 samples a",
            "second and soft tissue under it; every other row changes one thing.",
            "",
            _score_table(
                "variation", [(f"{titles[n].group}: {titles[n].title}", by_fault[n]) for n in order]
            ),
            _weak(scores),
            _alarm_section(alarms),
            _angle_section(angles),
        ]
    )


def real_section(scores: Sequence[RealScore]) -> str:
    """Everything about recordings of real people."""
    lines = [
        "## Real people",
        "",
        "Public research recordings of other people, not shipped with this project. A count by eye",
        "or by protocol is not exact truth; sets whose counter was unsure are marked and left out",
        "of *exact*.",
        "",
    ]
    rows = []
    families = sorted({s.family for s in scores})
    for family in [*families, "all"]:
        part = [s for s in scores if family in (s.family, "all")]
        done = [s for s in part if s.wanted]
        sure = [s for s in done if s.sure]
        edges = [e for s in part for e in s.edges_s]
        hips = [s.hip.rmse_deg for s in part if s.hip is not None]
        ranges = [abs(s.hip.range_error_deg) for s in part if s.hip is not None]
        rows.append(
            [
                family,
                str(len(done)),
                share(sum(s.got == s.wanted for s in sure), len(sure)),
                share(sum(abs(s.got - s.wanted) <= 1 for s in done), len(done)),
                str(sum(s.got for s in part if not s.wanted)) if len(part) > len(done) else NONE,
                median_p95(edges),
                f"{mean_of(hips):.1f} / {mean_of(ranges):.1f} deg ({len(hips)})" if hips else NONE,
            ]
        )
    head = [
        "recordings",
        "sets",
        "exact, where the truth is sure",
        "within one",
        "false where nothing was done",
    ]
    head += [
        "edges median / p95",
        "hip flexion against optical: RMSE / error of range (recordings)",
    ]
    lines += [*table(head, rows), "", *_hip_lines(scores), "Each set:", ""]
    each = [
        [
            s.name,
            s.exercise,
            str(s.wanted) + ("" if s.sure else " (unsure)"),
            str(s.got),
            median_p95(s.edges_s),
        ]
        for s in scores
    ]
    lines += [*table(["recording", "exercise", "done", "counted", "edges median / p95"], each), ""]
    return "\n".join(lines)


def _hip_lines(scores: Sequence[RealScore]) -> list[str]:
    rows = [
        [
            s.name,
            f"{s.hip.rmse_deg:.1f}",
            f"{s.hip.range_error_deg:+.1f}",
            *([NONE] * 2 if s.hip.lean_deg is None else [f"{deg:.1f}" for deg in s.hip.lean_deg]),
        ]
        for s in scores
        if s.hip is not None
    ]
    if not rows:
        return []
    head = ["recording", "hip flexion, RMSE", "error of its range"]
    head += ["pelvis leans by: cameras", "pelvis sensor"]
    return [
        "Hip flexion against cameras, in degrees. The last two columns show what limits it: by how",
        "much the pelvis leant in the movement, whichever way. No heading, axis or second sensor",
        "has a part in them: where they differ, the skin under the sensor did not go with the",
        "pelvis (or the cameras' markers, on skin as well, did not), and the range of hip flexion",
        "is wrong by about as much. That is not corrected: we know of no published correction for",
        "a pelvis sensor, and one fitted to these recordings would be one person's.",
        "",
        *table(head, rows),
        "",
    ]


def _versions() -> str:
    names = ("sensorhub", "vqf", "numpy", "scipy")
    packages = ", ".join(f"{name} {version(name)}" for name in names)
    return f"Measured with {packages}; detectors version {DETECTOR_VERSION}.\n"


def _glance(scores: Sequence[Score], alarms: Sequence[FalseAlarm]) -> str:
    counted = [s for s in scores if s.kind in (REPETITION, HOLD, BREATH)]
    edges = [e for s in scores if s.kind == REPETITION for e in s.edges_s]
    credited = [e for s in scores for e in s.credited_s]
    entering = [e for s in scores for e in s.entering_s]
    leaving = [e for s in scores for e in s.leaving_s]
    breaths = [s for s in scores if s.kind == BREATH]
    false = sum(s.false for s in counted)
    hours = sum(s.seconds for s in counted) / 3600.0
    idle = sum(a.counted for a in alarms)
    rows = [
        ["sets exact", share(sum(s.exact for s in counted), len(counted)), "95 %", "99 %"],
        [
            "sets within one",
            share(sum(s.within_one for s in counted), len(counted)),
            "99.5 %",
            "100 %",
        ],
    ]
    if credited:
        mean, half = mean_interval(credited)
        rows += [
            [
                "seconds of holds, mean error",
                f"{mean:.2f} ± {half:.2f} s ({len(credited)} holds)",
                f"{HELD_MEAN_S} s",
                "0.1 s",
            ],
            ["entering a hold, p95", p95(entering), f"{TURN_P95_S} s", "0.2 s"],
            ["leaving a hold, p95", p95(leaving), f"{TURN_P95_S} s", "0.2 s"],
        ]
    if edges:
        bar = f"{EDGE_MEDIAN_S} / {EDGE_P95_S} s"
        rows += [
            ["edges of repetitions, median / p95", median_p95(edges), bar, "0.10 / 0.25 s"],
            ["range of motion, mean error / p95", range_error(scores), NONE, NONE],
        ]
    if breaths:
        rows.append(
            [
                "sets of breaths exact",
                share(sum(s.exact for s in breaths), len(breaths)),
                "90 %",
                "98 %",
            ]
        )
    rows += [
        ["false repetitions or holds within sets", f"{false} in {hours:.1f} h", "0", "0"],
        ["false ones during other activities", f"{idle} in {len(alarms)} analyses", "0", "0"],
    ]
    return "\n".join(
        [*table(["all runs, faults included", "measured", "at least", "aim"], rows), ""]
    )


def _score_table(name: str, groups: Iterable[tuple[str, Sequence[Score]]]) -> str:
    head = [name, "runs", "exact", "within one", "kinds right", "false", "edges median / p95"]
    head += ["range: mean error / p95", "held: mean / p95", "entering / leaving p95"]
    rows = []
    for title, runs in groups:
        credited = [e for s in runs for e in s.credited_s]
        entering = [e for s in runs for e in s.entering_s]
        leaving = [e for s in runs for e in s.leaving_s]
        held = turned = NONE
        if credited:
            held = f"{mean_interval(credited)[0]:.2f} / {quantile(credited, 0.95):.2f} s"
            turned = f"{quantile(entering, 0.95):.2f} / {quantile(leaving, 0.95):.2f} s"
        rows.append(
            [
                title,
                str(len(runs)),
                share(sum(s.exact for s in runs), len(runs)),
                percent(sum(s.within_one for s in runs), len(runs)),
                percent(sum(s.kinds_right for s in runs), len(runs)),
                str(sum(s.false for s in runs)),
                median_p95([e for s in runs for e in s.edges_s]),
                range_error(runs),
                held,
                turned,
            ]
        )
    return "\n".join([*table(head, rows), ""])


def _paced_lines(paced: Sequence[Score]) -> list[str]:
    """Nothing of these is seen, so that nothing of them can be right: only false ones can be."""
    lines = []
    for exercise, runs in sorted(grouped(paced, lambda s: s.exercise).items()):
        false = sum(s.false for s in runs)
        said = f"{false} times something was" if false else "nothing was"
        lines.append(
            f"`{exercise}` is paced, not counted: {said} falsely seen in {len(runs)} runs."
        )
    return ["\n\n".join([*lines, ""])] if lines else []


def _weak(scores: Sequence[Score]) -> str:
    titles = {v.name: v.title for v in VARIATIONS}
    order = {v.name: k for k, v in enumerate(VARIATIONS)}
    miscounted, late = [], []
    cells = sorted(
        grouped(scores, lambda s: (s.exercise, s.variation)).items(),
        key=lambda cell: (cell[0][0], order[cell[0][1]]),
    )
    for (exercise, variation), runs in cells:
        exact = sum(s.exact for s in runs)
        if exact < LEAST_EXACT * len(runs):
            off = Counter(s.got - s.wanted for s in runs if not s.exact)
            said = ", ".join(f"{n} x {d:+d}" for d, n in sorted(off.items()))
            miscounted.append([exercise, titles[variation], share(exact, len(runs)), said])
        if timing := missed(runs):
            late.append([exercise, titles[variation], "; ".join(timing)])
    return "\n".join(
        [
            "### Where it is weak",
            "",
            f"Every cell of the matrix with fewer than {100 * LEAST_EXACT:.0f} % exact sets.",
            "",
            *table_or_none(["exercise", "variation", "exact", "off by"], miscounted),
            "",
            "Every cell that misses a bar for timing: seconds of holds off by more than",
            f"{HELD_MEAN_S} s (mean), entering or leaving a hold by {TURN_P95_S} s (p95), edges of",
            f"repetitions or breaths by {EDGE_P95_S} s (p95).",
            "",
            *table_or_none(["exercise", "variation", "misses"], late),
            "",
        ]
    )


def _alarm_section(alarms: Sequence[FalseAlarm]) -> str:
    lines = [
        "### Doing something else",
        "",
        "Each activity for half a minute, analysed as every exercise that a thigh or pelvis sensor",
        "counts (sitting down and bending are not held against squats, lunges and the like, which",
        "bend the hip out of standing as well). Nothing may be counted.",
        "",
    ]
    rows = []
    for activity, part in sorted(grouped(alarms, lambda a: a.activity).items()):
        counted = sum(a.counted for a in part)
        spans = sum(a.seconds for a in part) / 600.0
        which = Counter[str]()
        for alarm in part:
            which[alarm.exercise] += alarm.counted
        worst = ", ".join(
            f"{name} {n}" for name, n in sorted(which.items(), key=lambda i: (-i[1], i[0]))[:4] if n
        )
        rows.append(
            [
                activity.replace("_", " "),
                str(len(part)),
                str(counted),
                f"{counted / spans:.2f} (at most {at_most(counted) / spans:.2f})",
                worst or NONE,
            ]
        )
    head = ["activity", "analyses", "counted", "in 10 minutes", "most as"]
    return "\n".join([*lines, *table(head, rows), ""])


def _angle_section(angles: Sequence[AngleScore]) -> str:
    if not angles:
        return ""
    lines = [
        "### Angles",
        "",
        "Sensors aligned by standing still, their heading learnt from the movement; both legs in",
        "turn; a sensor as it comes from the shop, not calibrated, and for comparison one without",
        "errors. Thigh elevation with one sensor and soft tissue off, hip flexion with two and",
        "soft tissue on (about 5 % of flexion and what wobbles). In degrees.",
        "",
    ]
    groups = grouped(angles, lambda a: a.movement.replace("_", " ")) | {"all": list(angles)}
    return "\n".join([*lines, *table(*angle_rows(groups)), ""])


def _published() -> str:
    rows = [[p.what, p.where, p.figure, p.source] for p in PUBLISHED]
    return "\n".join(
        [
            "",
            "## What others report",
            "",
            "Other people, exercises and sensors: an order of magnitude, not a comparison.",
            "",
            *table(["quantity", "sensor", "figure", "source"], rows),
            "",
        ]
    )
