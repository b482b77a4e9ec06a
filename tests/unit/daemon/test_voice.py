"""The view that speaks: what is for the ear is played, and a mute hub is no less of a screen."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from sensorhub.coach.prompts import Prompt, PromptKey
from sensorhub.coach.said import Said, note
from sensorhub.coach.snapshot import Snapshot
from sensorhub.coach.texts import languages
from sensorhub.daemon.screen.voice import VoicedView
from sensorhub.model.errors import EnvironmentProblemError
from sensorhub.speech.cache import SpeechCache, name_of
from sensorhub.speech.speaker import Speaker
from sensorhub.speech.voice import LANGUAGES, Voice

VOICE = Voice()


class Screen:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.closed = False

    def say(self, said: Said, *, elapsed_s: float) -> None:
        del elapsed_s
        self.said.append(said.text)

    def show(self, snapshot: Snapshot) -> None:
        raise AssertionError("no picture in these tests")

    def close(self) -> None:
        self.closed = True


class Listener(Speaker):
    """A loudspeaker that writes down what it was asked for."""

    def __init__(self) -> None:
        super().__init__(now_s=lambda: 0.0)
        self.heard: list[tuple[str, bool, str]] = []
        self.changed = asyncio.Event()

    def play(self, sound: Path, *, urgent: bool = False, replaces: str = "") -> None:
        self.heard.append((sound.name, urgent, replaces))
        self.changed.set()


class Rig:
    def __init__(self, folder: Path, render: Callable[[str, Voice, Path], None]) -> None:
        self.screen, self.listener = Screen(), Listener()
        self.view = VoicedView(
            self.screen,
            cache=SpeechCache(folder, renderer=render),
            voice=VOICE,
            speaker=self.listener,
        )

    def say(self, said: Said) -> None:
        self.view.say(said, elapsed_s=1.0)


def write(text: str, voice: Voice, to: Path) -> None:
    del voice
    to.write_text(text)


def fail(text: str, voice: Voice, to: Path) -> None:
    raise EnvironmentProblemError("espeak-ng is missing.")


def test_what_is_for_the_ear_is_heard_and_everything_is_read(tmp_path: Path) -> None:
    async def story() -> None:
        rig = Rig(tmp_path, write)
        await rig.view.prepare(["Begin.", "7"])
        rig.say(Said("Begin.", urgent=True))
        rig.say(Said("7", prompt=Prompt(PromptKey.COUNT, {"count": 7})))
        rig.say(note("serial:/dev/ttyACM0 is in use"))
        assert rig.listener.heard == [
            (name_of("Begin.", VOICE), True, ""),
            (name_of("7", VOICE), False, "count"),
        ]
        assert rig.screen.said == ["Begin.", "7", "serial:/dev/ttyACM0 is in use"]

    asyncio.run(story())


def test_an_unforeseen_sentence_is_made_when_it_is_said(tmp_path: Path) -> None:
    async def story() -> None:
        rig = Rig(tmp_path, write)
        rig.say(Said("Nobody foresaw this.", urgent=True))
        async with asyncio.timeout(60):
            await rig.listener.changed.wait()
        assert rig.listener.heard == [(name_of("Nobody foresaw this.", VOICE), True, "")]

    asyncio.run(story())


def test_a_hub_that_cannot_speak_says_so_once_and_goes_on(tmp_path: Path) -> None:
    async def story() -> None:
        rig = Rig(tmp_path, fail)
        await rig.view.prepare(["Begin."])
        rig.say(Said("Begin."))
        assert rig.screen.said == ["espeak-ng is missing.", "Begin."]
        assert rig.listener.heard == []

    asyncio.run(story())


def test_the_end_waits_for_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        rig = Rig(tmp_path, write)
        running = asyncio.create_task(rig.view.run())
        rig.say(Said("Still being made."))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        rig.view.close()
        assert rig.screen.closed

    asyncio.run(story())


def test_every_language_of_the_hub_has_a_voice() -> None:
    assert set(LANGUAGES) == set(languages())
