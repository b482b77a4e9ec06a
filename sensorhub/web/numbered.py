"""What was said, numbered, so that a page shows and speaks each thing once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sensorhub.coach.prompts import Prompt
from sensorhub.coach.said import Said

KEPT = 6


@dataclass(frozen=True, slots=True)
class Numbered:
    """One thing said; ``document`` is what the frame carries of it."""

    said: Said
    document: Mapping[str, Any]


class Numbering:
    """Gives each new :class:`Said` of a session the next number.

    Args:
        words: a prompt in every language.
    """

    def __init__(self, words: Callable[[Prompt], Mapping[str, str]]) -> None:
        self._words = words
        self._next = 1
        self._known: list[Numbered] = []

    def number(self, said: Sequence[Said]) -> Sequence[Numbered]:
        """The last few things said with their numbers; the same object is the same thing said."""
        known = {id(one.said): one for one in self._known}
        self._known = [known.get(id(one)) or self._new(one) for one in said[-KEPT:]]
        return self._known

    def _new(self, said: Said) -> Numbered:
        number, self._next = self._next, self._next + 1
        prompt = said.prompt
        return Numbered(
            said,
            {
                "id": number,
                "key": "" if prompt is None else prompt.key.value,
                "text": {"en": said.text} if prompt is None else dict(self._words(prompt)),
                "aloud": said.aloud,
                "urgent": said.urgent,
            },
        )
