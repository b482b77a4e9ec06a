"""Conversations that can be written down: say this, wait for that answer, then say the next.

A family gives its conversation as generator functions, which read as the conversation is held::

    def opening(settings, max_payload):
        answer = yield Say("command", b"\\x03\\x80", answer="chip")
        yield Say("command", start_of(answer.data), answer="start")

Its decoder turns the device's answers into :class:`Answered` events. Repeating what stays without
an answer, waiting, giving up, ticking over while the stream runs: that is the same for all, here.
"""

from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass

from sensorhub.devices.base import ControllerState, Outgoing, StreamSettings
from sensorhub.model.errors import DeviceError, LinkLostError, SensorhubError
from sensorhub.model.events import DeviceEvent
from sensorhub.model.units import NS_PER_S


@dataclass(frozen=True, slots=True)
class Answered(DeviceEvent):
    """What a device answered.

    Attributes:
        about: which request, in the words of :attr:`Say.answer`.
        refusal: why it will not; empty where it will.
        data: what it told, in the family's own form.
    """

    about: str
    refusal: str = ""
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Say:
    """One thing to say.

    Attributes:
        answer: the answer to wait for; None: none comes, and after ``pause_s`` it goes on.
        needed: without an answer the link is given up, and a refusal ends it all; else it goes on
            whatever comes.
        tries: how often it is said before that.
        wait_s: how long an answer is waited for.
        pause_s: silence afterwards.
    """

    channel: str
    data: bytes
    answer: str | None = None
    needed: bool = True
    tries: int = 4
    wait_s: float = 0.6
    pause_s: float = 0.0


Script = Generator[Say, Answered | None, None]


@dataclass(frozen=True, slots=True)
class Chore:
    """Something said again and again while the stream runs; nobody waits for what it brings.

    ``say`` may return None: not to this sensor.
    """

    every_s: float
    say: Callable[[int], Say | None]


def _nothing(_settings: StreamSettings) -> Script:
    return
    yield


@dataclass(frozen=True, slots=True)
class Conversation:
    """All that a family has to say.

    Attributes:
        title: how to call the device in an error.
        opening: from a new link to a running stream.
        closing: the polite end.
        cues: what makes the sensor signal the person, by pattern.
        silent_hint: what to do when it does not answer.
    """

    title: str
    opening: Callable[[StreamSettings], Script]
    closing: Callable[[StreamSettings], Script] = _nothing
    chores: tuple[Chore, ...] = ()
    cues: Callable[[str], Say | None] = lambda _: None
    silent_hint: str = "Come closer and check that it is charged; the hub tries again."


