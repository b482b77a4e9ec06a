"""The conversation with a sensor: every road through the table, on the bench."""

from itertools import pairwise

import pytest
from omp_bench import Bench, BenchSensor

from sensorhub.devices.base import ControllerState, StreamSettings
from sensorhub.devices.omp.controller import OmpController
from sensorhub.devices.omp.events import OmpCapabilities
from sensorhub.devices.omp.settings import CUES, config_requests
from sensorhub.devices.omp.states import PUBLIC_STATE, TRANSITIONS, Happening, Phase
from sensorhub.model.errors import DeviceError, LinkLostError
from sensorhub.model.events import (
    ClockObserved,
    DeviceIdentified,
    SamplesArrived,
    StreamStarted,
)
from sensorhub.protocol import tlv
from sensorhub.protocol.control import Op, Status
from sensorhub.protocol.tlv import Tlvs

STREAMING, STOPPED = ControllerState.STREAMING, ControllerState.STOPPED
LINKS = pytest.mark.parametrize("mtu", [None, 23, 65, 247])


def chunky(mtu: int | None) -> BenchSensor:
    """A sensor that keeps to the MTU: at 23 an answer goes out setting by setting."""
    return BenchSensor(mtu=mtu, chunked=mtu is not None and mtu < 100)


@pytest.fixture(autouse=True)
def _one_sample_fits_mtu_23(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    params = getattr(request.node, "callspec", None)
    if params is not None and params.params.get("mtu") == 23:
        monkeypatch.setattr("omp_bench.BATCH", 1)


@LINKS
def test_from_link_to_stream_to_stop(mtu: int | None) -> None:
    bench = Bench(chunky(mtu)).link_up()
    assert bench.state is ControllerState.GREETING
    bench.run_until(STREAMING).run(3.0)
    bench.controller.request_stop(bench.now_ns)
    assert bench.state is ControllerState.STOPPING
    bench.run_until(STOPPED)
    assert bench.received() == list(range(bench.sensor.latest + 1))
    assert bench.received()[-1] > 250
    ops = bench.ops()
    assert ops[0] == "HELLO"
    assert ops[-1] == "STOP"
    assert ops.count("TIME_SYNC") >= 16 + 2
    assert not [one for one in bench.of(SamplesArrived) if one.backfilled]  # type: ignore[attr-defined]
    assert bench.decoder.counters.received == bench.sensor.latest + 1
    assert len(bench.of(StreamStarted)) == 1


def test_requests_at_mtu_23_fit_and_ask_for_everything() -> None:
    bench = Bench(chunky(23)).link_up()
    bench.run_until(STREAMING)
    asked: dict[int, bytes] = {}
    for request in bench.sensor.heard:
        if request.op in (Op.SET_CONFIG, Op.START):
            asked.update(request.tlvs.items)
    assert set(asked) == {0x11, 0x12, 0x13, 0x14, 0x15, 0x16}
    assert "SET_CONFIG" in bench.ops()


def test_where_everything_fits_start_carries_it_alone() -> None:
    bench = Bench().link_up().run_until(STREAMING)
    assert "SET_CONFIG" not in bench.ops()


def test_settings_are_asked_for_as_given() -> None:
    pieces, last = config_requests(StreamSettings(rate_hz=52.0, acc_range_g=4), None)
    assert pieces == []
    assert last.get(tlv.RATE_MHZ) == 52_000
    assert last.get(tlv.ACC_RANGE_G) == 4
    assert last.get(tlv.FORMAT) == 0x11


def test_capabilities_name_the_device_and_are_asked_for_once() -> None:
    bench = Bench().link_up().run_until(STREAMING)
    (known,) = bench.of(OmpCapabilities)
    assert isinstance(known, OmpCapabilities)
    assert known.capabilities.model == "Bench"
    last = bench.of(DeviceIdentified)[-1]
    assert isinstance(last, DeviceIdentified)
    assert (last.model, last.boot) == ("Bench", 0x0B0B0B0B)
    before = bench.ops().count("GET_CAPS")
    bench.link_down().run(61.0)
    bench.sensor.reboot(bench.device_us)
    bench.link_up().run_until(STREAMING)
    assert bench.ops().count("GET_CAPS") == before


@pytest.mark.parametrize("status", [Status.UNSUPPORTED, Status.BAD_PARAMETER])
def test_a_sensor_without_capabilities_is_used_as_it_is(status: Status) -> None:
    sensor = BenchSensor(with_caps=False, refuse={Op.GET_CAPS: [status]})
    Bench(sensor).link_up().run_until(STREAMING)


def test_clock_is_observed_in_a_burst_then_each_second_then_each_five() -> None:
    bench = Bench().link_up().run_until(STREAMING)
    assert len(bench.of(ClockObserved)) == 16
    bench.run(9.0)
    assert len(bench.of(ClockObserved)) - 16 == 8
    bench.run(31.0)
    assert len(bench.of(ClockObserved)) - 24 == 6
    for seen in bench.of(ClockObserved):
        assert isinstance(seen, ClockObserved)
        true_hub_s = seen.device_time_s - 7.0 + bench.sensor.born_us / 1e6
        assert seen.hub_time_s == pytest.approx(true_hub_s, abs=0.006)
        assert seen.uncertainty_s == pytest.approx(0.01, abs=0.006)


@LINKS
def test_a_lost_link_is_resumed_and_back_filled(mtu: int | None) -> None:
    bench = Bench(chunky(mtu)).link_up().run_until(STREAMING).run(2.0)
    bench.link_down()
    assert bench.state is ControllerState.DOWN
    bench.run(7.0).link_up().run_until(STREAMING).run(10.0)
    bench.controller.request_stop(bench.now_ns)
    bench.run_until(STOPPED, within_s=40.0)
    assert sorted(bench.received()) == list(range(bench.sensor.latest + 1))
    counters = bench.decoder.counters
    assert counters.lost == 0
    assert counters.backfilled >= 700
    assert bench.ops().count("START") == 1
    assert len(bench.of(StreamStarted)) == 1


def test_losses_on_a_good_link_are_back_filled_in_few_requests() -> None:
    sensor = BenchSensor(lose={40, 52, 60, 400})
    bench = Bench(sensor).link_up().run_until(STREAMING).run(8.0)
    assert sorted(bench.received()) == list(range(len(bench.received())))
    assert bench.decoder.counters.backfilled == 16
    assert bench.ops().count("BACKFILL") == 2


def test_what_the_memory_no_longer_has_is_lost_for_good() -> None:
    bench = Bench(BenchSensor(ring=300)).link_up().run_until(STREAMING).run(2.0)
    bench.link_down().run(8.0).link_up().run_until(STREAMING).run(8.0)
    gone = [one for one in bench.lost() if one.for_good]
    assert gone
    missing = sum(one.count for one in gone)
    counters = bench.decoder.counters
    assert counters.lost == missing
    assert len(bench.received()) == counters.received
    assert bench.received()[-1] + 1 == counters.received + counters.lost


def test_the_tail_lost_before_stop_is_fetched_after_it() -> None:
    bench = Bench().link_up().run_until(STREAMING).run(2.0)
    bench.sensor.lose = set(range(4000))
    bench.run(0.3)
    bench.controller.request_stop(bench.now_ns)
    bench.run_until(STOPPED)
    assert sorted(bench.received()) == list(range(bench.sensor.latest + 1))


def test_a_back_fill_packet_lost_on_the_way_is_asked_for_again() -> None:
    sensor = BenchSensor(lose={40}, skip_bulk=[40])
    bench = Bench(sensor).link_up().run_until(STREAMING).run(8.0)
    assert sorted(bench.received()) == list(range(len(bench.received())))
    assert bench.ops().count("BACKFILL") == 2


def test_a_back_fill_that_never_brings_anything_is_given_up() -> None:
    sensor = BenchSensor(lose={40}, skip_bulk=[40] * 10)
    bench = Bench(sensor).link_up().run_until(STREAMING).run(20.0)
    assert bench.ops().count("BACKFILL") == 3
    assert bench.decoder.counters.lost == 4


def test_a_sensor_that_cannot_back_fill_is_asked_once() -> None:
    sensor = BenchSensor(lose={40, 400}, refuse={Op.BACKFILL: [Status.UNSUPPORTED]})
    bench = Bench(sensor).link_up().run_until(STREAMING).run(8.0)
    assert bench.ops().count("BACKFILL") == 1
    assert bench.state is STREAMING


def test_a_busy_memory_is_asked_again() -> None:
    sensor = BenchSensor(lose={40}, refuse={Op.BACKFILL: [Status.BUSY, Status.BUSY]})
    bench = Bench(sensor).link_up().run_until(STREAMING).run(8.0)
    assert bench.decoder.counters.lost == 0


def test_a_rebooted_sensor_begins_another_stream() -> None:
    bench = Bench().link_up().run_until(STREAMING).run(2.0)
    bench.link_down().run(2.0)
    bench.sensor.reboot(bench.now_ns // 1000)
    bench.link_up().run_until(STREAMING).run(2.0)
    streams = {one.stream for one in bench.of(SamplesArrived)}  # type: ignore[attr-defined]
    assert len(streams) == 2
    assert len(bench.of(StreamStarted)) == 2
    assert "BACKFILL" not in bench.ops()


def test_a_session_somebody_left_running_is_stopped_first() -> None:
    sensor = BenchSensor(streaming=True, session=99)
    bench = Bench(sensor).link_up().run_until(STREAMING).run(1.0)
    ops = [op for op in bench.ops() if op not in ("TIME_SYNC", "GET_CAPS")]
    assert ops == ["HELLO", "STOP", "START"]
    assert {one.stream for one in bench.of(SamplesArrived)} == {100}  # type: ignore[attr-defined]
    assert bench.received()[0] == 0


def test_a_sensor_that_stops_by_itself_is_started_again() -> None:
    bench = Bench().link_up().run_until(STREAMING).run(2.0)
    bench.sensor.streaming = False
    bench.run(4.0)
    assert bench.state is STREAMING
    assert bench.ops().count("START") == 2


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (Status.LOW_BATTERY, "battery"),
        (Status.SENSOR_FAULT, "fault"),
        (Status.RATE, "rate"),
        (Status.RANGE, "range"),
        (Status.MTU_TOO_SMALL, "small"),
        (Status.BAD_PARAMETER, "refused START"),
    ],
)
def test_a_refusal_is_told_with_what_to_do(status: Status, word: str) -> None:
    bench = Bench(BenchSensor(refuse={Op.START: [status]})).link_up()
    bench.run_until(ControllerState.FAILED)
    assert isinstance(bench.controller.failure, DeviceError)
    assert word in str(bench.controller.failure)
    assert bench.controller.failure.hint
    assert bench.controller.next_poll_ns() is None
    heard = len(bench.sensor.heard)
    bench.run(5.0)
    assert len(bench.sensor.heard) == heard


