"""One thing said to the person, in words: what every screen shows and the voice speaks."""

from dataclasses import dataclass

from sensorhub.coach.prompts import Prompt


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence or a number, in the language of the session.

    Attributes:
        text: the words; numbers are digits (a voice speaks them as words).
        urgent: it may not wait for what is being spoken: a lost signal, a countdown, "stop".
        aloud: it is for the ear too; False for what only a reader needs (addresses, results).
        prompt: what it was made from, for whoever shows it in another language; None where it is
            plain text in English (what a link or the store reports).
    """

    text: str
    urgent: bool = False
    aloud: bool = True
    prompt: Prompt | None = None


def note(text: str, *, urgent: bool = False) -> Said:
    """Something to read that is not spoken."""
    return Said(text, urgent=urgent, aloud=False)
