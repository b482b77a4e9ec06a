"""The supervisor with the OMP driver, over bleak and a simulated BlueZ, to a simulated sensor."""

import pytest
from ble_rig import Room, in_room, nothing_missing
from link_rig import LARGE_RING_BYTES, disconnects, omp_device

from firmware_sim.fault_script import Kind
from firmware_sim.faults import FaultyPeer
from sensorhub.daemon.links.state import LinkPhase
from sensorhub.daemon.links.timing import LinkTiming
from sensorhub.model.events import BatteryReported, SamplesLost
from sensorhub.model.link import RecordKind
from sensorhub.transports.ble import NotifyPath

BOTH_PATHS = pytest.mark.parametrize("path", NotifyPath)
P = LinkPhase
BREAKS = 12


@BOTH_PATHS
@pytest.mark.parametrize("mtu", [23, 247])
def test_stream_and_stop(tmp_path, path, mtu):
    device = omp_device()

    async def scenario(room: Room) -> None:
        async with room.linked(device.ble, path=path) as (link, heard):
            await heard.streaming(new_samples=300)
            await heard.until(lambda: any(isinstance(e, BatteryReported) for e in heard.events))
        assert link.status.phase is P.STOPPED
        assert heard.phases == [P.SEARCHING, P.CONNECTING, P.STREAMING, P.STOPPING, P.STOPPED]
        nothing_missing(heard)
        assert link.counters.received == len(heard.indices())
        assert link.dropped_chunks == 0
        stamps = [r.host_time_ns for r in heard.records if r.kind is RecordKind.RECEIVED]
        assert stamps == sorted(stamps)

    in_room(tmp_path, [device.ble], scenario, speed=5.0, mtu=mtu)


def test_disconnects_and_no_sample_missing(tmp_path):
    """Breaks of 1 to 20 s; what the sensor's memory holds comes back, the breaks are declared.

    The memory holds all: how much comes back between two breaks depends on this machine's load.
    The sensor waits 60 s of its world for its host, which must be long for a busy machine too.
    """
    faults, end_s = disconnects(BREAKS, seed=11)
    device = omp_device(ring_bytes=LARGE_RING_BYTES)
    peer = FaultyPeer(device.ble, faults, incidents=device, seed=1)

    async def scenario(room: Room) -> None:
        async with room.linked(peer) as (link, heard):
            await heard.until(lambda: room.world.now_us() > end_s * 1e6)
            await heard.streaming()
            await heard.until(lambda: link.counters.lost == 0)
        assert peer.happened[Kind.DISCONNECT] == BREAKS
        nothing_missing(heard)
        counters = link.counters
        assert counters.lost == 0
        assert counters.backfilled > 100 * BREAKS
        declared = sum(e.count for e in heard.events if isinstance(e, SamplesLost))
        assert declared >= counters.backfilled  # each break was a gap before it was filled
        kinds = [r.kind for r in heard.records]
        # A break that comes while the one before it is still being mended is none of its own: on a
        # busy computer that happens.
        assert kinds.count(RecordKind.LINK_UP) == kinds.count(RecordKind.LINK_DOWN) >= BREAKS - 2
        lost = [s for s in heard.statuses if s.phase is P.SEARCHING and s.attempt]
        assert all(s.lost_since_ns is not None and s.error is not None for s in lost)

    in_room(tmp_path, [peer], scenario, speed=10.0)


def test_two_sensors_at_once_and_one_breaks(tmp_path):
    faults, _ = disconnects(3, seed=5)
    right, left = omp_device("thigh_right"), omp_device("thigh_left")
    broken = FaultyPeer(right.ble, faults, incidents=right, seed=1)

    # In fast time a busy computer is silent for long.
    patient = LinkTiming(dead_s=120.0)

    async def scenario(room: Room) -> None:
        async with (
            room.linked(broken) as (one, heard_one),
            room.linked(left.ble, timing=patient) as (two, heard),
        ):
            await heard_one.until(lambda: broken.happened[Kind.DISCONNECT] == 3)
            await heard_one.until(lambda: one.status.phase is not P.STREAMING)
            await heard_one.streaming()
            # The other one was never let go of.
            assert heard.phases.count(P.CONNECTING) == 1
            await heard.streaming()
        nothing_missing(heard_one)
        nothing_missing(heard)
        assert one.counters.backfilled > 0 == two.counters.backfilled

    in_room(tmp_path, [broken, left.ble], scenario, speed=6.0)


def test_a_bluetooth_service_that_dies_unsaid_is_noticed_by_the_silence(tmp_path):
    """bleak 3.1 does not notice: no callback, ``is_connected`` stays True. The watchdog does.

    In faster time its patience grows, and what is written once a second would notice first.
    """
    device = omp_device()

    async def scenario(room: Room) -> None:
        timing = LinkTiming(backoff_s=(0.5,))
        async with room.linked(device.ble, timing=timing) as (link, heard):
            await heard.streaming()
            room.bluez.kill()
            await heard.until(lambda: link.status.phase is P.SIGNAL_LOST)
            assert link.status.lost_since_ns is not None
            await heard.until(lambda: link.status.phase is P.SEARCHING)
            await heard.until(lambda: "service does not run" in str(link.status.error))
            room.bluez.start()
            await heard.until(lambda: link.status.phase is P.STREAMING)
        nothing_missing(heard)

    in_room(tmp_path, [device.ble], scenario, speed=1.5)


@pytest.mark.parametrize(
    ("spoil", "mend", "says"),
    [
        (lambda b: b.power(on=False), lambda b: b.power(on=True), "switched off"),
        (lambda b: b.remove_adapter(), lambda b: b.add_adapter(), "no Bluetooth adapter"),
    ],
    ids=["off", "pulled out"],
)
def test_an_adapter_that_goes_and_comes_back(tmp_path, spoil, mend, says):
    device = omp_device()

    async def scenario(room: Room) -> None:
        timing = LinkTiming(backoff_s=(0.5,))
        async with room.linked(device.ble, timing=timing) as (link, heard):
            await heard.streaming()
            spoil(room.bluez)
            await heard.until(lambda: says in str(link.status.error))
            assert link.status.error is not None
            assert link.status.error.hint
            mend(room.bluez)
            await heard.until(lambda: link.status.phase is P.STREAMING)
            await heard.streaming()
        nothing_missing(heard)

    in_room(tmp_path, [device.ble], scenario, speed=5.0)


def test_a_reboot_of_the_sensor_begins_a_new_stream(tmp_path):
    device = omp_device()

    async def scenario(room: Room) -> None:
        async with room.linked(device.ble) as (link, heard):
            await heard.streaming()
            device.reboot(room.world.now_us())
            await heard.until(lambda: link.status.phase is P.SEARCHING)
            await heard.until(lambda: link.status.phase is P.STREAMING)
            await heard.streaming()
            assert len({event.stream for event in heard.samples()}) == 2

    in_room(tmp_path, [device.ble], scenario, speed=5.0)
