"""Status, battery, button, cue and power: what a device does by itself."""

import itertools
import struct

import pytest
from omp_rig import HELLO, SECOND_US, Bench, RampImu, device, streaming, tlv

from firmware_sim.omp.tables import Op


def test_status_once_a_second() -> None:
    host = streaming()
    since = len(host.log)
    host.wait(20 * SECOND_US)
    times = [struct.unpack("<Q", d[2:10])[0] for d in host.on("data", since) if d[0] == 0x32]
    assert len(times) == 20
    assert {b - a for a, b in itertools.pairwise(times)} == {SECOND_US}
    assert host.status()[-1] == 1
    assert host.status()[1] == pytest.approx(20 * 104, abs=10)


def test_no_status_before_ready_or_without_data() -> None:
    host = Bench(device().ble).connect(hello=False)
    host.wait(5 * SECOND_US)
    assert host.log == []
    quiet = Bench(device().ble).connect(lanes="control")
    since = len(quiet.log)
    quiet.wait(5 * SECOND_US)
    assert quiet.log[since:] == []


def test_battery_runs_down_and_charges() -> None:
    sensor = device(battery_percent=50.0)
    host = Bench(sensor.ble).connect(lanes="control data bulk battery")
    host.ask(Op.START, tlv(0x11, "I", 26_000))
    host.wait(1200 * SECOND_US)
    drained = host.status()
    assert drained[3] == 48
    assert set(host.on("battery")[-1]) == {drained[3]}
    sensor.set_charging(host.now, charging=True)
    host.wait(1200 * SECOND_US)
    charged = host.status()
    assert charged[3] > 60
    assert charged[2] > drained[2]
    assert charged[-1] & 0b10
    assert [(event.code, event.arg) for event in host.events()] == [(4, 1)]
    assert sensor.ble.services[1].characteristics[0].value == bytes((charged[3],))


def test_the_button_is_an_event() -> None:
    sensor = device()
    host = Bench(sensor.ble).connect()
    sensor.press_button(host.now)
    host.wait(1000)
    assert [(event.code, event.arg, event.index) for event in host.events()] == [(1, 0, 0xFFFFFFFF)]


def cue(haptic: int = 80, on: int = 200, off: int = 100, repeats: int = 3, red: int = 0) -> bytes:
    return tlv(0x40, "BBBBHHB", red, 0, 0, haptic, on, off, repeats)


def cued() -> tuple[Bench, list[int]]:
    noticed: list[int] = []
    from firmware_sim.omp.device import OmpDevice, identity_of

    sensor = OmpDevice(identity_of("thigh_right"), RampImu(), on_cue=noticed.append)
    return Bench(sensor.ble).connect(), noticed


def test_a_cue_is_felt_and_played() -> None:
    host, noticed = cued()
    sensor = host.peer._device
    answer = host.ask(Op.CUE, cue())
    assert noticed == [answer.u64(0x42)]
    assert sensor.output(host.now).haptic == 80
    host.wait(200_000)
    assert sensor.output(host.now).haptic == 0
    host.wait(100_000)
    assert sensor.output(host.now).haptic == 80
    host.wait(SECOND_US)
    assert sensor.output(host.now).haptic == 0
    (event,) = host.events()
    assert (event.code, event.t) == (8, noticed[0] + 900_000)


def test_a_cue_at_a_time() -> None:
    host, noticed = cued()
    at = host.now + 5 * SECOND_US
    answer = host.ask(Op.CUE, cue() + tlv(0x41, "Q", at))
    assert answer.u64(0x42) == at
    host.wait(4 * SECOND_US)
    assert noticed == []
    host.wait(2 * SECOND_US)
    assert noticed == [at]
    past = host.ask(Op.CUE, cue() + tlv(0x41, "Q", 17))
    assert past.u64(0x42) == pytest.approx(host.now, abs=50_000)
    assert len(noticed) == 2


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (cue(on=5000, off=0, repeats=1), 0),
        (cue(on=4000, off=1001, repeats=1), 9),
        (cue(on=200, off=100, repeats=17), 9),
        (cue(on=65535, off=65535, repeats=0), 0),
        (cue() + tlv(0x41, "Q", 9_000_000), 0),
        (cue() + tlv(0x41, "Q", 12_000_000), 9),
        (cue() + tlv(0x41, "Q", 2**64 - 1), 9),
    ],
)
def test_cue_limits(body: bytes, status: int) -> None:
    host, _ = cued()
    assert host.ask(Op.CUE, body).status == status


