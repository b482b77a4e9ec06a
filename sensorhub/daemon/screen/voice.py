"""A view that also speaks: what is said aloud is heard on the hub's own loudspeaker.

Sounds are made ahead of the session, so that none is late within it; a sentence that nobody could
foresee is made when it is said, beside the running session.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from sensorhub.coach.prompts import PromptKey
from sensorhub.coach.said import Said, note
from sensorhub.coach.snapshot import Snapshot
from sensorhub.daemon.screen.live_view import View
from sensorhub.model.errors import EnvironmentProblemError
from sensorhub.speech.cache import SpeechCache
from sensorhub.speech.speaker import Speaker
from sensorhub.speech.voice import Voice

SPEECH_NAME = "speech"
"""The folder of sounds within the data folder. It can be made again: no backup carries it."""

REPLACED = frozenset({PromptKey.COUNT, PromptKey.SECONDS_LEFT})
"""Of these only the newest is worth hearing."""

MAX_MAKING = 4
"""So many unforeseen sentences are made at once; more than that are not heard, only read."""

PORTION = 20
"""Sounds made in one go."""

_LOG = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def speaking(
    view: View, *, voice: Voice | None, data_dir: Path, texts: Sequence[str]
) -> AsyncIterator[View]:
    """``view`` with a voice for as long as the block lasts; the view itself where there is none.

    Args:
        texts: all that is likely to be said; made before the block begins.
    """
    if voice is None:
        yield view
        return
    cache, speaker = SpeechCache(data_dir / SPEECH_NAME), Speaker(now_s=time.monotonic)
    voiced = VoicedView(view, cache=cache, voice=voice, speaker=speaker)
    await voiced.prepare(texts)
    running = asyncio.create_task(voiced.run())
    try:
        yield voiced
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


class VoicedView:
    """Shows on ``view`` and speaks. Keep :meth:`run` running, best after :meth:`prepare`.

    Args:
        view: where everything is shown as well.
        cache: the sounds.
        voice: how it sounds.
        speaker: plays them; its own :meth:`~Speaker.run` runs within this one's. None: they are
            made for others to play.
    """

    def __init__(
        self, view: View, *, cache: SpeechCache, voice: Voice, speaker: Speaker | None
    ) -> None:
        self._view = view
        self._cache = cache
        self._voice = voice
        self._speaker = speaker
        self._making: set[asyncio.Task[None]] = set()
        self._mute = False

    async def prepare(self, texts: Sequence[str]) -> None:
        """Make the sounds of all that can be said. A hub that cannot speak says so, and goes on."""
        for start in range(0, len(texts), PORTION):  # in portions: it can be ended in between
            try:
                portion = texts[start : start + PORTION]
                await asyncio.to_thread(self._cache.prepare, portion, self._voice)
            except EnvironmentProblemError as error:
                self._mute = True
                if self._speaker is not None:
                    self._view.say(note(str(error)), elapsed_s=0.0)
                return

    async def run(self, texts: Sequence[str] = ()) -> None:
        """Play until cancelled; meanwhile make the sounds of ``texts``."""
        preparing = asyncio.create_task(self.prepare(texts))
        self._making.add(preparing)
        preparing.add_done_callback(self._making.discard)
        try:
            if self._speaker is not None:
                await self._speaker.run()
            await preparing
        finally:
            for task in self._making:
                task.cancel()
            for task in tuple(self._making):
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def say(self, said: Said, *, elapsed_s: float) -> None:
        """Show it, and speak it where it is for the ear."""
        self._view.say(said, elapsed_s=elapsed_s)
        if self._speaker is None or self._mute or not said.aloud:
            return
        sound = self._cache.find(said.text, self._voice)
        if sound is not None:
            key = None if said.prompt is None else said.prompt.key
            replaces = key.value if key in REPLACED and key is not None else ""
            self._speaker.play(sound, urgent=said.urgent, replaces=replaces)
        elif len(self._making) < MAX_MAKING:
            task = asyncio.get_running_loop().create_task(self._make(said, self._speaker))
            self._making.add(task)
            task.add_done_callback(self._making.discard)

    def show(self, snapshot: Snapshot) -> None:
        """Show it; a picture makes no sound."""
        self._view.show(snapshot)

    def close(self) -> None:
        """Give the screen back, and be silent."""
        if self._speaker is not None:
            self._speaker.hush()
        self._view.close()

    async def _make(self, said: Said, speaker: Speaker) -> None:
        try:
            sound = await asyncio.to_thread(self._cache.get, said.text, self._voice)
        except EnvironmentProblemError as error:
            _LOG.warning("%s", error)
            return
        speaker.play(sound, urgent=said.urgent)
