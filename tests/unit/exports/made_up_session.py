"""A session made by hand that has something of everything in it."""

from datetime import datetime, timedelta, timezone

from sensorhub.model.outcomes import (
    Breath,
    Evidence,
    FlagCode,
    Hold,
    QualityFlag,
    Repetition,
    RepetitionKind,
    SetOutcome,
    Step,
)
from sensorhub.model.placement import Placement, Side
from sensorhub.model.samples import Gap
from sensorhub.sessions.store.values import (
    Answer,
    AnswerKind,
    Moment,
    Notice,
    NoticeCode,
    Prescription,
    SensorInfo,
    SessionInfo,
    StoredSession,
    StoredSet,
)

S = 1_000_000_000
THIGH = Placement.THIGH_RIGHT

SQUATS = SetOutcome(
    "squat",
    Side.BOTH,
    110.0,
    128.0,
    repetitions=(
        Repetition(
            110.5, 112.0, 113.5, 1.25, measures={"peak_rate_radps": 1.0, "sway_share": 0.25}
        ),
        Repetition(114.0, 115.0, 116.0, 0.5, kind=RepetitionKind.PARTIAL, sure=False),
        Repetition(117.0, 119.5, 121.0, -1.5, hold_s=1.25, flags=(FlagCode.GAP,)),
    ),
    gaps=(Gap(THIGH, 118.0, 118.5), Gap(THIGH, 118.25, 119.0), Gap(Placement.PELVIS, 130.0, 131.0)),
    flags=(QualityFlag(FlagCode.SLIPPED, THIGH, 120.0, 121.0, "The sensor slipped."),),
    measures={"symmetry_share": 0.9},
    detector_version="1",
)
STRETCH = SetOutcome(
    "kneeling_hip_flexor_stretch",
    Side.LEFT,
    140.0,
    180.0,
    holds=(
        Hold(142.0, 157.5, 15.25, -0.25, side=Side.LEFT),
        Hold(160.0, 170.0, 9.5, 0.3, ended_by="moved", sure=False),
    ),
    detector_version="1",
)
BREATHS = SetOutcome(
    "tissue_blowing",
    Side.NONE,
    190.0,
    220.0,
    breaths=(Breath(191.0, 199.0, 2.5, 5.5, 0.0123), Breath(199.0, 206.0, 2.0, 5.0, 0.01)),
    detector_version="1",
)
STEPS = SetOutcome(
    "multifidus_walk_out",
    Side.NONE,
    230.0,
    240.0,
    steps=(Step(231.0, 232.0, "out"), Step(233.0, 234.0, "back")),
    detector_version="1",
)
SQUEEZES = SetOutcome(
    "kegel_squeeze",
    Side.NONE,
    250.0,
    280.0,
    holds=(Hold(251.0, 256.0, 5.0, 0.0, evidence=Evidence.GUIDED),),
    detector_version="2",
)


def made_up_session() -> StoredSession:
    return StoredSession(
        name="2026-03-01-1",
        person="P-TESTED",
        info=SessionInfo("daily-hip", "0.1.0", simulated=True),
        started=Moment(
            hub_ns=100 * S,
            utc=datetime(2026, 3, 1, 18, 0, 0, 250_000, tzinfo=timezone(timedelta(hours=1))),
            boottime_ns=99 * S,
            boot_id="b",
            synchronised=True,
        ),
        ended_ns=300 * S,
        sensors=(
            SensorInfo(Placement.PELVIS, "ble:OMP-1", "omp"),
            SensorInfo(
                THIGH,
                "serial:/dev/ttyACM0",
                "omp",
                '=HYPERLINK("x")',
                '{"version":1,"measured_on":"2026-02-11"}',
            ),
        ),
        sets=(
            StoredSet(1, "squat", Side.BOTH, Prescription(3), 110 * S, 128 * S, SQUATS, SQUATS, 3),
            StoredSet(
                2,
                "kneeling_hip_flexor_stretch",
                Side.LEFT,
                Prescription(hold_s=15.0),
                140 * S,
                180 * S,
                STRETCH,
            ),
            StoredSet(
                3, "tissue_blowing", Side.NONE, Prescription(5), 190 * S, 220 * S, None, BREATHS
            ),
            StoredSet(4, "multifidus_walk_out", Side.NONE, Prescription(), 230 * S, 240 * S, STEPS),
            StoredSet(
                5,
                "kegel_squeeze",
                Side.NONE,
                Prescription(duration_s=30.0),
                250 * S,
                280 * S,
                None,
                SQUEEZES,
            ),
            StoredSet(6, "bridge", Side.BOTH, Prescription(10, 2.0), 290 * S),
        ),
        answers=(
            Answer(AnswerKind.PAIN_BEFORE, "3", 101 * S),
            Answer(AnswerKind.WHERE, "groin,hip_side", 102 * S),
            Answer(AnswerKind.NUMBNESS, "yes", 103 * S),
            Answer(AnswerKind.PAIN, "4", 129 * S, set_number=1),
            Answer(AnswerKind.HURT, "yes", 170 * S, set_number=2),
            Answer(AnswerKind.PAIN_AFTER, "-2", 290 * S),
            Answer(AnswerKind.EFFORT, "7", 290 * S, set_number=1),
            Answer(AnswerKind.COMMENT, '=1+1, he said: "ouch"\r\nönce', 291 * S),
        ),
        notices=(
            Notice(NoticeCode.RECORDS_LOST, "3 packets could not be stored.", 299 * S, 3),
            Notice(NoticeCode.INTERRUPTED, "The session was cut off.", 300 * S),
        ),
    )
