"""Text to a WAV file by espeak-ng: a program of the system, the same words every time."""

import shutil
import subprocess
import wave
from pathlib import Path

from sensorhub.model.errors import EnvironmentProblemError
from sensorhub.speech.voice import LANGUAGES, Voice

MAX_CHARACTERS = 400
"""Nothing the hub says is longer; a longer text is cut."""

TIMEOUT_S = 20.0
_LOUDEST = 200  # espeak-ng's amplitude goes from 0 to 200
_INSTALL = "Install it with: sudo apt install espeak-ng"


def can_speak() -> bool:
    """Whether the program is there."""
    return shutil.which("espeak-ng") is not None


def render(text: str, voice: Voice, to: Path) -> None:
    """Speak ``text``, which must not be empty, into the WAV file ``to`` (16 bit, mono).

    Raises:
        EnvironmentProblemError: espeak-ng is not installed, or made no sound file.
    """
    program = shutil.which("espeak-ng")
    if program is None:
        raise EnvironmentProblemError("The hub cannot speak: espeak-ng is missing.", hint=_INSTALL)
    words = [program, "-b", "1", "-v", LANGUAGES[voice.language], "-s", str(voice.rate_wpm)]
    words += ["-a", str(voice.volume_percent * _LOUDEST // 100), "-w", str(to), "--stdin"]
    try:
        # The text goes in by standard input: whatever it begins with, it is no option.
        subprocess.run(  # noqa: S603 (no shell, fixed words)
            words,
            input=text[:MAX_CHARACTERS].encode(),
            check=True,
            capture_output=True,
            timeout=TIMEOUT_S,
        )
        with wave.open(str(to), "rb") as sound:
            if sound.getnframes() == 0:
                raise wave.Error("no sound")
    except (OSError, subprocess.SubprocessError, wave.Error, EOFError) as error:
        raise EnvironmentProblemError(
            f"The hub cannot speak: espeak-ng failed ({type(error).__name__}).", hint=_INSTALL
        ) from error
