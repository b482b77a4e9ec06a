"""What can be wrong with a link, what to say of it, and what to do about it: one table.

The supervisor climbs a symptom's ladder one rung with each failure in a row; the last rung
repeats. Between two rungs lies its back-off. What needs no rung is prevented instead: one process,
one scanner, one connection made at a time; every lost client is disconnected before the next one.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from sensorhub.model.errors import LinkLostError, TransportError


class Symptom(enum.StrEnum):
    """What a link that fails looks like from here."""

    BUSY = "busy"  # org.bluez.Error.InProgress: somebody else uses the adapter, or it is stuck
    ABORTED = "aborted"  # le-connection-abort-by-local and its kin
    OFF = "off"
    NO_ADAPTER = "no_adapter"  # unplugged, not there at start, or dead since then
    DENIED = "denied"
    NO_SERVICE = "no_service"  # bluetoothd is not on the bus
    SERVICE_HANGS = "service_hangs"
    NO_BUS = "no_bus"  # D-Bus itself is gone
    NOT_HEARD = "not_heard"
    NO_ANSWER = "no_answer"  # heard, but not to be connected to
    GONE = "gone"  # heard a moment ago
    NAMESAKES = "namesakes"
    NO_ROOM = "no_room"  # the adapter's connections are all in use
    WRONG_LANES = "wrong_lanes"  # another family, or a table remembered from older firmware
    REFUSED = "refused"  # an ATT error: a wrong packet size, a handle that is no longer right
    MUTE = "mute"  # a link that never brings a sample
    STALLED = "stalled"  # samples came, and then no more, on a link that seems to be up
    DOUBLED = "doubled"  # everything comes twice
    LOST = "lost"
    OTHER = "other"


class Remedy(enum.StrEnum):
    """One rung of a ladder. After each the link is made anew, except after the last."""

    RETRY = "retry"
    TELL = "tell"  # only the person can help, and has been told how; watch for it
    SMALL_WRITES = "small_writes"  # write no more at a time than every link carries
    FORGET = "forget"  # have the system forget a sensor that it holds no bond with
    ASK_RESET = "ask_reset"  # ask the person to reset the adapter
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True)
class Trouble:
    """A row of the table: what is wrong, what the person can do, and our ladder."""

    says: str
    hint: str
    ladder: tuple[Remedy, ...] = (Remedy.RETRY,)


RESET_HINT = (
    "The adapter may be stuck, and this program may not reset it: sudo systemctl restart bluetooth;"
    " if that does not help, unplug the adapter or restart this computer."
)
_CLOSER = "Bring it closer, and check that it is charged and not connected to something else."
_R = Remedy

TROUBLES: Mapping[Symptom, Trouble] = {
    Symptom.BUSY: Trouble(
        "The Bluetooth adapter is busy with something else.",
        "Wait a moment; stop other programs that use Bluetooth.",
        (_R.RETRY, _R.RETRY, _R.ASK_RESET),
    ),
    Symptom.ABORTED: Trouble(
        "The connection broke off while it was being made.",
        "Bring the sensor closer; Wi-Fi at 2.4 GHz and USB 3 devices near the adapter disturb it.",
        (_R.RETRY, _R.RETRY, _R.RETRY, _R.FORGET, _R.ASK_RESET),
    ),
    Symptom.OFF: Trouble(
        "Bluetooth is switched off.",
        "Switch it on: rfkill unblock bluetooth, then bluetoothctl power on.",
        (_R.TELL,),
    ),
    Symptom.NO_ADAPTER: Trouble(
        "This computer has no Bluetooth adapter that can be used.",
        "Plug one in, or connect the sensor by cable.",
        (_R.TELL,),
    ),
    Symptom.DENIED: Trouble(
        "You are not allowed to use Bluetooth here.",
        "Add yourself to the group bluetooth (sudo usermod -aG bluetooth $USER) and log in again.",
        (_R.RETRY, _R.GIVE_UP),  # the second time: a service that just starts says it, too
    ),
    Symptom.NO_SERVICE: Trouble(
        "The Bluetooth service does not run.",
        "Start it: sudo systemctl start bluetooth.",
        (_R.TELL,),
    ),
    Symptom.SERVICE_HANGS: Trouble(
        "The Bluetooth service does not answer.",
        "Restart it: sudo systemctl restart bluetooth.",
        (_R.TELL,),
    ),
    Symptom.NO_BUS: Trouble(
        "The system's message bus (D-Bus) cannot be reached, and Bluetooth with it.",
        "Install and start dbus and bluez, or connect the sensor by cable.",
        (_R.TELL,),
    ),
    Symptom.NOT_HEARD: Trouble("The sensor was not heard.", "Switch it on and bring it closer."),
    Symptom.NO_ANSWER: Trouble(
        "The sensor does not answer.",
        _CLOSER,
        (_R.RETRY, _R.RETRY, _R.FORGET, _R.ASK_RESET),
    ),
    Symptom.GONE: Trouble("The sensor is no longer there.", "Switch it on and bring it closer."),
    Symptom.NAMESAKES: Trouble(
        "More than one sensor has this name.",
        "Name the one you mean by its address.",
        (_R.TELL,),
    ),
    Symptom.NO_ROOM: Trouble(
        "The Bluetooth adapter has no room for another connection.",
        "Disconnect other devices; an adapter carries four sensors at best.",
        (_R.TELL,),
    ),
    Symptom.WRONG_LANES: Trouble(
        "The sensor lacks a channel.",
        "It may be of another family, or its firmware too old.",
        (_R.FORGET, _R.FORGET, _R.GIVE_UP),
    ),
    Symptom.REFUSED: Trouble(
        "The sensor refuses what was asked.",
        "Switch it off and on; check that its firmware is up to date.",
        (_R.SMALL_WRITES, _R.FORGET, _R.RETRY),
    ),
    Symptom.MUTE: Trouble(
        "The sensor sends nothing.",
        _CLOSER,
        (_R.SMALL_WRITES, _R.FORGET, _R.ASK_RESET),
    ),
    Symptom.STALLED: Trouble(
        "The sensor sends nothing any more.",
        "Come closer and check that it is charged; the hub reconnects by itself.",
    ),
    Symptom.DOUBLED: Trouble(
        "Everything the sensor sends arrives twice.", "The hub reconnects by itself."
    ),
    Symptom.LOST: Trouble(
        "The connection to the sensor is lost.", "Come closer; the hub reconnects by itself."
    ),
    Symptom.OTHER: Trouble(
        "The link failed.", "Try again; if it stays, switch Bluetooth off and on."
    ),
}


class TroubleError(TransportError):
    """A symptom by name; the table's words unless better ones are given."""

    def __init__(self, symptom: Symptom, message: str = "", *, hint: str = "") -> None:
        row = TROUBLES[symptom]
        super().__init__(message or row.says, hint=hint or row.hint, code=symptom.value)
        self.symptom = symptom


class TroubleLostError(TroubleError, LinkLostError):
    """The same, of a link that was open."""


def symptom_of(error: BaseException) -> Symptom:
    """What an error is a symptom of."""
    if isinstance(error, TroubleError):
        return error.symptom
    return Symptom.LOST if isinstance(error, LinkLostError) else Symptom.OTHER
