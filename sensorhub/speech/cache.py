"""Spoken sentences as files, made once: before a session, so that none is late within it."""

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from sensorhub.model.errors import EnvironmentProblemError
from sensorhub.speech.espeak import render
from sensorhub.speech.voice import Voice

MAX_BYTES = 200 << 20
"""The oldest sounds go when all of them together are larger: they can be made again."""

_NAME = re.compile(r"[0-9a-f]{32}\.wav")

Render = Callable[[str, Voice, Path], None]
Progress = Callable[[int, int], None]
"""Told how many are there, of how many."""


class SpeechCache:
    """A folder of sounds, named after what is said and how.

    Args:
        folder: made where it is missing.
        renderer: makes a sound file; espeak-ng.
        max_bytes: for all sounds together.
    """

    def __init__(
        self, folder: Path, *, renderer: Render = render, max_bytes: int = MAX_BYTES
    ) -> None:
        self._folder = folder
        self._render = renderer
        self._max_bytes = max_bytes

    def find(self, text: str, voice: Voice) -> Path | None:
        """The sound of that sentence, if it has been made."""
        path = self._folder / name_of(text, voice)
        return path if path.is_file() else None

    def named(self, name: str) -> Path | None:
        """The sound of that file name, which may come from outside; None for anything else."""
        path = self._folder / name
        return path if _NAME.fullmatch(name) and path.is_file() else None

    def get(self, text: str, voice: Voice) -> Path:
        """The sound of that sentence, made now if need be (some 10 ms a sentence on a PC).

        Raises:
            EnvironmentProblemError: it cannot be made or kept.
        """
        found = self.find(text, voice)
        if found is not None:
            return found
        target = self._folder / name_of(text, voice)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, scratch = tempfile.mkstemp(prefix=".making-", suffix=".wav", dir=self._folder)
            os.close(handle)
            try:
                self._render(text, voice, Path(scratch))
                Path(scratch).replace(target)  # whole or not at all
            except BaseException:
                Path(scratch).unlink(missing_ok=True)
                raise
        except EnvironmentProblemError:
            raise
        except OSError as error:
            raise EnvironmentProblemError(
                f"Sounds cannot be kept in {self._folder}: {error.strerror or error}.",
                hint="Check its permissions and the free space.",
            ) from error
        return target

    def prepare(
        self, texts: Iterable[str], voice: Voice, *, progress: Progress | None = None
    ) -> None:
        """Make all of these, and let the oldest go where that is too much.

        Raises as :meth:`get`; what was made until then is kept.
        """
        wanted = list(dict.fromkeys(texts))
        for number, text in enumerate(wanted, start=1):
            os.utime(self.get(text, voice))
            if progress is not None:
                progress(number, len(wanted))
        self._prune()

    def _prune(self) -> None:
        # A file may vanish meanwhile (two sessions prepare at once): that is one less to remove.
        sounds = [(path, path.stat()) for path in self._folder.glob("*.wav")]
        sounds.sort(key=lambda sound: sound[1].st_mtime_ns)
        too_much = sum(stat.st_size for _, stat in sounds) - self._max_bytes
        for path, stat in sounds:
            if too_much <= 0:
                break
            path.unlink(missing_ok=True)
            too_much -= stat.st_size


def name_of(text: str, voice: Voice) -> str:
    """The file name of a sound: the same words said the same way have the same name everywhere."""
    how = f"{voice.language}|{voice.rate_wpm}|{voice.volume_percent}|{text}"
    return hashlib.sha256(how.encode()).hexdigest()[:32] + ".wav"
