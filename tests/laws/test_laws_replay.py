"""Law *replay*: the same raw log gives the byte-identical CSV, twice, anywhere.

And what follows from it: recovery after a crash, re-scoring and the live path are the same path.
"""

import dataclasses
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from sans_io_visit import FIRST_NS, SansIoVisit, Visited

from sensorhub.exercises.definition import find_exercise
from sensorhub.exercises.engine import SetAnalyzer
from sensorhub.exports.base import export_session, find_export
from sensorhub.model.motion import MotionBlock
from sensorhub.model.outcomes import FlagCode, SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.model.units import NS_PER_S
from sensorhub.motion.assembler import BlockAssembler
from sensorhub.motion.tracker import MotionTracker
from sensorhub.sessions.recordings.recording import read_recording
from sensorhub.sessions.stages.analysis import Span, analyze_blocks, within
from sensorhub.sessions.stages.finish import finish_session, recover
from sensorhub.sessions.stages.process import process_session
from sensorhub.sessions.stages.rescore import rescore_session
from sensorhub.sessions.stages.wearing import Wearing
from sensorhub.sessions.store.outcome_json import encode_outcome
from sensorhub.sessions.store.reader import StoreReader
from sensorhub.sessions.store.store import Store
from sensorhub.sessions.store.values import Prescription, SensorInfo, SessionInfo, StoredSession

THIGH = Placement.THIGH_RIGHT
SENSOR = SensorInfo(THIGH, "serial:/dev/ttyACM0", "omp")
SECONDS = 46.0
SET_START_NS = FIRST_NS + 3 * NS_PER_S
SET_END_NS = FIRST_NS + round(45.5 * NS_PER_S)
OUTAGES_S = ((14.0, 17.0), (25.0, 31.5))


@pytest.fixture(scope="module")
def whole() -> Visited:
    return SansIoVisit("squat").run(SECONDS)


@pytest.fixture(scope="module")
def torn() -> Visited:
    """The same person and sensor, the cable out twice: what was missed is back-filled."""
    return SansIoVisit("squat", outages_s=OUTAGES_S).run(SECONDS)


def live_outcome(visited: Visited) -> SetOutcome:
    """What the person saw: events one by one, as the daemon does it."""
    assembler, tracker = BlockAssembler(THIGH), MotionTracker(THIGH)
    analyzer = SetAnalyzer(find_exercise("squat"), side=Side.BOTH, placements=(THIGH,))
    span = Span(SET_START_NS / NS_PER_S, SET_END_NS / NS_PER_S)
    seen: list[MotionBlock] = []
    for event in visited.events:
        for block in assembler.push(event):
            motion = within(tracker.push(block), span)
            if len(motion) or motion.gaps:
                analyzer.push(motion)
                seen.append(motion)
    analyzer.align(Wearing({}).of_set(find_exercise("squat"), {THIGH: seen}))
    return analyzer.finish()


def store_visit(
    path: Path,
    visited: Visited,
    *,
    live: SetOutcome | None = None,
    flush_every: int = 1000,
    cut_after: int | None = None,
) -> str:
    """Log a visit; with ``cut_after`` as a hub would that died after so many records."""
    now_ns = [FIRST_NS]
    store = Store(path, now_ns=lambda: now_ns[0], commit_interval_s=60.0)
    log = store.begin_session(SessionInfo("one", simulated=True), [SENSOR])
    begun = ended = False
    for k, record in enumerate(visited.records):
        if k == cut_after:
            store.close()
            return log.name
        if not begun and record.host_time_ns >= SET_START_NS:
            log.begin_set("squat", Side.BOTH, started_ns=SET_START_NS, prescribed=Prescription(10))
            begun = True
        if not ended and record.host_time_ns >= SET_END_NS:
            log.end_set(1, ended_ns=SET_END_NS, live=live)
            ended = True
        assert log.append(THIGH, record)
        if k % flush_every == flush_every - 1:
            log.flush()
    now_ns[0] = visited.last_ns
    log.close()
    store.close()
    return log.name


def finished(path: Path, name: str) -> StoredSession:
    with Store(path, now_ns=lambda: 0) as store:
        return finish_session(store, name)


def exported(path: Path, to: Path, *, name: str = "therapist") -> dict[str, bytes]:
    paths = export_session(StoreReader(path), "last", to, export=find_export(name))
    return {written.name: written.read_bytes() for written in paths}