class ScriptedController:
    """See :class:`sensorhub.devices.base.Controller`."""

    def __init__(self, conversation: Conversation, settings: StreamSettings) -> None:
        self._conversation = conversation
        self._settings = settings
        self._state = ControllerState.DOWN
        self._failure: SensorhubError | None = None
        self._max_payload: int | None = None
        self._stop_wanted = False
        self._script: Script | None = None
        self._line: Say | None = None
        self._times_said = 0
        self._due_ns = 0
        self._chores_due_ns: list[int] = []
        self._cues: deque[Say] = deque(maxlen=1)

    @property
    def state(self) -> ControllerState:
        """How far the conversation is."""
        return self._state

    @property
    def failure(self) -> SensorhubError | None:
        """Why the state is FAILED."""
        return self._failure

    def speak(self, conversation: Conversation) -> None:
        """Have another conversation from the next link on."""
        self._conversation = conversation

    def link_up(self, now_ns: int, max_payload: int | None) -> None:
        """The link is open: begin, from the beginning."""
        if self._failure is not None:
            return
        self._max_payload = max_payload
        if self._stop_wanted:
            self._close(now_ns)
        else:
            self._state = ControllerState.GREETING
            self._begin(self._conversation.opening(self._settings), now_ns)

    def link_down(self, now_ns: int) -> None:  # noqa: ARG002 - the contract's signature
        """The link is gone, and with it what was being said."""
        self._script = self._line = None
        self._cues.clear()
        if self._state not in (ControllerState.FAILED, ControllerState.STOPPED):
            self._state = ControllerState.DOWN

    def handle(self, event: DeviceEvent, now_ns: int) -> None:
        """Take an answer, where one is waited for; anything else is passed by."""
        line = self._line
        if (
            line is None
            or not isinstance(event, Answered)
            or event.about != line.answer
            or not self._times_said
        ):
            return
        if event.refusal and line.needed:
            self._fail(
                DeviceError(
                    f"{self._conversation.title} refused ({event.about}): {event.refusal}.",
                    hint="Switch the sensor off and on again, then try once more.",
                )
            )
            return
        if self._state is ControllerState.GREETING:
            self._state = ControllerState.STARTING
        self._go_on(event, now_ns + _ns(line.pause_s))

    def request_stop(self, now_ns: int) -> None:
        """Say the closing words; without a link there is nobody to say them to."""
        if self._stop_wanted or self._state is ControllerState.FAILED:
            return
        self._stop_wanted = True
        if self._state is ControllerState.DOWN:
            self._state = ControllerState.STOPPED
        else:
            self._close(now_ns)

    def cue(self, now_ns: int, pattern: str) -> None:  # noqa: ARG002 - the contract's signature
        """Signal the person by the sensor itself; a newer cue replaces one not sent yet."""
        say = self._conversation.cues(pattern)
        if say is not None and self._state is ControllerState.STREAMING:
            self._cues.append(say)

    def poll(self, now_ns: int) -> list[Outgoing]:
        """Return what to write now; LinkLostError when the device does not answer."""
        out: list[Outgoing] = []
        while self._line is not None and now_ns >= self._due_ns:
            line = self._line
            if self._times_said and line.answer is None:
                self._go_on(None, now_ns)
            elif self._times_said >= line.tries:
                if line.needed:
                    raise LinkLostError(
                        f"{self._conversation.title} does not answer ({line.answer}).",
                        hint=self._conversation.silent_hint,
                    )
                self._go_on(None, now_ns)
            else:
                self._times_said += 1
                out += self._pieces(line)
                wait_s = line.wait_s * self._settings.patience_factor
                self._due_ns = now_ns + _ns(line.pause_s if line.answer is None else wait_s)
        if self._state is ControllerState.STREAMING:
            out += self._in_passing(now_ns)
        return out

    def next_poll_ns(self) -> int | None:
        """When ``poll`` has something to do if nothing arrives."""
        if self._line is not None:
            return self._due_ns
        if self._state is not ControllerState.STREAMING:
            return None
        return 0 if self._cues else min(self._chores_due_ns, default=None)

    def _close(self, now_ns: int) -> None:
        self._state = ControllerState.STOPPING
        self._begin(self._conversation.closing(self._settings), now_ns)

    def _begin(self, script: Script, now_ns: int) -> None:
        self._script = script
        self._go_on(None, now_ns)

    def _go_on(self, answer: Answered | None, at_ns: int) -> None:
        """To the next line, which is to be said at ``at_ns``."""
        assert self._script is not None  # a line belongs to a script
        self._times_said = 0
        self._due_ns = at_ns
        try:
            # The first step of a generator takes no value.
            self._line = next(self._script) if answer is None else self._script.send(answer)
        except StopIteration:
            self._script = self._line = None
            self._ended(at_ns)
        except DeviceError as error:
            self._fail(error)

    def _ended(self, now_ns: int) -> None:
        if self._state is ControllerState.STOPPING:
            self._state = ControllerState.STOPPED
        else:
            self._state = ControllerState.STREAMING
            self._chores_due_ns = [now_ns] * len(self._conversation.chores)

    def _fail(self, error: SensorhubError) -> None:
        self._failure = error
        self._state = ControllerState.FAILED
        self._script = self._line = None

    def _in_passing(self, now_ns: int) -> list[Outgoing]:
        """Cues and chores."""
        out: list[Outgoing] = []
        while self._cues:
            out += self._pieces(self._cues.popleft())
        for number, chore in enumerate(self._conversation.chores):
            if now_ns >= self._chores_due_ns[number]:
                say = chore.say(now_ns)
                out += self._pieces(say) if say is not None else []
                self._chores_due_ns[number] = now_ns + _ns(chore.every_s)
        return out

    def _pieces(self, say: Say) -> list[Outgoing]:
        """A write longer than the link carries is cut: lanes that need that carry byte streams."""
        size = self._max_payload or len(say.data)
        cuts = range(0, len(say.data), size)
        return [Outgoing(say.channel, say.data[cut : cut + size]) for cut in cuts]


def _ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)
