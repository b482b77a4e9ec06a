"""What was said, numbered, so that a page shows and speaks each thing once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sensorhub.coach.said import Said
from sensorhub.web.sounds import SoundBook
from sensorhub.web.words import in_every_language

KEPT = 6


@dataclass(frozen=True, slots=True)
class Numbered:
    """One thing said; ``document`` is what the frame carries of it."""

    said: Said
    document: Mapping[str, Any]


class Numbering:
    """Gives each new :class:`Said` the next number, for as long as the hub runs.

    Args:
        sounds: names what can be heard; None: this hub cannot speak.
    """

    def __init__(self, sounds: SoundBook | None = None) -> None:
        self._sounds = sounds
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
        text = {"en": said.text} if prompt is None else in_every_language(prompt)
        heard = said.aloud and self._sounds is not None
        return Numbered(
            said,
            {
                "id": number,
                "key": "" if prompt is None else prompt.key.value,
                "text": text,
                "sound": self._sounds.names(text) if heard and self._sounds else {},
                "aloud": said.aloud,
                "urgent": said.urgent,
            },
        )
