"""Scenario files: what a person does, in which order, as frozen values.

A scenario is one TOML file: a start posture, the person, and ``[[step]]`` tables, each with exactly
one of ``movement``, ``posture``, ``activity``, ``rest_s`` or ``wait``. A movement that the library
(``body/movements.toml``) does not have may be brought along in ``[movements.NAME]``, same keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from firmware_sim.body.movements import Movement, movement, read_movements
from firmware_sim.body.postures import posture_names
from firmware_sim.fields import Fields, InputError, nearest, read_toml

SCENARIO_DIR = Path(__file__).parent.parent / "scenarios"
STEP_KINDS = ("movement", "posture", "activity", "rest_s", "wait")
ACTIVITIES = (
    "walk",
    "fetch_chair",
    "sit_down_and_stand_up",
    "roll_over",
    "scratch",
    "adjust_strap",
    "fidget",
    "cough",
    "pick_up",
    "shift_weight",
)


@dataclass(frozen=True, slots=True)
class PersonTraits:
    """How regular the person is; the defaults are the notes' figures for healthy adults."""

    amplitude_cv: float = 0.07
    tempo_cv: float = 0.12
    coupling: float = 0.08  # share of a movement that leaks into the other planes
    return_scatter_rad: float = float(np.deg2rad(1.0))  # back in the start pose, but not quite
    roughness: float = 0.006  # shaking of a moving leg, as a share of the movement's size
    sway: float = 1.0  # scale of the small movements of resting
    habit_rad: float = float(np.deg2rad(2.5))  # how far one's neutral pose is from the book's
    heading_rad: float = 0.0
    heel_strike_mps2: float = 9.0


@dataclass(frozen=True, slots=True)
class Dip:
    """An interrupted hold: from ``at_s`` on, for ``duration_s``, ``fraction`` of the way back."""

    at_s: float
    duration_s: float
    fraction: float


@dataclass(frozen=True, slots=True)
class Perform:
    """One set of a movement. Indices of repetitions count from 1."""

    movement: Movement
    side: str
    reps: int
    tempo_s: float
    amplitude: float
    rest_s: tuple[float, float]
    top_pause_s: float
    hold_s: float
    ramp_s: float
    settle_s: float
    partial: frozenset[int]
    partial_amplitude: float
    pause_at: frozenset[int]
    pause_s: float
    bounce_top: float
    bounce_bottom: float
    tremor_rad: float
    tremor_hz: float
    sag_radps: float
    dips: tuple[Dip, ...]
    alternate: bool
    omit: frozenset[int]
    omit_way: str
    direction: str
    steps_out: int
    cough_at: frozenset[int]


@dataclass(frozen=True, slots=True)
class Take:
    """Go to a posture."""

    posture: str
    side: str


@dataclass(frozen=True, slots=True)
class Act:
    """Do something that is not exercise."""

    activity: str
    duration_s: float
    side: str
    stride_hz: float
    slip_rad: float


