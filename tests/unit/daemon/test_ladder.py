"""The ladder of remedies: one rung a failure, each kind counted, begun anew by samples."""

import pytest

from sensorhub.daemon.links.ladder import Ladder
from sensorhub.model.errors import LinkLostError, TransportError
from sensorhub.transports.symptoms import RESET_HINT, TROUBLES, Remedy, Symptom, TroubleError


@pytest.mark.parametrize("symptom", Symptom)
def test_each_failure_is_a_rung_and_the_last_repeats(symptom):
    ladder, rungs = Ladder(), TROUBLES[symptom].ladder
    climbed = [ladder.climb(TroubleError(symptom)).remedy for _ in range(len(rungs) + 3)]
    assert climbed == [*rungs, *[rungs[-1]] * 3]


def test_a_failure_of_another_kind_does_not_start_a_ladder_anew():
    ladder = Ladder()
    ladder.climb(TroubleError(Symptom.BUSY))
    ladder.climb(TroubleError(Symptom.NOT_HEARD))
    ladder.climb(TroubleError(Symptom.BUSY))
    assert ladder.climb(TroubleError(Symptom.BUSY)).remedy is Remedy.ASK_RESET
    ladder.well_again()
    assert ladder.climb(TroubleError(Symptom.BUSY)).remedy is Remedy.RETRY


def test_a_reset_that_we_may_not_do_is_asked_for_in_words():
    ladder = Ladder()
    told = [ladder.climb(TroubleError(Symptom.BUSY, "It is busy.")).error for _ in range(3)]
    assert [error.hint == RESET_HINT for error in told] == [False, False, True]
    assert str(told[2]) == f"It is busy. {RESET_HINT}"


@pytest.mark.parametrize(
    ("error", "symptom"),
    [(LinkLostError("gone"), Symptom.LOST), (TransportError("no"), Symptom.OTHER)],
)
def test_errors_without_a_symptom_are_only_tried_again(error, symptom):
    rung = Ladder().climb(error)
    assert (rung.remedy, rung.error) == (Remedy.RETRY, error)
    assert TROUBLES[symptom].ladder == (Remedy.RETRY,)
