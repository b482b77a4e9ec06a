"""Bad links and incidents: read from text, seeded, bounded, and the link's promises still kept."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omp_rig import HELLO, SECOND_US, Bench, device, tlv

from firmware_sim.fault_script import KINDS, Fault, Kind, explain_faults, parse_fault, read_faults
from firmware_sim.faults import FaultyPeer
from firmware_sim.fields import InputError
from firmware_sim.omp.tables import Op
from firmware_sim.peer import Advertisement, GattService, Sent


@dataclass
class Ticker:
    """A peer that sends one numbered packet of ``size`` bytes every 10 ms while linked."""

    lane: str = "data"
    size: int = 20
    up: bool = False
    due_us: int = 0
    count: int = 0
    heard: list[tuple[int, bytes]] = field(default_factory=list)
    told: list[tuple[str, int]] = field(default_factory=list)

    advertisement = Advertisement("ticker", "C0:00:00:00:00:01", ())
    services: tuple[GattService, ...] = ()

    def link_up(self, now_us: int, *, mtu: int | None) -> None:
        self.up, self.due_us = True, now_us

    def link_down(self, now_us: int) -> None:
        self.up = False

    def subscribe(self, lane: str, now_us: int, *, enabled: bool) -> None: ...

    def receive(self, lane: str, data: bytes, now_us: int) -> int | None:
        self.heard.append((now_us, data))
        return None

    def poll(self, now_us: int) -> list[Sent]:
        sent = []
        while self.up and self.due_us <= now_us:
            sent.append(Sent(self.lane, self.count.to_bytes(4, "big").ljust(self.size, b"\xaa")))
            self.count += 1
            self.due_us += 10_000
        return sent

    def next_poll_us(self) -> int | None:
        return self.due_us if self.up else None

    def reachable(self, now_us: int) -> bool:
        return True

    # incidents

    def reboot(self, now_us: int) -> None:
        self.told.append(("reboot", now_us))

    def press_button(self, now_us: int) -> None:
        self.told.append(("button", now_us))

    def set_charging(self, now_us: int, *, charging: bool) -> None:
        self.told.append((f"charging {charging}", now_us))

    def set_battery(self, now_us: int, percent: float) -> None:
        self.told.append((f"battery {percent:g}", now_us))

    def break_sensor(self, now_us: int) -> None:
        self.told.append(("sensor", now_us))

    def lose_samples(self, now_us: int, count: int) -> None:
        self.told.append((f"lose {count}", now_us))


class Link:
    """Polls at every chance, reconnects as soon as it can, keeps what arrived."""

    def __init__(self, *faults: str, seed: int = 3, lane: str = "data", size: int = 20) -> None:
        self.inner = Ticker(lane, size)
        parsed = [parse_fault(text) for text in faults]
        self.peer = FaultyPeer(self.inner, parsed, incidents=self.inner, seed=seed)
        self.now = 0
        self.up = True
        self.got: list[tuple[int, bytes]] = []
        self.links = [0]
        self.cuts: list[int] = []
        self.peer.link_up(0, mtu=247)

    def run(self, seconds: float) -> "Link":
        end = self.now + round(seconds * SECOND_US)
        while True:
            self.got += [(self.now, sent.data) for sent in self.peer.poll(self.now)]
            reachable = self.peer.reachable(self.now)
            if self.up and not reachable:
                self.up = False
                self.cuts.append(self.now)
                self.peer.link_down(self.now)
            elif reachable and not self.up:
                self.up = True
                self.links.append(self.now)
                self.peer.link_up(self.now, mtu=247)
            due = self.peer.next_poll_us()
            if due is None or max(due, self.now + 1) > end:
                self.now = end
                return self
            self.now = max(due, self.now + 1)

    @property
    def numbers(self) -> list[int]:
        return [int.from_bytes(data[:4], "big") for _, data in self.got]

    @property
    def stream(self) -> bytes:
        return b"".join(data for _, data in self.got)


def test_without_faults_nothing_changes() -> None:
    link = Link().run(5)
    assert link.numbers == list(range(501))
    assert [t for t, _ in link.got] == [10_000 * n for n in range(501)]


def test_drop() -> None:
    numbers = Link("drop=0.1").run(30).numbers
    assert numbers == sorted(set(numbers))
    assert 0.85 < len(numbers) / 3001 < 0.95


def test_duplicate() -> None:
    numbers = Link("duplicate=0.1").run(30).numbers
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(3001))
    assert 0.05 < len(numbers) / 3001 - 1 < 0.15


def test_corrupt_changes_bits_not_lengths() -> None:
    link = Link("corrupt=0.2").run(10)
    assert len(link.got) == 1001
    assert {len(data) for _, data in link.got} == {20}
    clean = Link().run(10)
    flips = [
        sum((a ^ b).bit_count() for a, b in zip(x, y, strict=True))
        for (_, x), (_, y) in zip(link.got, clean.got, strict=True)
    ]
    assert set(flips) <= {0, 1, 2, 3}
    assert 0.1 < sum(map(bool, flips)) / 1001 < 0.3


def test_delay_keeps_order_and_loses_nothing() -> None:
    link = Link("delay=0.3,amount=0.2").run(20)
    assert link.numbers == list(range(len(link.numbers)))
    assert len(link.numbers) > 1800
    times = [t for t, _ in link.got]
    assert times == sorted(times)
    assert max(t - 10_000 * n for n, (t, _) in enumerate(link.got)) > 100_000


def test_a_lane_of_its_own() -> None:
    assert Link("drop=1,lane=bulk").run(1).numbers == list(range(101))
    assert Link("drop=1,lane=data").run(1).numbers == []


def test_a_window() -> None:
    numbers = Link("drop@2:3").run(10).numbers
    assert sorted(set(range(1001)) - set(numbers)) == list(range(200, 500))


def test_stall_holds_and_then_releases_everything() -> None:
    link = Link("stall@2:3").run(10)
    assert link.numbers == list(range(1001))
    burst = [n for n, (t, _) in enumerate(link.got) if t == 5_000_000]
    assert burst == list(range(201, 501))


def test_disconnect_cuts_stays_away_and_comes_back() -> None:
    link = Link("disconnect@2:3", "disconnect@8:0.5").run(10)
    assert link.cuts == [2_000_000, 8_000_000]
    assert link.links == [0, 5_000_000, 8_500_000]


def test_disconnects_by_rate() -> None:
    link = Link("disconnect=2").run(1800)
    # Twice a minute, each 1 to 20 s long, some within another.
    assert 30 < len(link.cuts) <= 80
    away = [up - cut for cut, up in zip(link.cuts, link.links[1:], strict=False)]
    assert min(away) >= SECOND_US
    assert max(away) <= 60 * SECOND_US


def test_a_cut_link_stays_cut_until_it_has_noticed() -> None:
    """A link that looks rarely must not sleep through a short disconnection."""
    inner = Ticker()
    peer = FaultyPeer(inner, [parse_fault("disconnect@1:0.1")], incidents=inner)
    peer.link_up(0, mtu=247)
    peer.poll(5 * SECOND_US)
    assert not peer.reachable(5 * SECOND_US)
    assert peer.receive("data", b"lost", 5 * SECOND_US) is None
    assert inner.heard == []
    peer.link_down(5 * SECOND_US)
    assert peer.reachable(5 * SECOND_US)


def test_faults_towards_the_device() -> None:
    link = Link("drop=0.5,lane=in", "delay=0.5,amount=0.1,lane=in")
    for n in range(200):
        link.peer.receive("control", bytes((n,)), link.now)
        link.run(0.05)
    link.run(5)
    heard = [data[0] for _, data in link.inner.heard]
    assert heard == sorted(heard)
    assert 60 < len(heard) < 140
    assert any(t % 50_000 for t, _ in link.inner.heard)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("reboot@1", "reboot"),
        ("button@1", "button"),
        ("charger@1", "charging True"),
        ("charger@1,amount=0", "charging False"),
        ("battery@1,amount=7", "battery 7"),
        ("sensor@1", "sensor"),
        ("lose@1,amount=30", "lose 30"),
    ],
)
def test_incidents(text: str, told: str) -> None:
    assert Link(text).run(3).inner.told == [(told, SECOND_US)]


@given(
    st.lists(
        st.sampled_from(["drop=0.2", "duplicate=0.2", "corrupt=0.2", "delay=0.2", "split=0.5"]),
        max_size=4,
    ),
    st.integers(0, 5),
    st.sampled_from(("data", "serial")),
)
@settings(max_examples=40, deadline=None)
def test_the_same_seed_is_the_same_bad_day(faults: list[str], seed: int, lane: str) -> None:
    first = Link(*faults, "disconnect=6", seed=seed, lane=lane).run(20)
    second = Link(*faults, "disconnect=6", seed=seed, lane=lane).run(20)
    assert (first.got, first.cuts) == (second.got, second.cuts)


def test_serial_faults_act_on_bytes() -> None:
    clean = Link(lane="serial").run(5).stream
    split = Link("split=1,amount=0.005", lane="serial").run(5.1)
    assert split.stream[: len(clean)] == clean
    assert len(split.got) > 1000
    dropped = Link("drop=0.5", lane="serial").run(5)
    assert len(clean) - 16 * 300 < len(dropped.stream) < len(clean) - 200
    doubled = Link("duplicate=0.5", lane="serial").run(5)
    assert len(clean) + 200 < len(doubled.stream) < len(clean) + 16 * 300
    assert len(Link("corrupt=0.5", lane="serial").run(5).stream) == len(clean)


def test_split_leaves_whole_notifications_alone() -> None:
    assert Link("split=1").run(5).got == Link().run(5).got


def test_what_is_held_is_bounded() -> None:
    link = Link("stall@1:500", size=4).run(400)
    assert len(link.peer._out) == FaultyPeer.MOST_HELD
    link.run(200)
    numbers = link.numbers
    assert numbers == sorted(set(numbers))
    assert numbers[-1] > 55_000  # the oldest went


def test_a_real_sensor_behind_a_bad_link_still_gives_every_sample() -> None:
    sensor = device()
    faults = [parse_fault(text) for text in ("disconnect@4:3", "disconnect@9:2", "delay=0.1")]
    host = Bench(FaultyPeer(sensor.ble, faults, incidents=sensor, seed=5)).connect()
    host.ask(Op.START)
    for _ in range(300):
        host.wait(50_000)
        if not host.peer.reachable(host.now):
            host.drop()
            while not host.peer.reachable(host.now):
                host.wait(50_000)
            host.connect(hello=False)
            assert 0x05 in host.ask(Op.HELLO, HELLO).tlvs
    last = host.ask(Op.STOP).u32(0x31)
    host.ask(Op.BACKFILL, tlv(0x30, "II", 0, last + 1))
    host.wait(20 * SECOND_US)
    got = [ax for packet in host.samples("bulk") for ax, *_ in packet.values]
    assert got == list(range(last + 1))
    live = [ax for packet in host.samples() for ax, *_ in packet.values]
    assert len(live) < 0.85 * len(got)


# As people write them


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("drop=0.01", Fault(Kind.DROP, rate=0.01)),
        ("disconnect@12:5", Fault(Kind.DISCONNECT, at_s=12.0, duration_s=5.0)),
        ("disconnect=2", Fault(Kind.DISCONNECT, rate=2.0)),
        ("reboot@3.5", Fault(Kind.REBOOT, at_s=3.5)),
        (
            "delay=0.1@2:3,amount=0.2,lane=bulk",
            Fault(Kind.DELAY, 0.1, 2.0, 3.0, amount=0.2, lane="bulk"),
        ),
    ],
)
def test_reading(text: str, fault: Fault) -> None:
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dorp=0.1", "did you mean 'drop'"),
        ("", "no fault ''"),
        ("drop", "say how often"),
        ("drop=x", "'x' is not a number"),
        ("drop=1.5", "rate must be 0 to 1"),
        ("drop=nan", "rate must be 0 to 1"),
        ("drop=-1", "rate must be 0 to 1"),
        ("stall@-1", "at_s must be"),
        ("drop=0.1,lane=dta", "did you mean 'data'"),
        ("drop=0.1,much", "'much' is not NAME=VALUE"),
        ("drop=0.1,mount=3", "unknown field 'mount'"),
        ("reboot@1,lane=data", "reboot has no lane"),
    ],
)
def test_refusing(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_fault(text)


@given(st.text(max_size=30) | st.from_regex(r"[a-z]{4}=[0-9.e]+@[0-9:]+,[a-z]+=[0-9a-z]+"))
def test_any_text_is_a_fault_or_a_sentence(text: str) -> None:
    said = ""
    try:
        assert parse_fault(text).kind in KINDS
    except InputError as error:
        said = str(error)
    assert said == "" or said.startswith("fault ")


def test_reading_a_file(tmp_path: Path) -> None:
    file = tmp_path / "bad day.toml"
    file.write_text(
        '[[fault]]\nkind = "drop"\nrate = 0.02\nlane = "data"\n'
        '[[fault]]\nkind = "disconnect"\nat_s = 30\nduration_s = 4\n'
    )
    assert read_faults(file) == (
        Fault(Kind.DROP, rate=0.02, lane="data"),
        Fault(Kind.DISCONNECT, at_s=30.0, duration_s=4.0),
    )
    file.write_text('[[falut]]\nkind = "drop"\n')
    with pytest.raises(InputError, match="falut"):
        read_faults(file)


def test_every_kind_is_explained() -> None:
    assert [line.split()[0] for line in explain_faults()] == list(Kind)
