"""``docs/acceptance.md`` from what was measured. No dates: versions say more."""

import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from acceptance import debian

PAGE: Final = Path(__file__).parents[1] / "docs" / "acceptance.md"

_HEAD: Final = """\
# What the real BlueZ and the real serial driver show

Written by `make acceptance-radio` after a green run; do not edit. A real kernel and a real
bluetoothd run in a small virtual machine, a real FTDI driver in another. **Radio and sensors are
simulated**: a virtual adapter without interference, a connection interval of 15 ms, simulated
sensors behind it. The figures show what the software between sensor and hub costs on a virtual
machine of a busy computer, not what a room does to radio waves.
"""
_STREAM_NOTE: Final = """\
Three sensors at 100 Hz for 60 s. The latency is from the moment the last sample of a packet was
taken to the packet's arrival at the hub:
"""
_SOCKETS_FAILED: Final = """\
Over sockets (BlueZ's AcquireNotify) the same test **failed**: bluetoothd {bluez} ended, or samples
did not come. sensorhub takes notifications as D-Bus signals unless it is told otherwise, for
that reason.
"""
_WAYS: Final = {"signals": "D-Bus signals", "socket": "a socket"}


def page(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """The page of one green run of all parts."""
    radio, cable, sockets = figures["radio"], figures["cable"], figures.get("sockets")
    parts = [
        _HEAD,
        "## Versions\n",
        _table("what | version", _versions(radio, cable)),
        "## Bluetooth\n",
        _table("what | measured", _bluetooth(radio)),
        _STREAM_NOTE,
        _table(
            "notifications by | received | lost | twice | back-filled | p50 ms | p99 ms | worst ms",
            [
                _stream(way, streamed[f"stream_{way}"])
                for way, streamed in (("signals", radio), ("socket", sockets))
                if streamed is not None
            ],
        ),
        *([] if sockets is not None else [_SOCKETS_FAILED.format(bluez=radio["bluez"])]),
        "## Serial adapter pulled out and plugged in\n",
        _table("what | measured", _serial(cable)),
    ]
    return "\n".join(parts)


def _table(head: str, rows: Iterable[Sequence[object]]) -> str:
    lines = [f"| {head} |", "|" + "---|" * (head.count("|") + 1)]
    lines += [f"| {' | '.join(map(str, row))} |" for row in rows]
    return "\n".join(lines) + "\n"


def _versions(radio: Mapping[str, Any], cable: Mapping[str, Any]) -> Iterator[Sequence[object]]:
    yield "kernel, Bluetooth", f"{radio['kernel']} (User-Mode Linux)"
    yield "kernel, serial adapter", f"{cable['kernel']} (emulated)"
    yield "bluetoothd", radio["bluez"]
    yield "qemu", debian.version_of("qemu-system-x86")
    yield "Python", platform.python_version()
    for package in ("bleak", "bleak-retry-connector", "bumble", "pyserial"):
        yield package, version(package)


def _bluetooth(radio: Mapping[str, Any]) -> Iterator[Sequence[object]]:
    opens, storm = radio["opens"], radio["storm"]
    first_try = opens["tried"] - len(opens["failed"])
    yield "opened at the first try", f"{first_try} of {opens['tried']}"
    yield "found, connected and subscribed after", _spread(radio["open_s"])
    yield "disconnects while streaming", storm["disconnects"]
    yield "samples missing after them", f"{storm['missing']} of {storm['samples']}"
    yield "live samples again after a disconnect", _spread(storm["back_s"])
    yield "live samples again after the adapter was switched on", f"{radio['after_power_s']} s"
    yield "death of bluetoothd noticed after", f"{radio['death_noticed_s']} s"
    yield "live samples again after its restart", f"{radio['after_restart_s']} s"
    yield "pairing (Just Works with an agent; refused without)", f"{radio['pair_s']} s"


def _serial(cable: Mapping[str, Any]) -> Iterator[Sequence[object]]:
    yield "pulled out: noticed after", _each(cable["noticed_s"])
    yield "plugged in: live samples again after", _each(cable["back_s"])
    yield "samples that arrived", cable["samples"]
    yield "of these twice", cable["twice"]
    yield "samples lost", cable["lost"]


def _stream(way: str, figures: Mapping[str, Any]) -> Sequence[object]:
    latency = figures["latency_ms"]
    counts = [figures[name] for name in ("received", "lost", "duplicate", "backfilled")]
    return [_WAYS[way], *counts, *(f"{latency[name]:.1f}" for name in ("p50", "p99", "max"))]


def _spread(figures: Mapping[str, Any]) -> str:
    return f"median {figures['p50']:.2f} s, worst {figures['max']:.2f} s"


def _each(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.2f}" for value in values) + " s"
