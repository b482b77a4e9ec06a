"""Every symptom of the table, played by a simulated BlueZ: what the person is told, and the cure.

One row a symptom. A row that begins ``at_start`` is played before the first connection, the others
in the middle of a stream. Unless a row says that the link is given up, it streams again once the
trouble is over, and no sample is missing that the sensor's memory holds.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

import pytest
from ble_rig import Room, in_room, nothing_missing
from counting_peer import CountingPeer
from link_rig import PATIENCE_S, Listener, omp_device

from firmware_sim.bluez import Abort, BusError, Delay, NoReply, bluez_error
from firmware_sim.peer import Advertisement, GattService, Peer, Sent
from sensorhub.daemon.links.link import SensorLink
from sensorhub.daemon.links.state import LinkPhase
from sensorhub.daemon.links.timing import LinkTiming
from sensorhub.model.errors import TransportError
from sensorhub.transports import ble, ble_radio
from sensorhub.transports.symptoms import RESET_HINT, TROUBLES, Remedy, Symptom, symptom_of

P = LinkPhase
SPEED = 5.0
ALWAYS = 10_000
ANSWERS = ("control", "data", "bulk")


class Stand:
    """A sensor whose table of services and whose name a test decides."""

    def __init__(self, inner: Peer) -> None:
        self._inner = inner
        self.hidden: frozenset[str] = frozenset()
        self.name = inner.advertisement.name

    @property
    def advertisement(self) -> Advertisement:
        return replace(self._inner.advertisement, name=self.name)

    @property
    def services(self) -> tuple[GattService, ...]:
        return tuple(
            replace(
                service,
                characteristics=tuple(
                    one for one in service.characteristics if one.lane not in self.hidden
                ),
            )
            for service in self._inner.services
        )

    def link_up(self, now_us: int, *, mtu: int | None) -> None:
        self._inner.link_up(now_us, mtu=mtu)

    def link_down(self, now_us: int) -> None:
        self._inner.link_down(now_us)

    def subscribe(self, lane: str, now_us: int, *, enabled: bool) -> None:
        self._inner.subscribe(lane, now_us, enabled=enabled)

    def receive(self, lane: str, data: bytes, now_us: int) -> int | None:
        return self._inner.receive(lane, data, now_us)

    def poll(self, now_us: int) -> list[Sent]:
        return self._inner.poll(now_us)

    def next_poll_us(self) -> int | None:
        return self._inner.next_poll_us()

    def reachable(self, now_us: int) -> bool:
        return self._inner.reachable(now_us)


@dataclass
class Play:
    """A room with one sensor that matters, and one that may stand in its way."""

    room: Room
    peer: Stand
    other: CountingPeer
    open_others: list[object] = field(default_factory=list)

    @property
    def address(self) -> str:
        return self.peer.advertisement.address

    def refuse(self, member: str, error: BusError | NoReply | Abort | Callable[[], None]) -> None:
        self.room.bluez.fault(member, error, times=ALWAYS)

    def calls(self, member: str) -> int:
        return sum(name == member for name, _ in self.room.bluez.calls)


Hand = Callable[[Play], Awaitable[None] | None]


def heal(play: Play) -> None:
    play.room.bluez.heal()


def nothing(_play: Play) -> None:
    """It passes by itself, or by our own remedy."""


def not_heard(play: Play) -> None:
    play.room.bluez.in_range(play.address, near=False)


def heard_again(play: Play) -> None:
    play.room.bluez.in_range(play.address, near=True)


def neighbour_comes(play: Play) -> None:
    play.other.rename(play.peer.name)


def neighbour_goes(play: Play) -> None:
    play.other.switched_on = False


async def room_taken(play: Play) -> None:
    """The adapter carries one, and that is another sensor's."""
    play.room.radio = ble_radio.BleRadio(most_links=1)
    device = await play.room.radio.find("COUNT-1", timeout_s=PATIENCE_S)
    client = await play.room.radio.connect(device, on_lost=lambda: None)
    play.open_others.append(client)


