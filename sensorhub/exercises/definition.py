"""Exercises as data: one TOML a movement in ``library/``, read, checked and frozen here.

Everything a person reads in those files is in degrees; everything inside is in radians. A key
nobody knows is refused, because a misspelt threshold that is silently ignored counts wrongly.
"""

import difflib
import enum
import functools
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib.resources import files
from types import MappingProxyType
from typing import Any, TypeVar

from sensorhub.exercises.thresholds import BY_DETECTOR, Thresholds
from sensorhub.model.errors import InputError
from sensorhub.model.outcomes import Evidence
from sensorhub.model.placement import Placement, Side

_Choice = TypeVar("_Choice", bound=enum.StrEnum)
_Table = TypeVar("_Table")


class Posture(enum.StrEnum):
    """How the body is when a set starts."""

    STANDING = "standing"
    SITTING = "sitting"
    SUPINE = "supine"
    SIDE_LYING = "side_lying"
    PRONE = "prone"
    QUADRUPED = "quadruped"
    HALF_KNEELING = "half_kneeling"
    ANY = "any"


class Plane(enum.StrEnum):
    """The plane in which the thigh moves furthest, where every repetition keeps to it."""

    SAGITTAL = "sagittal"
    OPEN = "open"  # sideways, about the thigh's own axis, or anyhow


@dataclass(frozen=True, slots=True)
class Dose:
    """What is usually prescribed for one side; zero where it does not apply.

    Attributes:
        sets: how many runs.
        repetitions: repetitions, cycles, steps or breaths in a run.
        hold_s: how long to hold (each repetition, or the pose itself).
        duration_s: how long the run lasts where time is what is prescribed.
        pace_s: what one repetition should at least take; faster, and the person is slowed down.
    """

    sets: int = 1
    repetitions: int = 0
    hold_s: float = 0.0
    duration_s: float = 0.0
    pace_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Range:
    """How far the sensor's segment turns in a usual repetition: nobody less, most, nobody more."""

    least_rad: float
    usual_rad: float
    most_rad: float


TRANSLATIONS = ("de",)
"""Languages an exercise may be described in beside English: a table of that name in its TOML."""


@dataclass(frozen=True, slots=True)
class ExerciseWords:
    """How an exercise is called and described in one language; ``easier`` may be empty."""

    title: str
    start: str
    movement: str
    easier: str


@dataclass(frozen=True, slots=True)
class Exercise:
    """One movement of the programme.

    Attributes:
        start: how to get ready, plain words.
        movement: what to do, plain words.
        easier: an easier variation, or empty.
        placements: every placement that may take part, the ones that count first.
        primary: the segments that can carry the count, in order of preference.
        optional: segments that add measures.
        sides: the sides a run can be done on.
        posture: how the body is at the start of a run.
        range: of the primary segment, None where nothing is measured.
        detector: name of the module in ``detectors/``.
        translations: the four texts in other languages, by language.
        plane: in which the thigh moves; only a sagittal movement shows which way is forwards.
        underneath: lying on the side, the leg with the sensor is the lower one.
    """

    id: str
    title: str
    start: str
    movement: str
    easier: str
    primary: tuple[str, ...]
    optional: tuple[str, ...]
    sides: tuple[Side, ...]
    posture: Posture
    dose: Dose
    range: Range | None
    detector: str
    thresholds: Thresholds
    evidence: Evidence
    translations: Mapping[str, ExerciseWords] = field(default_factory=dict)
    plane: Plane = Plane.OPEN
    underneath: bool = False

    def words(self, language: str) -> ExerciseWords:
        """Its name and description in that language, in English where there is none."""
        english = ExerciseWords(self.title, self.start, self.movement, self.easier)
        return self.translations.get(language, english)

    @property
    def placements(self) -> tuple[Placement, ...]:
        """Every placement that may take part, either side, the primary ones first."""
        order = (*self.primary, *self.optional)
        return tuple(p for segment in order for p in Placement if p.segment == segment)


def load_library() -> Mapping[str, Exercise]:
    """All exercises by id. Raises InputError naming the file and the key that is wrong."""
    return _library()


def find_exercise(exercise_id: str) -> Exercise:
    """The exercise of that id. Raises InputError with the nearest names."""
    library = load_library()
    if exercise_id in library:
        return library[exercise_id]
    near = difflib.get_close_matches(exercise_id, library, n=3, cutoff=0.4)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(sorted(library))}."
    raise InputError(f"There is no exercise called {exercise_id!r}.", hint=hint)