def test_twice_and_in_another_process_byte_by_byte(whole: Visited, tmp_path: Path) -> None:
    path = tmp_path / "sessions.sqlite"
    name = store_visit(path, whole)
    session = finished(path, name)
    assert session.sets[0].final is not None
    assert session.sets[0].final.full_repetitions == 10
    here = exported(path, tmp_path / "a")
    assert exported(path, tmp_path / "b") == here
    # Again from the raw log, elsewhere: another process, other hash seed, no stored results used.
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from sensorhub.sessions.store.outcome_json import encode_outcome\n"
        "from sensorhub.sessions.stages.process import process_session\n"
        "from sensorhub.sessions.store.reader import StoreReader\n"
        "from sensorhub.exports.base import export_session, find_export\n"
        "store = StoreReader(Path(sys.argv[1]))\n"
        "print(encode_outcome(process_session(store, 'last').outcomes[1]))\n"
        "export_session(store, 'last', Path(sys.argv[2]), export=find_export('therapist'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path), str(tmp_path / "c")],
        env=os.environ | {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Chatham"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == encode_outcome(session.sets[0].final)
    there = {file.name: file.read_bytes() for file in (tmp_path / "c").iterdir()}
    assert there == here


@pytest.mark.parametrize("flush_every", [5, 37])
def test_how_the_log_was_cut_into_chunks_changes_nothing(
    whole: Visited, tmp_path: Path, flush_every: int
) -> None:
    records = whole.records[:500]
    part = dataclasses.replace(whole, records=records)
    outcomes = []
    for label, every in (("many", flush_every), ("one", 10_000)):
        path = tmp_path / label / "sessions.sqlite"
        name = store_visit(path, part, flush_every=every)
        assert list(StoreReader(path).raw_log(name, THIGH).records) == records
        outcomes.append(encode_outcome(process_session(StoreReader(path), name).outcomes[1]))
    assert outcomes[0] == outcomes[1]


def test_with_nothing_lost_final_is_what_the_person_saw(whole: Visited, tmp_path: Path) -> None:
    live = live_outcome(whole)
    path = tmp_path / "sessions.sqlite"
    session = finished(path, store_visit(path, whole, live=live))
    assert session.sets[0].final == live
    assert not rescore_session(StoreReader(path), "last").changed


def test_what_was_back_filled_is_in_the_final_results(
    whole: Visited, torn: Visited, tmp_path: Path
) -> None:
    live = live_outcome(torn)
    assert live.gaps
    path = tmp_path / "sessions.sqlite"
    session = finished(path, store_visit(path, torn, live=live))
    final = session.sets[0].final
    assert final is not None
    assert final.gaps == ()
    unbroken = live_outcome(whole)
    assert final.full_repetitions == unbroken.full_repetitions == 10
    for one, other in zip(final.repetitions, unbroken.repetitions, strict=True):
        assert one.peak_s == pytest.approx(other.peak_s, abs=0.05)
        assert one.rom_rad == pytest.approx(other.rom_rad, abs=0.02)


@pytest.mark.parametrize("share", [0.08, 0.35, 0.6, 0.8, 0.97])
def test_a_session_that_was_cut_off_keeps_what_was_done_before(
    whole: Visited, tmp_path: Path, share: float
) -> None:
    path = tmp_path / "sessions.sqlite"
    cut_after = round(share * len(whole.records))
    cut_s = whole.records[cut_after - 1].host_time_ns / NS_PER_S
    name = store_visit(path, whole, cut_after=cut_after)
    assert StoreReader(path).session(name).is_open
    with Store(path, now_ns=lambda: 0) as store:
        (recovered,) = recover(store)
        assert recover(store) == []
    session = recovered.session
    assert recovered.cut_off
    assert session.interrupted
    assert not session.is_open
    assert session.ended_ns is not None
    assert session.ended_ns / NS_PER_S == pytest.approx(cut_s, abs=0.001)
    expected = [r for r in live_outcome(whole).repetitions if r.end_s < cut_s - 2.0]
    if not session.sets:
        assert cut_s * NS_PER_S < SET_START_NS
        return
    (one,) = session.sets
    assert one.final is not None
    kept = one.final.repetitions[: len(expected)]
    assert len(kept) == len(expected)
    for found, wanted in zip(kept, expected, strict=True):
        assert found.kind is wanted.kind
        assert found.peak_s == pytest.approx(wanted.peak_s, abs=0.1)
    ends_with_session = one.ended_ns == session.ended_ns
    assert (FlagCode.INTERRUPTED in {f.code for f in one.final.flags}) == ends_with_session
    assert exported(path, tmp_path / "out")["session.csv"].count(b",yes,") >= 1


def test_rescoring_says_what_changed_in_sentences(whole: Visited, tmp_path: Path) -> None:
    path = tmp_path / "sessions.sqlite"
    name = store_visit(path, whole)
    final = finished(path, name).sets[0].final
    assert final is not None
    older = dataclasses.replace(final, repetitions=final.repetitions[:-1], detector_version="0")
    with Store(path, now_ns=lambda: 0) as store:
        store.save_final(name, {1: older})
    rescored = rescore_session(StoreReader(path), "last")
    assert rescored.changed
    lines = list(rescored.lines())
    assert lines[0] == "set 1 (squat): 9 -> 10 repetitions"
    assert any("repetition 10 is new" in line for line in lines)
    assert any("detector version 0 -> " in line for line in lines)


def test_the_samples_of_a_session_are_a_recording(whole: Visited, tmp_path: Path) -> None:
    path = tmp_path / "sessions.sqlite"
    name = store_visit(path, whole)
    session = finished(path, name)
    files = exported(path, tmp_path / "recording", name="samples")
    assert set(files) == {"thigh_right.csv", "sets.json"}
    recording = read_recording([tmp_path / "recording"])
    assert recording.files[THIGH].rate_hz == pytest.approx(
        100.0, rel=0.03
    )  # as true as its crystal
    first_s = FIRST_NS / NS_PER_S
    span = Span(SET_START_NS / NS_PER_S - first_s, SET_END_NS / NS_PER_S - first_s)
    outcome = analyze_blocks(recording.sensors, find_exercise("squat"), span=span).outcome
    final = session.sets[0].final
    assert final is not None
    assert peaks(outcome, 0.0) == pytest.approx(peaks(final, first_s), abs=0.05)


def peaks(outcome: SetOutcome, zero_s: float) -> Sequence[float]:
    return [repetition.peak_s - zero_s for repetition in outcome.repetitions]
