"""Outcomes as text and back."""

import json
import math
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensorhub.model.outcomes import (
    Breath,
    FlagCode,
    Hold,
    QualityFlag,
    Repetition,
    SetOutcome,
    Step,
)
from sensorhub.model.placement import Placement
from sensorhub.model.samples import Gap
from sensorhub.sessions.store.outcome_json import decode_outcome, encode_outcome

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
st.register_type_strategy(float, NUMBERS)
MEASURES = st.dictionaries(st.text(max_size=8), NUMBERS, max_size=3).map(MappingProxyType)
FLAGS = st.lists(st.sampled_from(FlagCode), max_size=3).map(tuple)


def several(kind: type) -> st.SearchStrategy[tuple[object, ...]]:
    extra = {"measures": MEASURES, "flags": FLAGS} if kind not in (Gap, QualityFlag) else {}
    return st.lists(st.builds(kind, **extra), max_size=3).map(tuple)


OUTCOMES = st.builds(
    SetOutcome,
    repetitions=several(Repetition),
    holds=several(Hold),
    breaths=several(Breath),
    steps=several(Step),
    gaps=several(Gap),
    flags=several(QualityFlag),
    measures=MEASURES,
)


@given(OUTCOMES)
def test_text_and_back_is_exact(outcome: SetOutcome) -> None:
    text = encode_outcome(outcome)
    again = decode_outcome(text)
    assert again == outcome
    assert encode_outcome(again) == text
    assert "\n" not in text


def test_a_text_from_before_a_field_existed_reads_with_its_default() -> None:
    outcome = SetOutcome("squat", "both", 0.0, 1.0, repetitions=(Repetition(0.0, 0.5, 1.0, 1.2),))  # type: ignore[arg-type]
    content = json.loads(encode_outcome(outcome))
    for name in ("hold_s", "sure", "measures"):
        del content["repetitions"][0][name]
    del content["steps"]
    again = decode_outcome(json.dumps(content))
    assert again.repetitions[0].hold_s == 0
    assert again.repetitions[0].sure
    assert again.steps == ()


def test_a_field_of_the_future_is_passed_by() -> None:
    content = json.loads(encode_outcome(SetOutcome("squat", "both", 0.0, 1.0)))  # type: ignore[arg-type]
    assert decode_outcome(json.dumps(content | {"colour": "red"})).exercise == "squat"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"format":2}',
        '{"format":1}',
        '{"format":1,"exercise":3,"side":"left","start_s":0,"end_s":1}',
        '{"format":1,"exercise":"squat","side":"up","start_s":0,"end_s":1}',
        '{"format":1,"exercise":"squat","side":"left","start_s":"0","end_s":1}',
        '{"format":1,"exercise":"squat","side":"left","start_s":0,"end_s":1,"gaps":{}}',
        '{"format":1,"exercise":"squat","side":"left","start_s":0,"end_s":1,"gaps":[{"x":1}]}',
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        decode_outcome(text)


def test_a_number_that_is_none_is_not_stored() -> None:
    with pytest.raises(ValueError):
        encode_outcome(SetOutcome("squat", "both", math.inf, 1.0))  # type: ignore[arg-type]


def test_a_placement_of_a_flag_may_be_missing() -> None:
    flag = QualityFlag(FlagCode.GAP, None, 0.0, 1.0, "nothing arrived")
    other = QualityFlag(FlagCode.GAP, Placement.BELLY, 0.0, 1.0, "nothing arrived")
    outcome = SetOutcome("squat", "both", 0.0, 1.0, flags=(flag, other))  # type: ignore[arg-type]
    assert decode_outcome(encode_outcome(outcome)).flags == (flag, other)
