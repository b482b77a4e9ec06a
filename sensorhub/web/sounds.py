"""What the hub says as sound, for browsers: the same files that its own loudspeaker plays.

A frame names the sound of what was said; the browser fetches it by that name. Most are made before
a session begins. One that is not there yet is made when it is asked for, but only if it is the
sound of something that was really said: a name from outside never decides what is made.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

from sensorhub.model.errors import EnvironmentProblemError
from sensorhub.speech.cache import SpeechCache, name_of
from sensorhub.speech.voice import Voice

REMEMBERED = 256
"""So many things said can still be fetched; a slow browser is seconds behind, not minutes."""

AT_ONCE = 2


class SoundBook:
    """Names and fetches sounds. Belongs to the event loop.

    Args:
        voices: how each language sounds.
    """

    def __init__(self, cache: SpeechCache, voices: Mapping[str, Voice]) -> None:
        self._cache = cache
        self._voices = dict(voices)
        self._said: OrderedDict[str, tuple[str, Voice]] = OrderedDict()
        self._making = asyncio.Semaphore(AT_ONCE)

    def names(self, text: Mapping[str, str]) -> dict[str, str]:
        """File names of a text's sounds, by language."""
        found = {}
        for language, words in text.items():
            voice = self._voices.get(language)
            if voice is not None and words:
                name = found[language] = name_of(words, voice)
                self._said[name] = (words, voice)
                self._said.move_to_end(name)
        while len(self._said) > REMEMBERED:
            self._said.popitem(last=False)
        return found

    async def fetch(self, name: str) -> bytes | None:
        """The sound of that name; None where there is none and none can be made."""
        path = self._cache.named(name)
        if path is None and name in self._said:
            words, voice = self._said[name]
            try:
                async with self._making:
                    path = await asyncio.to_thread(self._cache.get, words, voice)
            except EnvironmentProblemError:
                return None
        return None if path is None else await asyncio.to_thread(path.read_bytes)