def test_another_major_version_is_refused() -> None:
    bench = Bench(BenchSensor(major=2)).link_up().run_until(ControllerState.FAILED)
    assert "major version" in str(bench.controller.failure)


def test_another_minor_version_is_welcome() -> None:
    Bench(BenchSensor(minor=7)).link_up().run_until(STREAMING)


def test_an_unanswered_request_is_sent_three_times_then_the_link_is_given_up() -> None:
    bench = Bench(BenchSensor(mute={Op.HELLO: 99})).link_up()
    with pytest.raises(LinkLostError) as caught:
        bench.run(10.0)
    assert caught.value.hint
    assert len(bench.sensor.heard) == 3
    assert len({request.tid for request in bench.sensor.heard}) == 1


def test_a_request_answered_at_the_third_time_is_fine() -> None:
    Bench(BenchSensor(mute={Op.START: 2})).link_up().run_until(STREAMING)


def test_lost_time_exchanges_are_not_repeated_but_three_end_the_link() -> None:
    bench = Bench().link_up().run_until(STREAMING).run(20.0)
    bench.sensor.mute = {Op.TIME_SYNC: 2}
    bench.run(20.0)
    tids = [request.tid for request in bench.sensor.heard if request.op == Op.TIME_SYNC]
    assert len(tids) == len(set(tids))
    bench.sensor.mute = {Op.TIME_SYNC: 3}
    with pytest.raises(LinkLostError):
        bench.run(30.0)


