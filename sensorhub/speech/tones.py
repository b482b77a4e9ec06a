"""Short tones for what a word would be too slow for. The browser plays the same table."""

import array
import enum
import io
import math
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

RATE_HZ = 22_050
FADE_S = 0.008
"""A tone that begins or ends at once clicks."""


class Tone(enum.StrEnum):
    """What a tone means."""

    BEGIN = "begin"
    COUNTED = "counted"
    UNSURE = "unsure"
    HOLDING = "holding"
    RELEASED = "released"
    DONE = "done"
    LOST = "lost"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Note:
    """One note of a tone; frequency 0 is silence."""

    frequency_hz: float
    duration_s: float


TONES: Mapping[Tone, tuple[Note, ...]] = MappingProxyType(
    {
        # Rising: something is good or begins. Falling: it ends. Old ears hear best below 2 kHz.
        Tone.BEGIN: (Note(523, 0.12), Note(0, 0.03), Note(784, 0.18)),
        Tone.COUNTED: (Note(880, 0.09),),
        Tone.UNSURE: (Note(440, 0.06), Note(0, 0.04), Note(440, 0.06)),
        Tone.HOLDING: (Note(659, 0.2),),
        Tone.RELEASED: (Note(659, 0.1), Note(0, 0.02), Note(494, 0.15)),
        Tone.DONE: (Note(523, 0.12), Note(659, 0.12), Note(784, 0.25)),
        Tone.LOST: (Note(392, 0.18), Note(0, 0.06), Note(311, 0.18), Note(0, 0.06), Note(247, 0.3)),
        Tone.BACK: (Note(392, 0.1), Note(523, 0.15)),
    }
)


def tone_wav(tone: Tone, *, volume_percent: int = 80) -> bytes:
    """The tone as a WAV file (16 bit, mono, 22.05 kHz)."""
    loudest = 0x7FFF * 0.6 * max(0, min(100, volume_percent)) / 100
    samples = array.array("h")
    for note in TONES[tone]:
        count = round(note.duration_s * RATE_HZ)
        fade = min(count // 2, round(FADE_S * RATE_HZ)) or 1
        for k in range(count):
            level = min(1.0, k / fade, (count - 1 - k) / fade) if note.frequency_hz else 0.0
            turn = 2.0 * math.pi * note.frequency_hz * k / RATE_HZ
            samples.append(round(loudest * level * math.sin(turn)))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(_little_endian(samples).tobytes())
    return out.getvalue()


def _little_endian(samples: "array.array[int]") -> "array.array[int]":
    if array.array("H", b"\1\0")[0] != 1:
        samples.byteswap()
    return samples