def test_a_new_cue_replaces_and_zero_repeats_cancel() -> None:
    host, noticed = cued()
    later = tlv(0x41, "Q", 5 * SECOND_US)
    host.ask(Op.CUE, cue() + later)
    host.ask(Op.CUE, cue(haptic=0, red=100) + tlv(0x41, "Q", 6 * SECOND_US))
    host.wait(8 * SECOND_US)
    assert noticed == [6 * SECOND_US]
    host.ask(Op.CUE, cue() + tlv(0x41, "Q", 12 * SECOND_US))
    assert host.ask(Op.CUE, cue(repeats=0)).status == 0
    host.wait(6 * SECOND_US)
    assert len(noticed) == 1
    assert [event.code for event in host.events()] == [8]


def test_the_motor_stops_with_the_link_and_with_silence() -> None:
    host, _ = cued()
    sensor = host.peer._device
    host.ask(Op.CUE, cue(on=4000, off=0, repeats=1, red=50))
    host.drop()
    assert (sensor.output(host.now).haptic, sensor.output(host.now).red) == (0, 50)
    host, _ = cued()
    sensor = host.peer._device
    host.wait(SECOND_US)
    host.ask(Op.CUE, cue(on=4000, off=0, repeats=1) + tlv(0x41, "Q", 10 * SECOND_US))
    host.wait(9.5 * SECOND_US)  # of them ten since the host last spoke are over soon
    assert sensor.output(host.now).haptic == 80
    host.wait(SECOND_US)
    assert sensor.output(host.now).haptic == 0


@pytest.mark.parametrize("op", [Op.RESET, Op.SLEEP])
def test_power_off_answers_first_and_is_a_new_boot(op: Op) -> None:
    sensor = device(wake_after_s=4.0)
    host = Bench(sensor.ble).connect()
    boot = host.ask(Op.HELLO, HELLO).tlvs[0x03]
    host.ask(Op.SET_CONFIG, tlv(0x15, "H", 7))
    assert host.ask(op).status == 0
    host.wait(100_000)
    assert not host.peer.reachable(host.now)
    assert host.send(Op.STATUS) is None
    host.drop()
    assert not host.peer.reachable(host.now)
    host.wait((2 if op is Op.RESET else 5) * SECOND_US)
    assert host.peer.reachable(host.now)
    host.connect(hello=False)
    hello = host.ask(Op.HELLO, HELLO)
    assert hello.tlvs[0x03] != boot
    assert host.ask(Op.GET_CONFIG).u16(0x15) == 40
    host.ask(Op.STATUS)
    assert host.status()[0] < 5 * SECOND_US


def test_a_sleeping_device_waits_for_its_button() -> None:
    sensor = device()
    host = Bench(sensor.ble).connect()
    host.ask(Op.SLEEP)
    host.drop()
    host.wait(3600 * SECOND_US)
    assert not host.peer.reachable(host.now)
    sensor.press_button(host.now)
    host.wait(2 * SECOND_US)
    assert host.peer.reachable(host.now)


def test_a_reboot_stays_away_until_the_link_has_noticed() -> None:
    host = streaming()
    host.wait(SECOND_US)
    host.peer._device.reboot(host.now)
    host.wait(30 * SECOND_US)  # long awake again
    assert not host.peer.reachable(host.now)
    host.drop()
    assert host.peer.reachable(host.now)
    host.connect(hello=False)
    assert 0x05 not in host.ask(Op.HELLO, HELLO).tlvs
    assert host.ask(Op.BACKFILL, tlv(0x30, "II", 0, 5)).status == 12