def test_a_busy_sensor_is_asked_again_with_a_new_number() -> None:
    sensor = BenchSensor(refuse={Op.HELLO: [Status.BUSY] * 3, Op.START: [Status.BUSY]})
    bench = Bench(sensor).link_up().run_until(STREAMING)
    greetings = [request.tid for request in bench.sensor.heard if request.op == Op.HELLO]
    assert len(set(greetings)) == 4


def test_a_sensor_that_stays_busy_with_another_host() -> None:
    bench = Bench(BenchSensor(refuse={Op.HELLO: [Status.BUSY] * 99})).link_up()
    with pytest.raises(LinkLostError, match="another host"):
        bench.run(30.0)


def test_a_sensor_that_forgot_the_link_is_greeted_anew_before_anything_is_given_up() -> None:
    """The hub was held up for ten seconds: the sensor lingers, samples on, and knows no request."""
    bench = Bench(BenchSensor(lose={40}, refuse={Op.BACKFILL: [Status.BUSY] * 5}))
    bench.link_up().run_until(STREAMING).run(2.0)
    bench.sensor.link_changed()
    with pytest.raises(LinkLostError, match="takes the link for lost") as caught:
        bench.run(10.0)
    assert caught.value.hint
    bench.link_down().link_up().run_until(STREAMING).run(10.0)
    assert sorted(bench.received()) == list(range(len(bench.received())))
    assert bench.decoder.counters.lost == 0


