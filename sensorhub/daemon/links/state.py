"""The states of a sensor's link, as one table, and what a person is told of them."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from sensorhub.model.errors import SensorhubError


class LinkPhase(enum.StrEnum):
    """Where a link stands."""

    WAITING = "waiting"  # not begun
    SEARCHING = "searching"  # no link; being looked for and opened
    CONNECTING = "connecting"  # a link, no samples on it yet
    STREAMING = "streaming"
    SIGNAL_LOST = "signal_lost"  # a link, but nothing comes any more
    STOPPING = "stopping"  # asked to end; fetching what is still missing
    STOPPED = "stopped"
    GAVE_UP = "gave_up"  # trying again would not help; the status says why


class LinkStep(enum.StrEnum):
    """What can happen to a link."""

    BEGUN = "begun"
    OPENED = "opened"
    SAMPLES = "samples"
    SILENCE = "silence"
    LOST = "lost"  # or never opened
    REFUSED = "refused"
    STOP_ASKED = "stop_asked"
    ENDED = "ended"


_ACTIVE = (
    LinkPhase.SEARCHING,
    LinkPhase.CONNECTING,
    LinkPhase.STREAMING,
    LinkPhase.SIGNAL_LOST,
)

TRANSITIONS: Mapping[tuple[LinkPhase, LinkStep], LinkPhase] = {
    (LinkPhase.WAITING, LinkStep.BEGUN): LinkPhase.SEARCHING,
    (LinkPhase.WAITING, LinkStep.STOP_ASKED): LinkPhase.STOPPED,
    (LinkPhase.SEARCHING, LinkStep.OPENED): LinkPhase.CONNECTING,
    (LinkPhase.SEARCHING, LinkStep.LOST): LinkPhase.SEARCHING,
    (LinkPhase.CONNECTING, LinkStep.SAMPLES): LinkPhase.STREAMING,
    (LinkPhase.CONNECTING, LinkStep.LOST): LinkPhase.SEARCHING,
    (LinkPhase.STREAMING, LinkStep.SAMPLES): LinkPhase.STREAMING,
    (LinkPhase.STREAMING, LinkStep.SILENCE): LinkPhase.SIGNAL_LOST,
    (LinkPhase.STREAMING, LinkStep.LOST): LinkPhase.SEARCHING,
    (LinkPhase.SIGNAL_LOST, LinkStep.SAMPLES): LinkPhase.STREAMING,
    (LinkPhase.SIGNAL_LOST, LinkStep.LOST): LinkPhase.SEARCHING,
    (LinkPhase.STOPPING, LinkStep.SAMPLES): LinkPhase.STOPPING,
    (LinkPhase.STOPPING, LinkStep.OPENED): LinkPhase.STOPPING,
    (LinkPhase.STOPPING, LinkStep.LOST): LinkPhase.STOPPING,
    (LinkPhase.STOPPING, LinkStep.STOP_ASKED): LinkPhase.STOPPING,
    (LinkPhase.STOPPING, LinkStep.REFUSED): LinkPhase.STOPPING,
    (LinkPhase.STOPPING, LinkStep.ENDED): LinkPhase.STOPPED,
    (LinkPhase.STOPPED, LinkStep.STOP_ASKED): LinkPhase.STOPPED,
    (LinkPhase.GAVE_UP, LinkStep.STOP_ASKED): LinkPhase.GAVE_UP,
    (LinkPhase.GAVE_UP, LinkStep.ENDED): LinkPhase.GAVE_UP,
    **{(phase, LinkStep.REFUSED): LinkPhase.GAVE_UP for phase in _ACTIVE},
    **{(phase, LinkStep.STOP_ASKED): LinkPhase.STOPPING for phase in _ACTIVE},
    **{(phase, LinkStep.ENDED): LinkPhase.STOPPED for phase in _ACTIVE},
}
"""What follows from what. A pair that is not here cannot happen, and raises KeyError if it does."""


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """A link at a glance.

    Attributes:
        name: how to call the sensor to a person.
        lost_since_ns: hub time of the last sample where nothing has come since; None while
            streaming and before the first sample. While it is set the signal is lost, whatever is
            being done about it.
        attempt: how often it was tried in a row without a sample coming; 0 when streaming.
        error: why there is no link, with what to do in its ``hint``; None when all is well.
    """

    phase: LinkPhase
    name: str
    lost_since_ns: int | None = None
    attempt: int = 0
    error: SensorhubError | None = None
