"""The coach's words in every language there is: each viewer reads the one of their device."""

import functools
from collections.abc import Mapping

from sensorhub.coach.prompts import Prompt
from sensorhub.coach.texts import Texts, languages, load_texts
from sensorhub.exercises.definition import load_library


@functools.cache
def all_texts() -> Mapping[str, Texts]:
    """By language."""
    library = load_library()
    return {language: load_texts(language, library=library) for language in languages()}


def in_every_language(prompt: Prompt) -> dict[str, str]:
    """A prompt's sentence, by language."""
    return {language: texts.prompt(prompt) for language, texts in all_texts().items()}