async def room_made(play: Play) -> None:
    client = play.open_others.pop()
    await client.disconnect()  # type: ignore[attr-defined]
    play.room.radio.release(client)  # type: ignore[arg-type]


async def table_remembered(play: Play) -> None:
    """BlueZ knows the sensor from before its firmware was updated."""
    play.peer.hidden = frozenset({"data"})
    transport = play.room.transport(play.peer)
    with pytest.raises(TransportError, match="lacks the channel data"):
        await transport.open()
    play.peer.hidden = frozenset()


def older_firmware(play: Play) -> None:
    play.peer.hidden = frozenset({"data"})


def mute(play: Play) -> None:
    play.room.bluez.mute(play.address, *ANSWERS)


def unmute(play: Play) -> None:
    play.room.bluez.mute(play.address)


@dataclass(frozen=True)
class Row:
    """How a symptom is played.

    Attributes:
        says: what the person reads.
        hint: what they read that they can do, once the ladder is where it stays.
        failures: so many in a row until then.
        calls: BlueZ methods that our remedy calls, and how often at least.
    """

    symptom: Symptom
    spoil: Hand
    mend: Hand
    says: str
    hint: str = ""
    at_start: bool = False
    failures: int = 1
    gives_up: bool = False
    mtu: int = 247
    calls: tuple[tuple[str, int], ...] = ()


