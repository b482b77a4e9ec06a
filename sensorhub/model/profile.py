"""How a device family is wired: what a transport must know of it, and all it may know."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BleChannel:
    """One characteristic by its lane name.

    Attributes:
        name: the lane, as :class:`~sensorhub.model.link.Chunk` calls it.
        uuid: the characteristic's UUID, 128-bit text form.
        notify: subscribe when the link opens (notify or indicate, whichever the device offers).
        write: the hub writes here.
        write_with_response: the device acknowledges each write.
        read: read once when the link opens; the value arrives like a notification.
        optional: a device of the family may lack it.
        stream: its notifications are one stream of bytes: a packet may straddle two of them.
    """

    name: str
    uuid: str
    notify: bool = False
    write: bool = False
    write_with_response: bool = True
    read: bool = False
    optional: bool = False
    stream: bool = False


@dataclass(frozen=True, slots=True)
class BleProfile:
    """How a family is recognised and wired over BLE."""

    service_uuids: tuple[str, ...]
    channels: tuple[BleChannel, ...]
    name_prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SerialProfile:
    """How a family is wired over a serial line.

    Several baud rates are tried in this order, unless the person names one.
    """

    baud_rates: tuple[int, ...] = (115200,)
