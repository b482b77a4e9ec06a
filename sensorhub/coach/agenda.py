"""What is still to be done, in order; what may be done once more; what hurt and is done no more."""

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace

from sensorhub.coach.actions import Note
from sensorhub.coach.dose import Dose
from sensorhub.coach.plan import PlannedSet
from sensorhub.coach.questions import QuestionId
from sensorhub.coach.settings import MAX_REPEATS
from sensorhub.model.placement import Side


class Agenda:
    """The sets of a session.

    Attributes:
        taken: the set taken last: being prepared, run, or just rested from.
    """

    def __init__(self, sets: Sequence[PlannedSet]) -> None:
        self.taken: PlannedSet | None = None
        self._begun = False  # the set taken last
        self._due: PlannedSet | None = None  # comes before what is still to do
        self._todo = deque(sets)
        self._hurt: list[tuple[str, Side]] = []
        self._repeats: Counter[tuple[str, Side, int]] = Counter()

    @property
    def current(self) -> PlannedSet | None:
        """The set that was put off, else the one taken last."""
        return self._due or self.taken

    @property
    def upcoming(self) -> PlannedSet | None:
        """What comes after the current one."""
        return self._todo[0] if self._todo else None

    @property
    def has_more(self) -> bool:
        """Something is left to be taken."""
        return self._due is not None or bool(self._todo)

    @property
    def hurts(self) -> int:
        """How many times it hurt."""
        return len(self._hurt)

    def take(self) -> PlannedSet:
        """The next set; there must be one (``has_more``)."""
        self.taken, self._due = self._due or self._todo.popleft(), None
        self._begun = False
        return self.taken

    def begin(self) -> None:
        """The set taken last is begun."""
        self._begun = True

    def put_off(self) -> None:
        """The set taken last, not begun, is taken again next."""
        self._due = self.taken

    def put_off_rest(self, left: Dose) -> None:
        """What is left of the set taken last is taken next."""
        if self.taken is not None:
            self._due = replace(self.taken, dose=left)

    def may_repeat(self) -> bool:
        """The set taken last did not hurt, and was not done again too often."""
        one = self.taken
        if one is None or (one.exercise, one.side) in self._hurt:
            return False
        return self._repeats[one.exercise, one.side, one.number] < MAX_REPEATS

    def repeat(self) -> None:
        """The set taken last is done once more, next."""
        if (one := self.taken) is not None:
            self._repeats[one.exercise, one.side, one.number] += 1
            self._due = one

    def hurt(self) -> list[PlannedSet]:
        """The current set hurt: the sets that are left out because of that."""
        one = self.current
        if one is None:
            self._hurt.append(("", Side.NONE))
            return []
        self._hurt.append((one.exercise, one.side))
        dropped = [] if self._due is None else [self._due]
        self._due = None
        same = [s for s in self._todo if (s.exercise, s.side) == (one.exercise, one.side)]
        self._todo = deque(s for s in self._todo if s not in same)
        return dropped + same

    def note(self, kind: QuestionId, answer: str) -> Note:
        """What the person says of the current set: of the whole session where there is none."""
        # What is left of a set that was begun (put_off_rest) is still that set.
        of_set = self.taken is not None and self._begun
        return Note(kind, answer, of_set=of_set, planned=None if of_set else self.current)

    def is_last_of_exercise(self) -> bool:
        """Something else comes after the set taken last, or nothing."""
        following = self.upcoming
        return self.taken is None or following is None or following.exercise != self.taken.exercise