S = Symptom
ROWS: dict[str, Row] = {
    "busy": Row(
        S.BUSY,
        lambda p: p.refuse("Connect", bluez_error("InProgress", "Operation already in progress")),
        heal,
        "busy with something else",
        hint=RESET_HINT,
        at_start=True,
        failures=3,
    ),
    "busy scanning": Row(
        S.BUSY,
        lambda p: p.refuse("StartDiscovery", bluez_error("InProgress", "in progress")),
        heal,
        "busy with something else",
        hint=RESET_HINT,
        at_start=True,
        failures=3,
    ),
    "aborted": Row(
        S.ABORTED,
        lambda p: p.refuse("Connect", bluez_error("Failed", "le-connection-abort-by-remote")),
        heal,
        "broke off while it was being made",
        hint="Wi-Fi",
        at_start=True,
    ),
    "aborted for ever": Row(
        S.NO_ANSWER,  # bleak retries this one by itself, and never says what it met
        lambda p: p.refuse("Connect", Abort()),
        heal,
        "does not answer",
        hint="closer",
        at_start=True,
    ),
    "switched off": Row(
        S.OFF,
        lambda p: p.room.bluez.power(on=False),
        lambda p: p.room.bluez.power(on=True),
        "switched off",
        hint="rfkill",
    ),
    "no adapter at start": Row(
        S.NO_ADAPTER,
        lambda p: p.room.bluez.remove_adapter(),
        lambda p: p.room.bluez.add_adapter(),
        "no Bluetooth adapter",
        hint="Plug one in",
        at_start=True,
        failures=2,
    ),
    "adapter pulled out": Row(
        S.NO_ADAPTER,
        lambda p: p.room.bluez.remove_adapter(),
        lambda p: p.room.bluez.add_adapter(),
        "no Bluetooth adapter",
        hint="Plug one in",
    ),
    "denied": Row(
        S.DENIED,
        lambda p: p.refuse(
            "StartDiscovery", BusError("org.freedesktop.DBus.Error.AccessDenied", "no")
        ),
        nothing,
        "not allowed",
        hint="group bluetooth",
        at_start=True,
        failures=2,
        gives_up=True,
    ),
    "service killed": Row(
        S.NO_SERVICE,
        lambda p: p.room.bluez.kill(),  # bleak does not notice: the silence does
        lambda p: p.room.bluez.start(),
        "service does not run",
        hint="systemctl start bluetooth",
    ),
    "service hangs": Row(
        S.SERVICE_HANGS,
        lambda p: p.room.bluez.freeze(),
        lambda p: p.room.bluez.thaw(),
        "service does not answer",
        hint="systemctl restart bluetooth",
    ),
    "message bus gone": Row(
        S.NO_BUS,
        lambda p: p.room.bluez.lose_bus(),
        lambda p: p.room.bluez.restore_bus(),
        "message bus",
        hint="by cable",
    ),
    "not heard": Row(
        S.NOT_HEARD, not_heard, heard_again, "was not heard", hint="COUNT-1", at_start=True
    ),
    "no answer": Row(
        S.NO_ANSWER,
        lambda p: p.refuse("Connect", NoReply()),
        heal,
        "does not answer",
        hint=RESET_HINT,
        at_start=True,
        failures=4,
    ),
    "gone between": Row(
        S.GONE,
        lambda p: p.refuse("Connect", lambda: p.room.bluez.forget(p.address)),
        heal,
        "no longer there",
        hint="closer",
        at_start=True,
    ),
    "two of a name": Row(
        S.NAMESAKES,
        neighbour_comes,
        neighbour_goes,
        "Two sensors call themselves .*C0:00:00:00:00:01",
        hint="by its address",
        at_start=True,
    ),
    "no room": Row(
        S.NO_ROOM,
        room_taken,
        room_made,
        "no room for another connection",
        hint="four sensors at best",
        at_start=True,
    ),
    "no room, says the system": Row(
        S.NO_ROOM,
        lambda p: p.refuse("Connect", bluez_error("Failed", "no available connection slot")),
        heal,
        "no room for another connection",
        hint="four sensors at best",
        at_start=True,
    ),
    "stale table": Row(
        S.WRONG_LANES,
        table_remembered,
        nothing,
        "lacks the channel data",
        at_start=True,
        calls=(("RemoveDevice", 1),),
    ),
    "another family": Row(
        S.WRONG_LANES,
        older_firmware,
        nothing,
        "lacks the channel data",
        hint="another family",
        at_start=True,
        failures=3,
        gives_up=True,
        calls=(("RemoveDevice", 2),),
    ),
    "wrong packet size": Row(
        S.REFUSED,
        lambda p: p.room.bluez.claim_mtu(p.address, 247),
        nothing,
        "refuses what was asked .*0x0d",
        at_start=True,
        mtu=23,
    ),
    "mute": Row(
        S.MUTE,
        mute,
        unmute,
        "no longer answers|does not answer|sends nothing",
        hint=RESET_HINT,
        at_start=True,
        failures=3,
        calls=(("RemoveDevice", 1),),
    ),
    "stalled": Row(S.STALLED, mute, unmute, "sends nothing any more", hint="closer"),
    "doubled": Row(
        S.DOUBLED,
        lambda p: p.room.bluez.copy(p.address, times=3),
        nothing,
        "arrives twice",
    ),
    "lost": Row(S.LOST, lambda p: p.room.bluez.drop(p.address), nothing, "is lost"),
    "never heard of": Row(
        S.OTHER,
        lambda p: p.refuse("Connect", bluez_error("Failure", "the moon is full")),
        heal,
        "Bluetooth reports.*the moon is full",
        hint="off and on",
        at_start=True,
    ),
}


def test_every_symptom_is_played() -> None:
    assert {row.symptom for row in ROWS.values()} == set(Symptom) == set(TROUBLES)
    for trouble in TROUBLES.values():
        assert trouble.says.endswith(".")
        assert trouble.hint.endswith(".")
        assert Remedy.GIVE_UP not in trouble.ladder[:-1]


