"""The end of a session when something is wrong with it: noted, never fatal, nothing lost."""

import itertools
import sqlite3
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from calibration.alignment import Alignment, Method
from calibration.sensor import SensorCalibration
from sensorhub.devices.base import DeviceFamily, LinkCounters
from sensorhub.model.errors import InputError, StoreError
from sensorhub.model.events import ClockObserved, DeviceEvent, SamplesArrived, StreamStarted
from sensorhub.model.link import Record, RecordKind
from sensorhub.model.outcomes import SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.units import NS_PER_S
from sensorhub.sessions.stages.correction import read_alignment
from sensorhub.sessions.stages.finish import finish_session, recover
from sensorhub.sessions.stages.process import process_session, sensor_blocks
from sensorhub.sessions.stages.rescore import differences, rescore_session
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import Store
from sensorhub.sessions.store.values import NoticeCode, SensorInfo, SessionInfo

THIGH = SensorInfo(Placement.THIGH_RIGHT, "fake:", "fake")
PERIOD_S = 0.02
KNOWN_ALIGNMENT = Alignment(
    ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), 0.9, Method.STANDING
)
PACKET = struct.Struct("<I60f")  # index, ten samples of six numbers


class FakeDecoder:
    """The simplest real device: numbered packets of ten samples, their time that of arrival."""

    def __init__(self, *, fails_at: int | None = None) -> None:
        self._fails_at = fails_at
        self._received = 0

    @property
    def counters(self) -> LinkCounters:
        return LinkCounters(received=self._received)

    def feed(self, record: Record) -> list[DeviceEvent]:
        if record.kind is not RecordKind.RECEIVED or len(record.data) != PACKET.size:
            return []
        index, *numbers = PACKET.unpack(record.data)
        if index == self._fails_at:
            raise ZeroDivisionError("a defect of this decoder")
        self._received += 10
        samples = np.array(numbers, dtype=np.float64).reshape(10, 6)
        now_ns = record.host_time_ns
        events: list[DeviceEvent] = []
        if index == 0:
            events.append(StreamStarted(now_ns, 1, PERIOD_S, 0, 0.0))
        device_s = index * PERIOD_S
        return [
            *events,
            ClockObserved(now_ns, device_s, now_ns / NS_PER_S, 0.001),
            SamplesArrived(
                now_ns, 1, index, device_s, PERIOD_S, samples[:, :3].copy(), samples[:, 3:].copy()
            ),
        ]


def fake_family(name: str, *, fails_at: int | None = None) -> DeviceFamily:
    if name != "fake":
        raise InputError(f"There is no device family called {name!r}.", hint="Known: fake.")
    return DeviceFamily(
        name="fake",
        title="Fake",
        new_decoder=lambda: FakeDecoder(fails_at=fails_at),
        new_controller=lambda _: pytest.fail("replay never runs a controller"),
    )


def still(packets: int) -> list[Record]:
    """A sensor that lies on a table."""
    sample = (0.0, 0.0, 9.81, 0.0, 0.0, 0.0)
    return [
        Record(
            RecordKind.RECEIVED,
            "data",
            PACKET.pack(10 * k, *(sample * 10)),
            round((1 + k * 10 * PERIOD_S) * NS_PER_S),
        )
        for k in range(packets)
    ]


def store_session(
    path: Path,
    *,
    sensors: Sequence[SensorInfo] = (THIGH,),
    exercises: Sequence[str] = ("squat",),
    packets: int = 60,
    live: SetOutcome | None = None,
    close: bool = True,
) -> str:
    """A session of some seconds in which nobody moves, each exercise over the same time."""
    with Store(path, now_ns=itertools.count(NS_PER_S).__next__, commit_interval_s=60) as store:
        log = store.begin_session(SessionInfo(), sensors)
        for sensor in sensors:
            for k, record in enumerate(still(packets)):
                log.append(sensor.placement, record)
                if k % 20 == 19:
                    log.flush()
        for exercise in exercises:
            number = log.begin_set(exercise, Side.BOTH, started_ns=2 * NS_PER_S)
            if close:
                log.end_set(number, ended_ns=10 * NS_PER_S, live=live)
        if close:
            log.close()
        return log.name


def end(path: Path, name: str, *, fails_at: int | None = None) -> None:
    with Store(path, now_ns=lambda: 0) as store:
        finish_session(store, name, find_family=lambda n: fake_family(n, fails_at=fails_at))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sessions.sqlite"


def test_nobody_moved_and_nothing_is_wrong(path: Path) -> None:
    end(path, store_session(path))
    session = StoreReader(path).session("last")
    assert session.notices == ()
    final = session.sets[0].final
    assert final is not None
    assert final.full_repetitions == 0
    assert (final.start_s, final.end_s) == pytest.approx((2.0, 10.0), abs=0.1)
    assert not rescore_session(StoreReader(path), "last", find_family=fake_family).changed


def test_an_unknown_exercise_costs_only_its_own_set(path: Path) -> None:
    end(path, store_session(path, exercises=("flying", "squat")))
    session = StoreReader(path).session("last")
    assert [one.final is not None for one in session.sets] == [False, True]
    (notice,) = session.notices
    assert notice.code is NoticeCode.NOT_ANALYSED
    assert "Set 1" in notice.text
    assert "flying" in notice.text
    assert StoreReader(path).unfinished() == ()
    lines = list(rescore_session(StoreReader(path), "last", find_family=fake_family).lines())
    assert len(lines) == 1
    assert "set 1 (flying): cannot be analysed today" in lines[0]


