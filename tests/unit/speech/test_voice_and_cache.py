"""Speech: the sounds that are wanted, made once, whole, and by nobody's leave but their name's."""

import os
import shutil
import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.model.errors import EnvironmentProblemError, InputError
from sensorhub.speech import espeak
from sensorhub.speech.cache import SpeechCache, name_of
from sensorhub.speech.espeak import MAX_CHARACTERS, render
from sensorhub.speech.tones import RATE_HZ, TONES, Tone, tone_wav
from sensorhub.speech.voice import LANGUAGES, Voice

ENGLISH = Voice()


class Maker:
    """Writes the text itself instead of a sound, and counts."""

    def __init__(self) -> None:
        self.made: list[str] = []

    def __call__(self, text: str, voice: Voice, to: Path) -> None:
        del voice
        self.made.append(text)
        to.write_text(text)


def test_a_sentence_is_made_once(tmp_path: Path) -> None:
    maker = Maker()
    cache = SpeechCache(tmp_path / "speech", renderer=maker)
    first = cache.get("Seven", ENGLISH)
    assert cache.get("Seven", ENGLISH) == first == cache.find("Seven", ENGLISH)
    assert cache.named(first.name) == first
    assert maker.made == ["Seven"]


@pytest.mark.parametrize(
    "other", [Voice(language="de"), Voice(rate_wpm=120), Voice(volume_percent=20)]
)
def test_the_same_words_in_another_voice_are_another_sound(other: Voice) -> None:
    assert name_of("Seven", other) != name_of("Seven", ENGLISH)


def test_all_are_made_ahead_and_told(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    cache = SpeechCache(tmp_path, renderer=Maker())
    cache.prepare(["a", "b", "a"], ENGLISH, progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 2), (2, 2)]
    assert cache.find("b", ENGLISH) is not None


def test_a_sound_that_failed_is_not_there(tmp_path: Path) -> None:
    def fail(text: str, voice: Voice, to: Path) -> None:
        to.write_text("half")
        raise EnvironmentProblemError("no voice")

    cache = SpeechCache(tmp_path, renderer=fail)
    with pytest.raises(EnvironmentProblemError, match="no voice"):
        cache.get("Seven", ENGLISH)
    assert list(tmp_path.iterdir()) == []


def test_the_oldest_go_when_it_is_too_much(tmp_path: Path) -> None:
    cache = SpeechCache(tmp_path, renderer=Maker(), max_bytes=2)
    old = cache.get("o", ENGLISH)
    os.utime(old, (1, 1))
    cache.prepare(["a", "b"], ENGLISH)
    assert not old.exists()
    assert cache.find("a", ENGLISH) is not None
    assert cache.find("b", ENGLISH) is not None


@given(st.text(max_size=60))
def test_no_name_from_outside_leads_anywhere_else(name: str) -> None:
    folder = Path(__file__).parent
    assert SpeechCache(folder).named(name) is None
    assert SpeechCache(folder).named(f"../speech/{Path(__file__).name}") is None


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentProblemError, match="cannot be kept"):
        SpeechCache(tmp_path / "file" / "speech", renderer=Maker()).get("Seven", ENGLISH)


@pytest.mark.parametrize(
    "bad",
    [
        {"language": "xx"},
        {"rate_wpm": 10},
        {"rate_wpm": 1000},
        {"volume_percent": -1},
        {"volume_percent": 101},
    ],
)
def test_a_voice_has_bounds(bad: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Voice(**bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("text", ["Seven.", "-w /tmp/never", "Drück die Ferse. €"])
def test_the_real_voice_speaks(tmp_path: Path, language: str, text: str) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed (apt install espeak-ng)")
    sound = tmp_path / "sound.wav"
    render(text, Voice(language=language), sound)
    with wave.open(str(sound), "rb") as file:
        assert file.getnchannels() == 1
        assert file.getnframes() > file.getframerate() // 5


def test_a_faster_voice_is_shorter(tmp_path: Path) -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed (apt install espeak-ng)")
    lengths = []
    for rate_wpm in (100, 200):
        render("Take the start position and keep still.", Voice(rate_wpm=rate_wpm), tmp_path / "x")
        with wave.open(str(tmp_path / "x"), "rb") as file:
            lengths.append(file.getnframes())
    assert lengths[0] > 1.5 * lengths[1]


def test_without_a_voice_it_is_said_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentProblemError, match="apt install espeak-ng"):
        render("Seven", ENGLISH, tmp_path / "x.wav")


def test_a_voice_that_fails_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "espeak-ng"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    with pytest.raises(EnvironmentProblemError, match="failed"):
        render("x" * (MAX_CHARACTERS + 1), ENGLISH, tmp_path / "x.wav")
    assert espeak.TIMEOUT_S > 0


@pytest.mark.parametrize("tone", Tone)
def test_every_tone_is_a_short_sound_without_a_click(tone: Tone, tmp_path: Path) -> None:
    (tmp_path / "tone.wav").write_bytes(tone_wav(tone))
    with wave.open(str(tmp_path / "tone.wav"), "rb") as file:
        data = file.readframes(file.getnframes())
        assert file.getframerate() == RATE_HZ
    values = [
        int.from_bytes(data[k : k + 2], "little", signed=True) for k in range(0, len(data), 2)
    ]
    assert len(values) / RATE_HZ == pytest.approx(sum(n.duration_s for n in TONES[tone]), abs=0.01)
    assert max(map(abs, values)) > 8000
    assert values[0] == 0
    assert abs(values[-1]) < 500


def test_a_silent_tone_is_silent() -> None:
    assert set(tone_wav(Tone.DONE, volume_percent=0)[44:]) == {0}
