"""Sets that have ended: their last samples are on the way, then they are judged, kept, and told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sensorhub.coach.prompts import Prompt, PromptKey
from sensorhub.coach.recount import DOUBTS, Heard, recount
from sensorhub.coach.said import Said, note
from sensorhub.coach.texts import Texts
from sensorhub.daemon.visit.running_set import RunningSet
from sensorhub.model.outcomes import FlagCode, QualityFlag, SetOutcome
from sensorhub.model.placement import Placement
from sensorhub.model.units import NS_PER_S
from sensorhub.sessions.stages.headline import headline
from sensorhub.sessions.stages.process import why_not
from sensorhub.sessions.stages.wearing import Wearing
from sensorhub.sessions.store.store import SessionLog


@dataclass(frozen=True, slots=True)
class _Ended:
    """A set, and what was said of it aloud."""

    running: RunningSet
    heard: Heard | None


class ClosingSets:
    """Closes sets in the order they ended.

    Args:
        log: where they are kept.
        tell: says something to the person.
    """

    def __init__(self, log: SessionLog, texts: Texts, *, tell: Callable[[Said], None]) -> None:
        self._log = log
        self._texts = texts
        self._tell = tell
        self._ended: list[_Ended] = []
        self._wearing = Wearing({})
        self._doubts: set[tuple[FlagCode, Placement]] = set()

    @property
    def sets(self) -> tuple[RunningSet, ...]:
        """Those that are not closed yet, in order."""
        return tuple(ended.running for ended in self._ended)

    def add(self, running: RunningSet, heard: Heard | None) -> None:
        """This set has ended; ``heard`` is what was said of it aloud, None where it was paced."""
        self._ended.append(_Ended(running, heard))

    def close_due(self, now_s: float, latest_s: Mapping[Placement, float]) -> None:
        """Close those of which nothing more comes, or is waited for.

        Args:
            now_s: hub time.
            latest_s: of each sensor, the hub time of its newest tick.
        """
        for ended in [e for e in self._ended if e.running.is_complete(now_s, latest_s)]:
            self._close(ended)

    def close_all(self) -> None:
        """Close them now, with what has come."""
        for ended in list(self._ended):
            self._close(ended)

    def _close(self, ended: _Ended) -> None:
        self._ended.remove(ended)
        running, heard = ended.running, ended.heard
        outcome: SetOutcome | None = None
        try:
            outcome = running.finish(self._wearing)
            result = headline(outcome)
        except Exception as error:  # noqa: BLE001 (the log has everything; the end counts again)
            result = why_not(error)
        self._log.end_set(
            running.number,
            ended_ns=round(running.end_s * NS_PER_S),
            live=outcome,
            said_count=None if heard is None else heard.count,
        )
        planned = running.planned
        title = self._texts.exercise(planned.exercise).title + self._texts.side(planned.side)
        self._tell(note(f"Set {running.number}, {title}: {result.rstrip('.')}."))
        if outcome is None:
            return
        otherwise = [] if heard is None else recount(planned, heard, outcome)
        for prompt in otherwise:
            self._tell(self._texts.said(prompt))
        puzzling = any(prompt.key is PromptKey.RECOUNT_NONE for prompt in otherwise)
        for flag in outcome.flags:
            self._doubt(flag, again=puzzling)

    def _doubt(self, flag: QualityFlag, *, again: bool) -> None:
        """What a set shows of how a sensor is worn is said after it; again if nothing counted."""
        key = DOUBTS.get(flag.code)
        if key is None or flag.placement is None:
            return
        if (flag.code, flag.placement) in self._doubts and not again:
            return
        self._doubts.add((flag.code, flag.placement))
        self._tell(self._texts.said(Prompt(key, {"placement": flag.placement})))