def test_an_unknown_family_is_noted_and_the_live_results_stand(path: Path) -> None:
    live = SetOutcome("squat", Side.BOTH, 2.0, 10.0, detector_version="1")
    stranger = SensorInfo(Placement.THIGH_RIGHT, "x:", "stranger")
    end(path, store_session(path, sensors=[stranger], live=live))
    session = StoreReader(path).session("last")
    assert session.sets[0].final is None
    assert session.sets[0].outcome == live
    assert [notice.code for notice in session.notices] == [NoticeCode.NOT_ANALYSED]
    assert "stranger" in session.notices[0].text
    with pytest.raises(InputError, match="stranger"):
        rescore_session(StoreReader(path), "last", find_family=fake_family)


def test_a_defect_in_a_stage_does_not_stop_the_next_start(path: Path) -> None:
    name = store_session(path, close=False)
    with Store(path, now_ns=lambda: 0) as store:
        (recovered,) = recover(store, find_family=lambda n: fake_family(n, fails_at=300))
        assert recovered.cut_off
        assert recover(store, find_family=fake_family) == []
    session = StoreReader(path).session(name)
    assert session.interrupted
    codes = [notice.code for notice in session.notices]
    assert codes == [NoticeCode.INTERRUPTED, NoticeCode.NOT_ANALYSED]
    assert "defect" in session.notices[1].text
    # Later, with the defect mended, the log is still there.
    processed = process_session(StoreReader(path), name, find_family=fake_family)
    assert processed.outcomes[1].end_s > 9


def test_a_session_that_ended_but_was_not_analysed_is_no_interrupted_one(path: Path) -> None:
    name = store_session(path)
    with Store(path, now_ns=lambda: 0) as store:
        (recovered,) = recover(store, find_family=fake_family)
    assert not recovered.cut_off
    assert not recovered.session.interrupted
    assert StoreReader(path).session(name).sets[0].final is not None


def test_a_session_without_anything_is_closed_where_it_began(path: Path) -> None:
    name = store_session(path, sensors=(), exercises=(), close=False)
    with Store(path, now_ns=lambda: 0) as store:
        (recovered,) = recover(store, find_family=fake_family)
    assert recovered.session.name == name
    assert recovered.session.ended_ns == recovered.session.started.hub_ns


def test_damage_in_the_raw_log_is_told_and_the_rest_is_used(path: Path) -> None:
    name = store_session(path)
    db = sqlite3.connect(path)
    db.execute("UPDATE chunk SET data = x'00' WHERE id = 2")
    db.commit()
    db.close()
    end(path, name)
    session = StoreReader(path).session(name)
    (notice,) = session.notices
    assert (notice.code, notice.count) == (NoticeCode.RECORDS_DAMAGED, 20)
    assert "1 piece of the raw log, 20 packets in all" in notice.text
    final = session.sets[0].final
    assert final is not None
    assert sum(gap.duration_s for gap in final.gaps) == pytest.approx(20 * 10 * PERIOD_S, abs=0.1)


def test_a_kill_between_notices_and_results_leaves_the_session_unfinished(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = store_session(path, exercises=("flying", "squat"))

    def power_cut(*_: object) -> None:
        raise StoreError("the power is gone")

    with monkeypatch.context() as patch:
        patch.setattr("sensorhub.sessions.store.store.insert_outcome", power_cut)
        with pytest.raises(StoreError):
            end(path, name)
    assert StoreReader(path).session(name).notices == ()
    with Store(path, now_ns=lambda: 0) as store:
        (recovered,) = recover(store, find_family=fake_family)
    assert [one.final is not None for one in recovered.session.sets] == [False, True]
    assert len(recovered.session.notices) == 1


def test_a_calibration_is_applied_and_a_damaged_one_refused(path: Path) -> None:
    from datetime import date

    known = SensorCalibration("77FF", date(2026, 3, 1), acc_bias_mps2=(0.5, 0.0, -0.25))
    name = store_session(
        path,
        sensors=[
            SensorInfo(Placement.THIGH_RIGHT, "fake:", "fake", "77FF", known.to_json()),
            SensorInfo(Placement.PELVIS, "fake:", "fake", "88FF", '{"format":"something else"}'),
        ],
    )
    reader = StoreReader(path)
    session = reader.session(name)
    by_placement = {sensor.placement: sensor for sensor in session.sensors}
    first = next(
        sensor_blocks(reader, session, by_placement[Placement.THIGH_RIGHT], find_family=fake_family)
    )
    assert first.acc_mps2[0] == pytest.approx([-0.5, 0.0, 10.06], abs=1e-6)
    with pytest.raises(InputError, match="Calibrate the sensor again"):
        sensor_blocks(reader, session, by_placement[Placement.PELVIS], find_family=fake_family)
    end(path, name)
    assert "Calibrate the sensor again" in reader.session(name).notices[0].text


def test_an_alignment_this_program_does_not_know_is_refused(path: Path) -> None:
    strange = SensorInfo(Placement.THIGH_RIGHT, "fake:", "fake", alignment='{"format":"x"}')
    name = store_session(path, sensors=[strange])
    with pytest.raises(InputError, match="Align the sensor again"):
        process_session(StoreReader(path), name, find_family=fake_family)
    assert read_alignment("") is None
    assert read_alignment(KNOWN_ALIGNMENT.to_json()) == KNOWN_ALIGNMENT


def test_equal_outcomes_have_no_differences() -> None:
    outcome = SetOutcome("squat", Side.BOTH, 0.0, 1.0)
    assert list(differences(outcome, outcome)) == []
    later = SetOutcome("squat", Side.BOTH, 0.0, 1.0000001)
    assert list(differences(outcome, later)) == [
        "only times, angles or measures changed, by little"
    ]
