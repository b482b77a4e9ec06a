"""What the coach says, as data: a key, and a sentence with its blanks. Plain words, few."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


class PromptKey(enum.StrEnum):
    """Everything the coach can say."""

    GET_READY = "get_ready"
    BEGIN = "begin"
    HALF_WAY = "half_way"
    LAST_ONE = "last_one"
    RELEASE = "release"
    SET_DONE = "set_done"
    SET_SHORT = "set_short"
    SKIPPED = "skipped"
    NO_SENSOR = "no_sensor"
    REST = "rest"
    ALL_DONE = "all_done"
    STOPPED = "stopped"


SENTENCES: Mapping[PromptKey, str] = MappingProxyType(
    {
        PromptKey.GET_READY: (
            "Next: {title}{side}, {dose}, set {number} of {of}. "
            "Take the start position and keep still."
        ),
        PromptKey.BEGIN: "Begin.",
        PromptKey.HALF_WAY: "Half way.",
        PromptKey.LAST_ONE: "Last one.",
        PromptKey.RELEASE: "And slowly let go.",
        PromptKey.SET_DONE: "Well done: {result}.",
        PromptKey.SET_SHORT: "Set ended with {result} of {dose}.",
        PromptKey.SKIPPED: "Skipped: {title}{side}.",
        PromptKey.NO_SENSOR: "Left out: {title}{side}. No sensor is worn where it can be measured.",
        PromptKey.REST: "Rest for {rest} seconds.",
        PromptKey.ALL_DONE: "That was all for today.",
        PromptKey.STOPPED: "Session stopped.",
    }
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """Something to say now, aloud or in writing."""

    key: PromptKey
    blanks: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The sentence with its blanks filled."""
        return SENTENCES[self.key].format_map(self.blanks)
