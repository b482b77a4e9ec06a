"""Conversations as scripts: asking again, waiting, giving up, ticking over."""

import pytest

from sensorhub.devices.base import ControllerState, StreamSettings
from sensorhub.devices.common.script import (
    Answered,
    Chore,
    Conversation,
    Say,
    Script,
    ScriptedController,
)
from sensorhub.model.errors import DeviceError, LinkLostError

S = 1_000_000_000


def opening(_settings: StreamSettings) -> Script:
    answer = yield Say("c", b"who", answer="who", wait_s=1.0, tries=3)
    assert answer is not None
    if answer.data == b"stranger":
        raise DeviceError("Not ours.", hint="Another one.")
    yield Say("c", b"maybe", answer="maybe", needed=False, wait_s=1.0, tries=2)
    yield Say("c", b"settle", pause_s=0.5)
    yield Say("c", b"go", answer="go", wait_s=1.0)


def closing(_settings: StreamSettings) -> Script:
    yield Say("c", b"bye", answer="bye", needed=False, wait_s=1.0, tries=2)


TALK = Conversation(
    "The thing",
    opening,
    closing,
    chores=(Chore(10.0, lambda now_ns: Say("c", b"tick %d" % (now_ns // S))),),
    cues=lambda pattern: Say("c", pattern.encode()) if pattern != "none" else None,
)


class Rig:
    def __init__(self, *, patience: float = 1.0, max_payload: int | None = None) -> None:
        self.controller = ScriptedController(TALK, StreamSettings(patience_factor=patience))
        self.now_ns = 100 * S
        self.controller.link_up(self.now_ns, max_payload)

    def said(self, after_s: float = 0.0) -> list[bytes]:
        self.now_ns += round(after_s * S)
        return [out.data for out in self.controller.poll(self.now_ns)]

    def answer(self, about: str, *, refusal: str = "", data: bytes = b"") -> None:
        self.controller.handle(Answered(self.now_ns, about, refusal, data), self.now_ns)

    def stream(self) -> "Rig":
        assert self.said() == [b"who"]
        self.answer("who")
        assert self.said() == [b"maybe"]
        self.answer("maybe")
        assert self.said() == [b"settle"]
        assert self.said(0.5) == [b"go"]
        self.answer("go")
        return self


def test_straight_through() -> None:
    rig = Rig()
    assert rig.controller.state is ControllerState.GREETING
    rig.stream()
    assert rig.controller.state is ControllerState.STREAMING


def test_an_answer_to_something_else_is_passed_by() -> None:
    rig = Rig()
    rig.answer("who")  # before it was asked
    rig.said()
    rig.answer("go")
    assert rig.said() == []
    assert rig.controller.state is ControllerState.GREETING


@pytest.mark.parametrize("patience", [1.0, 5.0])
def test_it_asks_again_and_then_gives_the_link_up(patience: float) -> None:
    rig = Rig(patience=patience)
    assert rig.said() == [b"who"]
    assert rig.said(0.9 * patience) == []
    assert rig.controller.next_poll_ns() == 100 * S + round(patience * S)
    assert rig.said(0.1 * patience) == [b"who"]
    assert rig.said(patience) == [b"who"]
    with pytest.raises(LinkLostError, match="who") as caught:
        rig.said(patience)
    assert caught.value.hint
    rig.controller.link_down(rig.now_ns)
    assert rig.controller.state is ControllerState.DOWN
    rig.controller.link_up(rig.now_ns, None)
    rig.stream()


def test_what_is_not_needed_is_gone_on_without() -> None:
    rig = Rig()
    rig.said()
    rig.answer("who")
    rig.said()
    assert rig.said(1.0) == [b"maybe"]
    assert rig.said(1.0) == [b"settle"]
    rig = Rig()
    rig.said()
    rig.answer("who")
    rig.said()
    rig.answer("maybe", refusal="no")
    assert rig.said() == [b"settle"]


def test_a_needed_refusal_ends_it() -> None:
    rig = Rig()
    rig.said()
    rig.answer("who", refusal="it is asleep")
    assert rig.controller.state is ControllerState.FAILED
    assert "asleep" in str(rig.controller.failure)
    rig.controller.link_down(rig.now_ns)
    rig.controller.link_up(rig.now_ns, None)
    assert rig.said() == []
    assert rig.controller.state is ControllerState.FAILED


def test_a_script_may_end_it() -> None:
    rig = Rig()
    rig.said()
    rig.answer("who", data=b"stranger")
    assert isinstance(rig.controller.failure, DeviceError)


def test_chores_and_cues_while_it_streams() -> None:
    rig = Rig()
    rig.said()
    rig.controller.cue(rig.now_ns, "too early")
    rig.controller.link_down(rig.now_ns)
    rig.controller.link_up(rig.now_ns, None)
    rig.stream()
    assert rig.said() == [b"tick 100"]
    assert rig.said(9.0) == []
    assert rig.controller.next_poll_ns() == rig.now_ns + 1 * S - S // 2 + S // 2
    assert rig.said(1.0) == [b"tick 110"]
    rig.controller.cue(rig.now_ns, "first")
    rig.controller.cue(rig.now_ns, "second")
    rig.controller.cue(rig.now_ns, "none")
    assert rig.controller.next_poll_ns() == 0
    assert rig.said() == [b"second"]


def test_stop_from_anywhere() -> None:
    rig = Rig().stream()
    rig.controller.request_stop(rig.now_ns)
    assert rig.controller.state is ControllerState.STOPPING
    assert rig.said() == [b"bye"]
    assert rig.said(1.0) == [b"bye"]
    assert rig.said(1.0) == []
    assert rig.controller.state is ControllerState.STOPPED

    rig = Rig()
    rig.said()
    rig.controller.request_stop(rig.now_ns)
    assert rig.said() == [b"bye"]
    rig.controller.link_down(rig.now_ns)
    rig.controller.link_up(rig.now_ns, None)
    assert rig.said() == [b"bye"]
    rig.answer("bye")
    assert rig.controller.state is ControllerState.STOPPED

    rig = Rig()
    rig.controller.link_down(rig.now_ns)
    rig.controller.request_stop(rig.now_ns)
    assert rig.controller.state is ControllerState.STOPPED


def test_long_writes_are_cut_to_what_the_link_carries() -> None:
    rig = Rig(max_payload=2)
    assert rig.said() == [b"wh", b"o"]