@pytest.mark.parametrize("name", ROWS)
def test_a_symptom_is_told_and_overcome(name: str, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("bleak_retry_connector.BLEAK_OUT_OF_SLOTS_BACKOFF_TIME", 0.1)
    monkeypatch.setattr("bleak_retry_connector.BLEAK_TRANSIENT_BACKOFF_TIME", 0.02)
    monkeypatch.setattr(ble_radio, "_SERVICE_PATIENCE_S", 0.5)
    monkeypatch.setattr(ble_radio, "_CONNECT_PATIENCE_S", 2.0)
    monkeypatch.setattr(ble, "_SUBSCRIBE_PATIENCE_S", 1.0)
    monkeypatch.setattr(ble, "_WRITE_PATIENCE_S", 1.0)
    monkeypatch.setattr(ble, "_RELEASE_PATIENCE_S", 1.0)
    row = ROWS[name]
    peer, other = Stand(omp_device().ble), CountingPeer()

    async def scenario(room: Room) -> None:
        play = Play(room, peer, other)
        if row.at_start:
            await hand(row.spoil, play)
        timing = LinkTiming(backoff_s=(0.5,), greet_s=5.0)
        async with room.linked(peer, timing=timing, find_s=1.0) as (link, heard):
            if not row.at_start:
                await heard.streaming()
                await hand(row.spoil, play)
            await heard.until(lambda: told(row, link, heard))
            if row.gives_up:
                await heard.until(lambda: link.status.phase is P.GAVE_UP)
            else:
                assert link.status.phase is not P.GAVE_UP
                await hand(row.mend, play)
                await heard.until(lambda: link.status.phase is P.STREAMING)
                await heard.streaming()
                assert link.status.error is None
                assert set(room.bluez.listeners(play.address)) <= {0, 1}
        for member, count in row.calls:
            assert play.calls(member) >= count
        if not row.gives_up:
            nothing_missing(heard)

    in_room(tmp_path, [peer, other], scenario, speed=SPEED, mtu=row.mtu)


async def hand(action: Hand, play: Play) -> None:
    done = action(play)
    if done is not None:
        await done


def told(row: Row, link: SensorLink, heard: Listener) -> bool:
    """The symptom was said so often as its row wants, and in the end with what can be done."""
    said = [
        status.error
        for status in heard.statuses
        if status.error is not None
        and symptom_of(status.error) is row.symptom
        and re.search(row.says, str(status.error))
    ]
    return len(said) >= row.failures and row.hint in said[-1].hint


def test_once_connected_no_namesake_is_taken_instead(tmp_path) -> None:
    """The neighbour's sensor of the same name comes later, and ours goes away for a moment."""
    peer, other = Stand(omp_device().ble), CountingPeer()

    async def scenario(room: Room) -> None:
        play = Play(room, peer, other)
        async with room.linked(peer, timing=LinkTiming(backoff_s=(0.5,))) as (link, heard):
            await heard.streaming()
            neighbour_comes(play)
            not_heard(play)
            await heard.until(lambda: "was not heard" in str(link.status.error))
            assert other.link_ups == 0
            heard_again(play)
            await heard.until(lambda: link.status.phase is P.STREAMING)
        assert other.link_ups == 0
        nothing_missing(heard)

    in_room(tmp_path, [peer, other], scenario, speed=SPEED)


@pytest.mark.parametrize(
    ("member", "action"),
    [
        ("Connect", Abort()),
        ("Connect", bluez_error("InProgress", "Operation already in progress")),
        ("StartDiscovery", Delay(0.5)),
    ],
    ids=["aborted", "busy", "slow"],
)
def test_what_passes_at_once_is_overcome_without_a_word(member: str, action, tmp_path) -> None:
    peer = omp_device().ble

    async def scenario(room: Room) -> None:
        room.bluez.fault(member, action)
        async with room.linked(peer) as (link, heard):
            await heard.streaming()
            assert link.status.attempt == 0
        assert [status.error for status in heard.statuses if status.error is not None] == []

    in_room(tmp_path, [peer], scenario, speed=SPEED)


def test_many_drops_leave_one_listener_each(tmp_path) -> None:
    """bleak issue 2002: a client that was lost and not disconnected would be served for ever."""
    peer = omp_device().ble

    async def scenario(room: Room) -> None:
        async with room.linked(peer, timing=LinkTiming(backoff_s=(0.1,))) as (link, heard):
            for _ in range(8):
                await heard.streaming(new_samples=10)
                room.bluez.drop(peer.advertisement.address)
                await heard.until(lambda: link.status.phase is not P.STREAMING)
            await heard.streaming()
            assert max(room.bluez.listeners(peer.advertisement.address)) == 1
            assert link.counters.duplicate == 0
        nothing_missing(heard)

    in_room(tmp_path, [peer], scenario, speed=SPEED)