def test_a_streaming_sensor_that_refuses_its_memory_is_not_a_lost_link() -> None:
    sensor = BenchSensor(lose={40}, refuse={Op.BACKFILL: [Status.WRONG_STATE] * 3})
    bench = Bench(sensor).link_up().run_until(STREAMING).run(10.0)
    assert bench.decoder.counters.lost == 0
    assert bench.ops().count("HELLO") == 1


def test_the_host_is_never_silent_for_long() -> None:
    """The sensor takes ten silent seconds for a lost link; it is to hear us every five."""
    bench = Bench().link_up()
    heard_at = []
    for _ in range(6000):
        before = len(bench.sensor.heard)
        bench.step()
        if len(bench.sensor.heard) > before:
            heard_at.append(bench.now_ns)
    gaps = [b - a for a, b in pairwise(heard_at)]
    assert max(gaps) <= 5.1e9


@pytest.mark.parametrize("pattern", [*CUES, "no such pattern"])
def test_cues_reach_the_sensor_and_stay_within_the_cap(pattern: str) -> None:
    bench = Bench().link_up().run_until(STREAMING).run(1.0)
    bench.controller.cue(bench.now_ns, pattern)
    bench.run(0.2)
    (request,) = [request for request in bench.sensor.heard if request.op == Op.CUE]
    cue = request.tlvs.need(tlv.CUE)
    assert (cue.on_ms + cue.off_ms) * cue.repeats <= 5000
    assert max(cue.red, cue.green, cue.blue, cue.haptic) <= 100


def test_a_cue_that_would_come_too_late_is_dropped() -> None:
    bench = Bench().link_up().run_until(STREAMING).run(1.0)
    bench.sensor.mute = {Op.TIME_SYNC: 1}
    while bench.sensor.mute[Op.TIME_SYNC]:
        bench.step()
    bench.controller.cue(bench.now_ns, "start")  # waits behind the exchange that is never answered
    bench.run(4.0)
    assert "CUE" not in bench.ops()


