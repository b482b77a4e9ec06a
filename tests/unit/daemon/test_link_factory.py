"""From a URI to a link: the right transport, a recording played back, and what is refused."""

import asyncio
import subprocess
import sys
from dataclasses import replace

import pytest
from link_fakes import letter_family

from sensorhub.daemon.links import opening as links
from sensorhub.daemon.links.baud_search import BaudSearch
from sensorhub.daemon.links.link import SensorLink
from sensorhub.daemon.links.opening import Link, LinkCallbacks, LinkMaker
from sensorhub.daemon.links.replay import ReplayLink
from sensorhub.daemon.links.state import LinkPhase, LinkStep
from sensorhub.devices.base import SerialProfile
from sensorhub.devices.omp.family import FAMILY
from sensorhub.model.errors import InputError
from sensorhub.model.events import SamplesArrived
from sensorhub.model.link import Record, RecordKind
from sensorhub.transports.ble import NotifyPath
from sensorhub.transports.hubclock import HubClock
from sensorhub.transports.replay import write_records
from sensorhub.transports.uri import BleUri, parse_uri

LETTERS, _ = letter_family()
RECORDS = [
    Record(RecordKind.LINK_UP, "", b"", 5_000_000_000),
    Record(RecordKind.SENT, "serial", b"go", 5_001_000_000),
    Record(RecordKind.RECEIVED, "serial", b"ss", 5_010_000_000),
    Record(RecordKind.LINK_DOWN, "", b"out of range", 5_020_000_000),
    Record(RecordKind.LINK_UP, "", b"", 5_030_000_000),
    Record(RecordKind.RECEIVED, "serial", b"s", 5_040_000_000),
]


def make(uri: str, *, speed=1.0, **given) -> Link:
    callbacks = LinkCallbacks(
        sink=given.get("sink", lambda _record: None),
        on_event=given.get("on_event", lambda _event: None),
        on_status=given.get("on_status", lambda _status: None),
    )
    return LinkMaker(HubClock(speed=speed)).make("it", parse_uri(uri), callbacks)


@pytest.fixture(autouse=True)
def letters(monkeypatch):
    """One family more."""
    known = {"letters": LETTERS, "omp": FAMILY}
    monkeypatch.setattr(links, "family", known.__getitem__)


@pytest.mark.parametrize("uri", ["ble:OM-1", "serial:/dev/ttyACM0", "serial:socket://h:1"])
def test_live_sensors_get_a_supervisor(uri):
    assert isinstance(make(uri), SensorLink)


def test_a_serial_link_loads_no_bluetooth():
    code = (
        "import sys\n"
        "from sensorhub.daemon.links.opening import LinkMaker as F, LinkCallbacks as B\n"
        "from sensorhub.transports.hubclock import HubClock as C\n"
        "from sensorhub.transports.uri import parse_uri as u\n"
        "n = lambda _x: None\n"
        "F(C()).make('x', u('serial:/dev/x'), B(n, n, n))\n"
        "print('bleak' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_family_that_has_no_such_link_is_refused():
    with pytest.raises(InputError, match="no Bluetooth"):
        make("ble:X?family=letters")


def test_one_radio_for_all_and_the_notify_path_as_told():
    callbacks = LinkCallbacks(lambda _r: None, lambda _e: None, lambda _s: None)
    for over_sockets, path in ((False, NotifyPath.SIGNALS), (True, NotifyPath.SOCKET)):
        maker = LinkMaker(HubClock(), ble_over_sockets=over_sockets)
        both = [
            maker.make(name, BleUri(name), callbacks)._transport  # type: ignore[attr-defined]
            for name in ("OM-1", "OM-2")
        ]
        assert both[0]._radio is both[1]._radio
        assert [one._notify for one in both] == [path, path]


def test_a_search_for_the_speed_hears_which_was_right(monkeypatch):
    slow_or_fast = replace(LETTERS, serial=SerialProfile(baud_rates=(9600, 115200)))
    monkeypatch.setattr(links, "family", {"letters": slow_or_fast}.__getitem__)
    heard = []
    link = make("serial:/dev/ttyUSB0?family=letters", on_event=heard.append)
    search = link._transport  # type: ignore[attr-defined]
    assert isinstance(search, BaudSearch)
    link._record(RecordKind.LINK_UP, "", b"", 1)  # type: ignore[attr-defined]
    assert not search._found
    link._step(LinkStep.BEGUN)  # type: ignore[attr-defined]
    link._step(LinkStep.OPENED)  # type: ignore[attr-defined]
    link._record(RecordKind.RECEIVED, "serial", b"s", 2)  # type: ignore[attr-defined]
    assert search._found
    assert len(heard) == 2


def test_a_recording_plays_as_it_was(tmp_path):
    path = tmp_path / "a.rec"
    write_records(path, RECORDS, family="letters")
    records, events, phases = [], [], []

    async def scenario() -> None:
        link = make(
            f"replay:{path}",
            speed=2.0,
            sink=records.append,
            on_event=events.append,
            on_status=lambda status: phases.append(status.phase),
        )
        assert isinstance(link, ReplayLink)
        await link.run()
        assert link.counters.received == 3
        assert link.dropped_chunks == 0
        link.cue("short")
        await link.stop()

    asyncio.run(scenario())
    assert [(r.kind, r.channel, r.data) for r in records] == [
        (r.kind, r.channel, r.data) for r in RECORDS
    ]
    assert sum(isinstance(event, SamplesArrived) for event in events) == 3
    assert phases == [
        LinkPhase.CONNECTING,
        LinkPhase.STREAMING,
        LinkPhase.SEARCHING,
        LinkPhase.CONNECTING,
        LinkPhase.STREAMING,
        LinkPhase.STOPPED,
    ]


def test_a_playback_can_be_stopped_and_before_it_begins(tmp_path):
    path = tmp_path / "a.rec"
    far = Record(RecordKind.RECEIVED, "serial", b"s", 10**15)
    write_records(path, [*RECORDS, far], family="letters")

    async def scenario() -> None:
        streaming = asyncio.Event()
        link = make(f"replay:{path}", on_event=lambda _event: streaming.set())
        running = asyncio.create_task(link.run())
        await streaming.wait()
        await link.stop()
        await running
        assert link.status.phase is LinkPhase.STOPPED
        early = make(f"replay:{path}")
        await early.stop()
        await early.run()
        assert early.counters.received == 0

    asyncio.run(asyncio.wait_for(scenario(), 10))


def test_a_recording_of_another_family_is_refused(tmp_path):
    path = tmp_path / "a.rec"
    write_records(path, RECORDS, family="letters")
    with pytest.raises(InputError, match="family letters, not omp"):
        make(f"replay:{path}?family=omp")
