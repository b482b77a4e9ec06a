"""A whole short session against ``tests/golden/omp_device_session.txt``, byte by byte."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from omp_rig import RampImu

from firmware_sim.omp.capabilities import Identity
from firmware_sim.omp.core import DeviceOptions
from firmware_sim.omp.device import OmpDevice

Line = tuple[int, str, bytes]
GOLDEN = Path(__file__).parents[2] / "golden" / "omp_device_session.txt"


def read_golden() -> tuple[list[Line], list[Line]]:
    """What the host says and what the device says."""
    said: dict[str, list[list[str]]] = {">": [], "<": []}
    current: list[str] = []
    for line in GOLDEN.read_text().splitlines():
        words = line.partition("#")[0].split()
        if words and words[0] in said:
            current = words[1:]
            said[words[0]].append(current)
        else:
            current.extend(words)
    host, sensor = (
        [(int(t), lane, bytes.fromhex("".join(rest))) for t, lane, *rest in said[who]]
        for who in "><"
    )
    return host, sensor


def run(host: list[Line], looks: list[int]) -> list[Line]:
    """Play the host's side to a fresh sensor that is polled when due and at ``looks``."""
    identity = Identity(bytes(range(0xD0, 0xD8)), "C0:DE:00:00:00:01", "OM-GOLD")
    sensor = OmpDevice(identity, RampImu(), options=DeviceOptions(seed=7)).ble
    sensor.link_up(0, mtu=247)
    for lane in ("control", "data", "bulk"):
        sensor.subscribe(lane, 0, enabled=True)
    heard: list[Line] = []

    def until(start_us: int, end_us: int) -> None:
        stops = sorted(look for look in looks if start_us <= look < end_us)
        for stop in [*stops, end_us]:
            while (due := sensor.next_poll_us()) is not None and due <= stop:
                heard.extend((due, sent.lane, sent.data) for sent in sensor.poll(due))
            heard.extend((stop, sent.lane, sent.data) for sent in sensor.poll(stop))

    now_us = 0
    for at_us, lane, data in host:
        until(now_us, at_us)
        now_us = at_us
        assert sensor.receive(lane, data, at_us) is None
    until(now_us, 800_000)
    return heard


def test_the_golden_session() -> None:
    host, expected = read_golden()
    assert len(expected) == 23
    assert run(host, []) == expected


@given(st.lists(st.integers(0, 800_000), max_size=10))
@settings(max_examples=20, deadline=None)
def test_looking_in_between_changes_nothing(looks: list[int]) -> None:
    host, expected = read_golden()
    assert run(host, looks) == expected
