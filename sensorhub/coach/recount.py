"""After a set: what was said of it aloud, and the sentence where the judgement came out otherwise.

The count that is heard is provisional; the whole set is judged when it is over. Who heard "ten"
and would find three in the log is told so at once, and why.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sensorhub.coach.dose import Dose
from sensorhub.coach.plan import PlannedSet
from sensorhub.coach.prompts import Blank, Prompt, PromptKey
from sensorhub.model.outcomes import FlagCode, SetOutcome
from sensorhub.model.placement import Side

HOLD_DIFFERS_S, HOLD_DIFFERS_SHARE = 2.0, 0.1
"""Held seconds that differ by less are the same to who held; the longer of the two counts."""

MISSING_SHARE = 0.2
"""With so much of the set missing, that is the reason; a lost sample now and then is none."""

DOUBTS: Mapping[FlagCode, PromptKey] = MappingProxyType(
    {
        FlagCode.UPSIDE_DOWN: PromptKey.UPSIDE_DOWN,
        FlagCode.WRONG_SIDE: PromptKey.WRONG_LEG,
        FlagCode.SLIPPED: PromptKey.SLIPPED,
        FlagCode.WRONG_SEGMENT: PromptKey.MISPLACED,
    }
)
"""What a set can show of how a sensor is worn, and what is said of it."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said aloud of one set.

    Attributes:
        done: what was said to be done, when the set ended.
        most: the highest count said at any time; 0 where none was.
        tried: it went on until nothing moved or time was up: more than nothing was expected.
    """

    done: Dose
    most: int
    tried: bool

    @property
    def count(self) -> int | None:
        """The highest count said, the last sentence included; None: it was not counted aloud."""
        return None if self.done.reps is None else max(self.most, self.done.reps)


def recorded_count(outcome: SetOutcome) -> int:
    """What stands in the log for what was counted aloud: full repetitions, breaths or steps."""
    return outcome.full_repetitions or len(outcome.breaths) or len(outcome.steps)


def recount(planned: PlannedSet, heard: Heard, outcome: SetOutcome) -> list[Prompt]:
    """What has to be said now that the set was judged; nothing where it is what was heard."""
    if heard.done.hold_s is not None:
        return _held(planned, heard.done.hold_s, heard, outcome)
    if heard.count is None or heard.done.reps is None:
        return []
    count = recorded_count(outcome)
    partial = len(outcome.repetitions) - outcome.full_repetitions
    blanks: dict[str, Blank] = {"exercise": planned.exercise, "done": Dose(reps=count)}
    if count > heard.done.reps:
        return [Prompt(PromptKey.RECOUNT_MORE, blanks)]
    if count >= heard.count:
        return _nothing_seen(planned, heard, outcome) if count == partial == 0 else []
    if count == partial == 0:
        return [Prompt(PromptKey.RECOUNT_NONE), *_why(planned, outcome)]
    # With most of it gone something is wrong with how the sensor is worn, or with what was done.
    why = _why(planned, outcome) if 2 * count < heard.count else []
    if partial == 0:
        return [Prompt(PromptKey.RECOUNT, blanks), *why]
    key = PromptKey.RECOUNT_PARTIAL
    if count + partial < heard.count:
        key = PromptKey.RECOUNT_PARTIAL_REST
    return [Prompt(key, {**blanks, "partial": partial}), *why]


def _held(planned: PlannedSet, said_s: float, heard: Heard, outcome: SetOutcome) -> list[Prompt]:
    held_s = sum(hold.held_s for hold in outcome.holds)
    if abs(held_s - said_s) <= max(HOLD_DIFFERS_S, HOLD_DIFFERS_SHARE * max(held_s, said_s)):
        return [] if held_s or said_s else _nothing_seen(planned, heard, outcome)
    if held_s == 0.0:
        return [Prompt(PromptKey.RECOUNT_NONE), *_why(planned, outcome)]
    key = PromptKey.RECOUNT_MORE if held_s > said_s else PromptKey.RECOUNT
    return [Prompt(key, {"exercise": planned.exercise, "done": Dose(hold_s=held_s)})]


def _nothing_seen(planned: PlannedSet, heard: Heard, outcome: SetOutcome) -> list[Prompt]:
    return _why(planned, outcome) if heard.tried else []


def _why(planned: PlannedSet, outcome: SetOutcome) -> list[Prompt]:
    """What the data say of it, else what is most likely. A doubt is said for itself."""
    codes = {flag.code for flag in outcome.flags}
    if codes & DOUBTS.keys():
        return []
    missing_s = sum(gap.duration_s for gap in outcome.gaps)
    if missing_s > MISSING_SHARE * (outcome.end_s - outcome.start_s):
        return [Prompt(PromptKey.CHECK_SIGNAL)]
    one_leg = planned.side in (Side.LEFT, Side.RIGHT)
    return [Prompt(PromptKey.CHECK_LEG if one_leg else PromptKey.CHECK_SENSOR)]