def test_a_sensor_without_cues_is_not_asked_again() -> None:
    sensor = BenchSensor(refuse={Op.CUE: [Status.UNSUPPORTED]})
    bench = Bench(sensor).link_up().run_until(STREAMING)
    for _ in range(3):
        bench.controller.cue(bench.now_ns, "start")
        bench.run(0.5)
    assert bench.ops().count("CUE") == 1


def test_stop_before_anything_runs() -> None:
    for seconds in (0.0, 0.02, 0.06, 0.1):
        bench = Bench().link_up().run(seconds)
        bench.controller.request_stop(bench.now_ns)
        bench.run_until(STOPPED)
        assert not bench.sensor.streaming


def test_stop_while_the_link_is_lost_waits_for_the_next_link() -> None:
    bench = Bench().link_up().run_until(STREAMING).run(1.0)
    bench.link_down().run(1.0)
    bench.controller.request_stop(bench.now_ns)
    assert bench.state is ControllerState.DOWN
    bench.link_up().run_until(STOPPED)
    assert sorted(bench.received()) == list(range(bench.sensor.latest + 1))


def test_stop_without_a_link_or_a_session() -> None:
    controller = OmpController(StreamSettings())
    controller.request_stop(0)
    assert controller.state is STOPPED


def test_stop_that_the_sensor_took_already() -> None:
    bench = Bench(BenchSensor(refuse={Op.STOP: [Status.ALREADY]})).link_up()
    bench.run_until(STREAMING)
    bench.controller.request_stop(bench.now_ns)
    bench.run_until(STOPPED)


def test_a_link_lost_while_draining_ends_it() -> None:
    bench = Bench(BenchSensor(lose={100})).link_up().run_until(STREAMING).run(1.1)
    bench.controller.request_stop(bench.now_ns)
    while bench.controller.phase is not Phase.DRAIN:
        bench.step()
    bench.link_down()
    assert bench.state is STOPPED


def test_patience_multiplies_the_wait() -> None:
    sensor = BenchSensor(mute={Op.HELLO: 99})
    bench = Bench(sensor, settings=StreamSettings(patience_factor=10.0)).link_up()
    bench.run(50.0)
    with pytest.raises(LinkLostError):
        bench.run(11.0)


def test_next_poll_is_never_in_the_past_without_work() -> None:
    """A caller that sleeps until next_poll_ns must not spin."""
    bench = Bench().link_up().run_until(STREAMING).run(12.0)
    idle = 0
    for _ in range(2000):
        bench.step()
        due_ns = bench.controller.next_poll_ns()
        assert due_ns is not None
        idle += due_ns > bench.now_ns
    assert idle > 1950


@pytest.mark.parametrize("start", Phase)
@pytest.mark.parametrize("happening", Happening)
def test_the_table_is_what_the_controller_does(start: Phase, happening: Happening) -> None:
    controller = OmpController(StreamSettings())
    controller._phase = start
    # Nothing to fetch: DRAIN and CAPS must not move on by themselves in this test.
    controller._backfill._missing.add(0, 10)
    controller._max_packet = 20
    controller._happen(happening)
    assert controller.phase is TRANSITIONS.get((start, happening), start)
    assert controller.state is PUBLIC_STATE[controller.phase]


def test_every_phase_can_be_reached_and_left() -> None:
    assert set(TRANSITIONS.values()) == set(Phase)
    left = {phase for phase, _ in TRANSITIONS}
    assert set(Phase) - left == {Phase.STOPPED, Phase.FAILED}


def test_settings_that_do_not_fit_alone_still_go_out() -> None:
    pieces, last = config_requests(StreamSettings(), 8)
    assert len(pieces) == 5
    assert all(isinstance(piece, Tlvs) for piece in [*pieces, last])
