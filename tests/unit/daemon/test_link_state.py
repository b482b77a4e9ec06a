"""The table of a link's states: every phase can be left towards an end, and none is forgotten."""

import pytest

from sensorhub.daemon.links.state import TRANSITIONS, LinkPhase, LinkStep

END = {LinkPhase.STOPPED, LinkPhase.GAVE_UP}


def reachable(start: LinkPhase) -> set[LinkPhase]:
    seen, todo = {start}, [start]
    while todo:
        here = todo.pop()
        for (phase, _), then in TRANSITIONS.items():
            if phase is here and then not in seen:
                seen.add(then)
                todo.append(then)
    return seen


def test_every_phase_is_reached_and_every_step_used():
    assert reachable(LinkPhase.WAITING) == set(LinkPhase)
    assert {step for _, step in TRANSITIONS} == set(LinkStep)


@pytest.mark.parametrize("phase", LinkPhase)
def test_every_phase_takes_a_stop_and_can_come_to_an_end(phase):
    assert (phase, LinkStep.STOP_ASKED) in TRANSITIONS
    assert reachable(phase) & END


@pytest.mark.parametrize("phase", sorted(END))
def test_an_end_is_an_end(phase):
    assert reachable(phase) == {phase}


def test_only_samples_lead_to_streaming():
    steps = {step for (_, step), then in TRANSITIONS.items() if then is LinkPhase.STREAMING}
    assert steps == {LinkStep.SAMPLES}


def test_after_a_loss_one_searches():
    for phase in (LinkPhase.CONNECTING, LinkPhase.STREAMING, LinkPhase.SIGNAL_LOST):
        assert TRANSITIONS[phase, LinkStep.LOST] is LinkPhase.SEARCHING
