"""A process that logs as fast as it can and says what is durable, until somebody kills it.

Run by ``test_store_kill.py``: ``store_kill_writer.py STORE SEED``. Every record can be predicted
from the sensor's name and its number, so the test knows what must be there.
"""

import itertools
import random
import sys
import time
from pathlib import Path

from sensorhub.model.link import Record, RecordKind
from sensorhub.model.outcomes import Repetition, SetOutcome
from sensorhub.model.placement import Placement, Side
from sensorhub.sessions.store.store import Store
from sensorhub.sessions.store.values import AnswerKind, SensorInfo, SessionInfo

PLACEMENTS = (Placement.THIGH_RIGHT, Placement.PELVIS)


def predictable(placement: Placement, number: int) -> Record:
    """The record of that number: sizes and contents vary, the same every time."""
    dice = random.Random(f"{placement.value} {number}")
    kind = RecordKind.SENT if dice.random() < 0.1 else RecordKind.RECEIVED
    return Record(kind, "serial", dice.randbytes(dice.randrange(1, 250)), number * 1000)


def main() -> None:
    path, seed = Path(sys.argv[1]), sys.argv[2]
    dice = random.Random(seed)
    store = Store(path, now_ns=itertools.count().__next__, commit_interval_s=0.002)
    sensors = [SensorInfo(placement, "serial:fake", "fake") for placement in PLACEMENTS]
    while True:
        log = store.begin_session(SessionInfo(), sensors)
        print("session", log.name, flush=True)
        sets = 0
        for number in range(900):
            for placement in PLACEMENTS:
                log.append(placement, predictable(placement, number))
            if number % 50 == 49:
                sets = log.begin_set("squat", Side.BOTH, started_ns=number * 1000)
            if number % 50 == 20 and sets:
                outcome = SetOutcome(
                    "squat", Side.BOTH, 0.0, 1.0, repetitions=(Repetition(0.0, 0.5, 1.0, number),)
                )
                log.end_set(sets, ended_ns=number * 1000, live=outcome)
            if number % 97 == 0:
                log.answer(AnswerKind.COMMENT, str(number), answered_ns=number)
            if dice.random() < 0.05:
                log.flush()
                print("durable", number, sets, flush=True)
            if dice.random() < 0.02:
                time.sleep(dice.random() * 0.004)
        log.close()
        store.compact(log.name)
        print("closed", log.name, number, flush=True)


if __name__ == "__main__":
    main()