def parse_exercise(text: str, *, source: str) -> Exercise:
    """One exercise from the text of its TOML. ``source`` names it in errors (InputError)."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{source} is not valid TOML: {error}.") from error
    return _Reader(table, source).exercise()


@functools.cache
def _library() -> Mapping[str, Exercise]:
    found: dict[str, Exercise] = {}
    folder = files("sensorhub.exercises") / "library"
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.name.endswith(".toml"):
            exercise = parse_exercise(entry.read_text(encoding="utf-8"), source=entry.name)
            if entry.name != f"{exercise.id}.toml":
                raise InputError(
                    f"{entry.name}: the id inside is {exercise.id!r}; they must agree."
                )
            found[exercise.id] = exercise
    return MappingProxyType(found)


class _Reader:
    """Takes keys out of a parsed TOML; what is left at the end is nobody's."""

    def __init__(self, table: dict[str, Any], source: str) -> None:
        self._table = dict(table)
        self._source = source

    def exercise(self) -> Exercise:
        detector = self._text("detector")
        if detector not in BY_DETECTOR:
            raise self._wrong(f"detector {detector!r} is none of {', '.join(BY_DETECTOR)}")
        exercise = Exercise(
            id=self._text("id"),
            title=self._text("title"),
            start=self._text("start"),
            movement=self._text("movement"),
            easier=self._text("easier", ""),
            primary=self._segments("primary"),
            optional=self._segments("optional"),
            sides=tuple(self._choice(Side, s, "sides") for s in self._list("sides")),
            posture=self._choice(Posture, self._text("posture"), "posture"),
            dose=self._into(Dose, self._take_table("dose")),
            range=self._range(),
            detector=detector,
            thresholds=self._into(BY_DETECTOR[detector], self._take_table("thresholds")),
            evidence=self._choice(Evidence, self._text("evidence"), "evidence"),
            translations=self._translations(),
            plane=self._choice(Plane, self._text("plane", Plane.OPEN), "plane"),
            underneath=self._flag("underneath"),
        )
        if self._table:
            raise self._wrong(f"unknown key {', '.join(sorted(self._table))}")
        if exercise.underneath and exercise.posture is not Posture.SIDE_LYING:
            raise self._wrong("underneath is for lying on the side")
        if not exercise.sides:
            raise self._wrong("sides is empty")
        if exercise.evidence is not Evidence.GUIDED and not exercise.primary:
            raise self._wrong("a measured exercise needs a primary segment")
        return exercise

    def _wrong(self, what: str) -> InputError:
        return InputError(f"{self._source}: {what}.")

    def _text(self, key: str, default: str | None = None) -> str:
        value = self._table.pop(key, default)
        if not isinstance(value, str):
            raise self._wrong(f"{key} is missing or no text")
        return " ".join(value.split())

    def _flag(self, key: str) -> bool:
        value = self._table.pop(key, False)
        if not isinstance(value, bool):
            raise self._wrong(f"{key} is neither true nor false")
        return value

    def _list(self, key: str) -> list[str]:
        value = self._table.pop(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self._wrong(f"{key} is no list of texts")
        return value

    def _segments(self, key: str) -> tuple[str, ...]:
        known = {p.segment for p in Placement}
        for segment in (value := self._list(key)):
            if segment not in known:
                raise self._wrong(f"{key}: {segment!r} is none of {', '.join(sorted(known))}")
        return tuple(value)

    def _choice(self, kind: type[_Choice], value: str, key: str) -> _Choice:
        try:
            return kind(value)
        except ValueError:
            names = ", ".join(kind)
            raise self._wrong(f"{key}: {value!r} is none of {names}") from None

    def _translations(self) -> Mapping[str, ExerciseWords]:
        found = {}
        for language in TRANSLATIONS:
            if table := self._take_table(language):
                reader = _Reader(table, f"{self._source}, [{language}]")
                found[language] = reader.words()
        return MappingProxyType(found)

    def words(self) -> ExerciseWords:
        """The words of one translation; every key but ``easier`` must be there."""
        words = ExerciseWords(
            title=self._text("title"),
            start=self._text("start"),
            movement=self._text("movement"),
            easier=self._text("easier", ""),
        )
        if self._table:
            raise self._wrong(f"unknown key {', '.join(sorted(self._table))}")
        return words

    def _take_table(self, key: str) -> dict[str, Any]:
        value = self._table.pop(key, {})
        if not isinstance(value, dict):
            raise self._wrong(f"{key} is no table")
        return value

    def _range(self) -> Range | None:
        table = self._take_table("range")
        if not table:
            return None
        found = self._into(Range, table)
        if not 0.0 < found.least_rad <= found.usual_rad <= found.most_rad:
            raise self._wrong("range must have 0 < least_deg <= usual_deg <= most_deg")
        return found

    def _into(self, kind: type[_Table], table: dict[str, Any]) -> _Table:
        """A dataclass from a table whose keys are its fields, angles in degrees."""
        values: dict[str, Any] = {}
        for one in fields(kind):  # type: ignore[arg-type]  # every caller passes a dataclass
            key = one.name.replace("_rad", "_deg").replace("_degps", "_dps")
            if key in table:
                values[one.name] = self._value(key, table[key], angle=key != one.name)
        known = {f.name.replace("_rad", "_deg").replace("_degps", "_dps") for f in fields(kind)}  # type: ignore[arg-type]
        if unknown := set(table) - known:
            names = ", ".join(sorted(known))
            raise self._wrong(f"unknown key {', '.join(sorted(unknown))}; known here: {names}")
        try:
            return kind(**values)
        except TypeError as error:
            raise self._wrong(f"{kind.__name__.lower()}: {error}") from error

    def _value(self, key: str, value: object, *, angle: bool) -> object:
        if isinstance(value, list) and all(isinstance(v, int) for v in value):
            return tuple(value)
        if isinstance(value, bool):
            return value
        if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
            raise self._wrong(f"{key} must be a number, not negative")
        return math.radians(value) if angle else value