@dataclass(frozen=True, slots=True)
class Rest:
    """Stay as one is."""

    duration_s: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Stay as one is until a cue is felt, at most ``timeout_s``."""

    timeout_s: float | None


Step = Perform | Take | Act | Rest | Wait


@dataclass(frozen=True, slots=True)
class Scenario:
    """What one person does."""

    name: str
    title: str
    posture: str
    side: str
    lead_in_s: float
    lead_out_s: float
    steps: tuple[Step, ...]
    traits: PersonTraits = field(default_factory=PersonTraits)

    @property
    def waits(self) -> bool:
        """Does it wait for cues, so that its length is not known beforehand?"""
        return any(isinstance(step, Wait) for step in self.steps)


def scenario_names() -> list[str]:
    """The scenarios that come with the simulator."""
    return sorted(path.stem for path in SCENARIO_DIR.glob("*.toml"))


def load_scenario(name: str) -> Scenario:
    """A scenario by name, or by path where ``name`` ends in ``.toml``.

    Raises:
        InputError: it is not there or not right; one sentence says where.
    """
    if name.endswith(".toml"):
        path = Path(name)
    else:
        path = SCENARIO_DIR / f"{name}.toml"
        if not path.is_file():
            raise InputError(f"no scenario {name!r}{nearest(name, scenario_names())}")
    root = Fields(read_toml(path), path.name)
    return parse_scenario(root, path.stem)


def parse_scenario(root: Fields, name: str) -> Scenario:
    """A scenario from its table."""
    side = root.word("side", "right", ("right", "left"))
    traits = _traits(root.table("person"))
    own = read_movements(root.table("movements"))
    steps = tuple(_step(entry, side, own) for entry in root.tables("step"))
    if not steps:
        raise InputError(f"{root.where}: a scenario needs at least one [[step]]")
    first = next((s.movement.posture for s in steps if isinstance(s, Perform)), "standing")
    scenario = Scenario(
        name=name,
        title=root.word("title", name),
        posture=root.word("posture", first, posture_names()),
        side=side,
        lead_in_s=root.number("lead_in_s", 4.0, low=0.5, high=600.0),
        lead_out_s=root.number("lead_out_s", 3.0, low=0.0, high=600.0),
        steps=steps,
        traits=traits,
    )
    root.close()
    return scenario


def _traits(fields: Fields) -> PersonTraits:
    usual = PersonTraits()
    rad = np.pi / 180.0
    traits = PersonTraits(
        amplitude_cv=fields.number("amplitude_cv", usual.amplitude_cv, low=0.0, high=0.5),
        tempo_cv=fields.number("tempo_cv", usual.tempo_cv, low=0.0, high=0.5),
        coupling=fields.number("coupling", usual.coupling, low=0.0, high=0.5),
        roughness=fields.number("roughness", usual.roughness, low=0.0, high=0.2),
        return_scatter_rad=rad * fields.number("return_scatter_deg", 1.0, low=0.0, high=30.0),
        sway=fields.number("sway", usual.sway, low=0.0, high=20.0),
        habit_rad=rad * fields.number("habit_deg", 2.5, low=0.0, high=20.0),
        heading_rad=rad * fields.number("heading_deg", 0.0, low=-360.0, high=360.0),
        heel_strike_mps2=fields.number("heel_strike_mps2", 9.0, low=0.0, high=100.0),
    )
    fields.close()
    return traits


def _step(fields: Fields, side: str, own: Mapping[str, Movement]) -> Step:
    kinds = [kind for kind in STEP_KINDS if kind in fields]
    if "movement" in kinds and "rest_s" in kinds:
        kinds.remove("rest_s")  # there it is the rest between repetitions
    if len(kinds) != 1:
        raise InputError(f"{fields.where}: a step has exactly one of {', '.join(STEP_KINDS)}")
    step: Step
    match kinds[0]:
        case "rest_s":
            step = Rest(fields.number("rest_s", 0.0, low=0.0, high=86_400.0))
        case "wait":
            fields.word("wait", "", ("cue",))
            timeout = fields.number("timeout_s", 0.0, low=0.0, high=86_400.0)
            step = Wait(timeout or None)
        case "posture":
            name = fields.word("posture", "", posture_names())
            step = Take(name, fields.word("side", side, ("right", "left")))
        case "activity":
            step = Act(
                activity=fields.word("activity", "", ACTIVITIES),
                duration_s=fields.number("duration_s", 10.0, low=0.5, high=86_400.0),
                side=fields.word("side", side, ("right", "left")),
                stride_hz=fields.number("stride_hz", 0.9, low=0.4, high=1.6),
                slip_rad=float(np.deg2rad(fields.number("slip_deg", 0.0, low=-180, high=180))),
            )
        case _:
            step = _perform(fields, side, own)
    fields.close()
    return step


def _perform(fields: Fields, side: str, own: Mapping[str, Movement]) -> Perform:
    found = movement(fields.word("movement", ""), own=own)
    rad = np.pi / 180.0
    rest = fields.numbers("rest_s", (found.rest_s * 0.6, found.rest_s * 1.5))
    omit_way = fields.word("omit_way", "", ["", *(w.name for w in found.ways)])
    if len(rest) not in (1, 2) or min(rest) < 0.0 or max(rest) > 600.0:
        raise InputError(f"{fields.where}: rest_s is a time, or a shortest and a longest")
    return Perform(
        movement=found,
        side=fields.word("side", side, ("right", "left")),
        reps=fields.integer("reps", found.reps, low=1),
        tempo_s=fields.number("tempo_s", found.tempo_s, low=0.3, high=60.0),
        amplitude=fields.number("amplitude", 1.0, low=0.01, high=2.0),
        rest_s=(rest[0], rest[-1]),
        top_pause_s=fields.number("top_pause_s", found.top_pause_s, low=0.0, high=60.0),
        hold_s=fields.number("hold_s", found.hold_s, low=0.0, high=600.0),
        ramp_s=fields.number("ramp_s", found.ramp_s, low=0.3, high=30.0),
        settle_s=fields.number("settle_s", 1.0, low=0.0, high=60.0),
        partial=_indices(fields, "partial"),
        partial_amplitude=fields.number("partial_amplitude", 0.4, low=0.05, high=1.0),
        pause_at=_indices(fields, "pause_at"),
        pause_s=fields.number("pause_s", found.pause_s or 2.0, low=0.0, high=30.0),
        bounce_top=fields.number("bounce_top", 0.0, low=0.0, high=0.9),
        bounce_bottom=fields.number("bounce_bottom", 0.0, low=0.0, high=0.9),
        tremor_rad=rad * fields.number("tremor_deg", 0.0, low=0.0, high=20.0),
        tremor_hz=fields.number("tremor_hz", 6.0, low=2.0, high=15.0),
        sag_radps=rad * fields.number("sag_deg_per_s", 0.0, low=0.0, high=5.0),
        dips=tuple(_dip(entry) for entry in fields.tables("dip")),
        alternate=fields.flag("alternate"),
        omit=_indices(fields, "omit"),
        omit_way=omit_way,
        direction=fields.word("direction", found.direction, ("", "cw", "ccw", "forward", "back")),
        steps_out=fields.integer("steps_out", found.steps_out, low=1, high=10),
        cough_at=_indices(fields, "cough_at"),
    )


def _dip(fields: Fields) -> Dip:
    dip = Dip(
        at_s=fields.number("at_s", 5.0, low=0.0, high=600.0),
        duration_s=fields.number("duration_s", 1.0, low=0.3, high=60.0),
        fraction=fields.number("fraction", 0.6, low=0.05, high=1.0),
    )
    fields.close()
    return dip


def _indices(fields: Fields, name: str) -> frozenset[int]:
    values = fields.numbers(name)
    if any(v != int(v) or v < 1 for v in values):
        raise InputError(f"{fields.where}: {name} lists repetitions, counted from 1")
    return frozenset(int(v) for v in values)
