"""The conversation with an OMP sensor as one table: where we stand, and where what leads."""

import enum

from sensorhub.devices.base import ControllerState


class Phase(enum.StrEnum):
    """What the controller is busy with."""

    DOWN = "down"
    HELLO = "hello"
    CLEAR = "clear"  # stopping a session that somebody else left running
    CAPS = "caps"
    SYNC = "sync"
    CONFIG = "config"
    START = "start"
    STREAM = "stream"
    STOP = "stop"
    DRAIN = "drain"  # stopped; fetching what is still missing
    STOPPED = "stopped"
    FAILED = "failed"


class Happening(enum.StrEnum):
    """What can move the controller on."""

    LINK_UP = "link_up"
    LINK_DOWN = "link_down"
    GREETED_IDLE = "greeted_idle"
    GREETED_OURS = "greeted_ours"
    GREETED_FOREIGN = "greeted_foreign"
    CLEARED = "cleared"
    CAPS_DONE = "caps_done"
    SYNCED = "synced"
    CONFIGURED = "configured"
    STARTED = "started"
    FOREIGN_RUNNING = "foreign_running"
    STREAM_ENDED = "stream_ended"
    STOP_WANTED = "stop_wanted"
    NOTHING_TO_STOP = "nothing_to_stop"
    STOP_CONFIRMED = "stop_confirmed"
    DRAINED = "drained"
    REFUSED = "refused"


_LINKED = (
    Phase.HELLO,
    Phase.CLEAR,
    Phase.CAPS,
    Phase.SYNC,
    Phase.CONFIG,
    Phase.START,
    Phase.STREAM,
    Phase.STOP,
)

TRANSITIONS: dict[tuple[Phase, Happening], Phase] = {
    (Phase.DOWN, Happening.LINK_UP): Phase.HELLO,
    (Phase.DOWN, Happening.NOTHING_TO_STOP): Phase.STOPPED,
    (Phase.HELLO, Happening.GREETED_IDLE): Phase.CAPS,
    (Phase.HELLO, Happening.GREETED_OURS): Phase.STREAM,
    (Phase.HELLO, Happening.GREETED_FOREIGN): Phase.CLEAR,
    (Phase.HELLO, Happening.NOTHING_TO_STOP): Phase.STOPPED,
    (Phase.CLEAR, Happening.CLEARED): Phase.CAPS,
    (Phase.CLEAR, Happening.NOTHING_TO_STOP): Phase.STOPPED,
    (Phase.CAPS, Happening.CAPS_DONE): Phase.SYNC,
    (Phase.CAPS, Happening.NOTHING_TO_STOP): Phase.STOPPED,
    (Phase.SYNC, Happening.SYNCED): Phase.CONFIG,
    (Phase.SYNC, Happening.NOTHING_TO_STOP): Phase.STOPPED,
    (Phase.CONFIG, Happening.CONFIGURED): Phase.START,
    (Phase.CONFIG, Happening.NOTHING_TO_STOP): Phase.STOPPED,
    (Phase.START, Happening.STARTED): Phase.STREAM,
    (Phase.START, Happening.FOREIGN_RUNNING): Phase.CLEAR,
    (Phase.STREAM, Happening.STOP_WANTED): Phase.STOP,
    (Phase.STREAM, Happening.STREAM_ENDED): Phase.START,
    (Phase.STOP, Happening.STOP_CONFIRMED): Phase.DRAIN,
    (Phase.DRAIN, Happening.DRAINED): Phase.STOPPED,
    # The device is idle already; what the lost link cost can no longer be asked for.
    (Phase.DRAIN, Happening.LINK_DOWN): Phase.STOPPED,
    **{(phase, Happening.LINK_DOWN): Phase.DOWN for phase in _LINKED},
    **{(phase, Happening.REFUSED): Phase.FAILED for phase in _LINKED},
}
"""What is not listed changes nothing."""

PUBLIC_STATE: dict[Phase, ControllerState] = {
    Phase.DOWN: ControllerState.DOWN,
    Phase.HELLO: ControllerState.GREETING,
    Phase.CLEAR: ControllerState.STARTING,
    Phase.CAPS: ControllerState.STARTING,
    Phase.SYNC: ControllerState.STARTING,
    Phase.CONFIG: ControllerState.STARTING,
    Phase.START: ControllerState.STARTING,
    Phase.STREAM: ControllerState.STREAMING,
    Phase.STOP: ControllerState.STOPPING,
    Phase.DRAIN: ControllerState.STOPPING,
    Phase.STOPPED: ControllerState.STOPPED,
    Phase.FAILED: ControllerState.FAILED,
}
"""How the rest of the hub sees a phase."""
