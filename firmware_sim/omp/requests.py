"""Requests: the checks in the order the specification gives, and what each operation does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from firmware_sim.omp.config import StreamConfig, grant
from firmware_sim.omp.core import BOOT_US, IDENTIFY_US, DeviceCore
from firmware_sim.omp.cue import HORIZON_US, LONGEST_MS, Cue
from firmware_sim.omp.port import Outgoing, Port
from firmware_sim.omp.recorder import Backfill, Recorder
from firmware_sim.omp.tables import (
    CONFIGURATION,
    CRITICAL_FROM,
    LAYOUT,
    LENGTHS,
    OPS,
    REFUSED,
    VERSION,
    EventCode,
    LinkState,
    Op,
    OpRule,
    Status,
    Tlv,
)
from firmware_sim.omp.wire import Reply, response_packets, split_tlvs, time_packet, tlv
from firmware_sim.signals import ImuPart

WORK_US: Final = 300  # from a request's arrival to its reply
_TLV_BYTES: Final = 2
_RESPONSE_BYTES: Final = 5


@dataclass(frozen=True, slots=True)
class Request:
    """A request that has passed the checks of its form."""

    op: Op
    tid: int
    values: Mapping[Tlv, bytes]
    now_us: int

    def numbers(self, kind: Tlv) -> tuple[int, ...]:
        return tuple(LAYOUT[kind].unpack(self.values[kind]))

    def number(self, kind: Tlv) -> int:
        return self.numbers(kind)[0]


@dataclass(frozen=True, slots=True)
class Done:
    """An operation's outcome: its reply and what happens once that has left."""

    reply: Reply
    after: Callable[[int], None] | None = None


def handle(core: DeviceCore, port: Port, packet: bytes, now_us: int) -> None:
    """Act on one request packet, whatever its bytes; replies are queued on ``port``."""
    if len(packet) < 2:
        return
    op, tid = packet[0], packet[1]
    if port.in_work == (op, tid):
        return
    if port.last_response is not None and port.last_response[0] == (op, tid):
        _send(port, port.last_response[1], (op, tid), now_us)
        return
    checked = _check(core, port, packet, now_us)
    if isinstance(checked, Status):
        done = Done(_refusal(core, op, checked))
    elif checked.op is Op.TIME_SYNC:
        _time_sync(core, port, checked)
        return
    else:
        done = _HANDLERS[checked.op](core, port, checked)
    packets = response_packets(op, tid, done.reply, max_packet=port.max_packet)
    if port.in_work is None:
        replayed = op not in OPS or OPS[Op(op)].replayed
        port.last_response = ((op, tid), packets) if replayed else None
    _send(port, packets, (op, tid), now_us, after=done.after)


def _send(
    port: Port,
    packets: list[bytes],
    key: tuple[int, int],
    now_us: int,
    *,
    after: Callable[[int], None] | None = None,
) -> None:
    """Queue a response; its request is in work until the last packet has left."""
    owns_work = port.in_work is None
    if owns_work:
        port.in_work = key

    def left(left_us: int) -> None:
        if owns_work:
            port.in_work = None
        if after is not None:
            after(left_us)

    for number, packet in enumerate(packets):
        last = number == len(packets) - 1
        port.queue(Outgoing("control", packet, now_us + WORK_US, left=left if last else None))


def _refusal(core: DeviceCore, op: int, status: Status) -> Reply:
    if op == Op.START and status is Status.ALREADY and core.streaming.running is not None:
        return Reply(status, session_tlvs(core.imu, core.streaming.running))
    return Reply(status)


# The checks, in the order of the specification. The first that fails is the answer.


def _check(core: DeviceCore, port: Port, packet: bytes, now_us: int) -> Request | Status:
    op, tid, body = packet[0], packet[1], packet[2:]
    if port.state is not LinkState.READY and op != Op.HELLO:
        return Status.WRONG_STATE
    if op not in OPS:
        return Status.UNKNOWN_OP
    known = Op(op)
    rule = OPS[known]
    values = _values(rule, body)
    if isinstance(values, Status):
        return values
    if not rule.implemented or not _has(core, rule):
        return Status.UNSUPPORTED
    if any(kind >= CRITICAL_FROM for kind, _ in values):
        return Status.UNSUPPORTED
    taken = [(Tlv(kind), value) for kind, value in values if kind in rule.accepted]
    request = Request(known, tid, dict(taken), now_us)
    if len(request.values) != len(taken) or not rule.required <= request.values.keys():
        return Status.BAD_PARAMETER
    if not _good_values(core, request):
        return Status.BAD_PARAMETER
    return _state_refusal(core, port, request) or request


def _values(rule: OpRule, body: bytes) -> list[tuple[int, bytes]] | Status:
    """All parameters; only the lengths of those that this operation takes are known to it."""
    if rule.free:
        return []
    values = split_tlvs(body)
    if values is None:
        return Status.BAD_LENGTH
    for kind, value in values:
        if kind in rule.accepted and len(value) not in LENGTHS[Tlv(kind)]:
            return Status.BAD_LENGTH
    return values


def _has(core: DeviceCore, rule: OpRule) -> bool:
    return rule.feature is None or rule.feature in core.options.features


def _good_values(core: DeviceCore, request: Request) -> bool:
    values = request.values
    if Tlv.STREAM in values and request.number(Tlv.STREAM) != 0:
        return False
    if Tlv.CAPS_OFFSET in values:
        return request.number(Tlv.CAPS_OFFSET) < len(core.capabilities)
    if Tlv.WANTED in values:
        return request.numbers(Tlv.WANTED)[1] > 0
    if Tlv.CUE in values:
        return max(request.numbers(Tlv.CUE)[:4]) <= 100
    if Tlv.UTC_US in values:
        return request.number(Tlv.UTC_US) < 1 << 63
    if Tlv.NAME in values:
        try:
            values[Tlv.NAME].decode()
        except UnicodeDecodeError:
            return False
    return True


def _state_refusal(core: DeviceCore, port: Port, request: Request) -> Status | None:
    """5, 6; then 7; then 13; then 14."""
    op, rule = request.op, OPS[request.op]
    if rule.notify is not None and not port.notifies(rule.notify):
        return Status.WRONG_STATE
    if (op, core.streaming.state) in REFUSED:
        return REFUSED[op, core.streaming.state]
    if op is Op.BACKFILL_CANCEL and core.streaming.backfill is None:
        return Status.ALREADY
    if _is_busy(core, port, op):
        return Status.BUSY
    if op is Op.START:
        core.battery.update(request.now_us, streaming=False)
        if core.battery.low:
            return Status.LOW_BATTERY
        if core.sensor_fault:
            return Status.SENSOR_FAULT
    return None


def _is_busy(core: DeviceCore, port: Port, op: Op) -> bool:
    if op is Op.HELLO and core.streaming.ready_port not in (None, port):
        return True
    if op is Op.BACKFILL and core.streaming.backfill is not None:
        return True
    # On a serial line HELLO starts the link afresh whatever was in work.
    return port.in_work is not None and not (op is Op.HELLO and port.silence_is_loss)


# The operations


def session_tlvs(imu: ImuPart, recorder: Recorder) -> tuple[bytes, ...]:
    """What a host must know to read a session's samples."""
    config = recorder.config
    common = (
        tlv(Tlv.PERIOD, config.period_ns),
        tlv(Tlv.FIRST_INDEX, 0),
        tlv(Tlv.SESSION, recorder.session_id),
        tlv(Tlv.ACC_SCALE, imu.acc_lsb_g(config.acc_range_g)),
    )
    gyro = (tlv(Tlv.GYR_SCALE, imu.gyr_lsb_dps(config.gyr_range_dps)),)
    first = (tlv(Tlv.FIRST_US, recorder.first_device_us),)
    return common + (gyro if config.has_gyro else ()) + first


def _hello(core: DeviceCore, port: Port, request: Request) -> Done:
    if request.numbers(Tlv.VERSION)[0] != VERSION[0]:
        return Done(Reply(Status.VERSION, (tlv(Tlv.VERSION, *VERSION),)))
    if port.silence_is_loss:
        core.link_lost(port, request.now_us)
    running = core.streaming.running
    tlvs: tuple[bytes, ...] = (
        tlv(Tlv.VERSION, *VERSION),
        tlv(Tlv.DEVICE_ID, core.identity.device_id),
        tlv(Tlv.BOOT_ID, core.boot_id),
        tlv(Tlv.ATT_MTU, port.max_packet + 3),
        tlv(Tlv.CAPS_HASH, core.capability_hash),
    )
    if running is not None:
        tlvs += (tlv(Tlv.RUNNING_SESSION, running.session_id),)
    return Done(Reply(tlvs=tlvs), after=lambda left_us: core.link_ready(port, left_us))


def _get_caps(core: DeviceCore, port: Port, request: Request) -> Done:
    offset, total = request.number(Tlv.CAPS_OFFSET), tlv(Tlv.CAPS_TOTAL, len(core.capabilities))
    room = min(255, port.max_packet - _RESPONSE_BYTES - len(total) - _TLV_BYTES)
    part = core.capabilities[offset : offset + room]
    return Done(Reply(tlvs=(total, tlv(Tlv.CAPS_BYTES, part))))


def _get_config(core: DeviceCore, _port: Port, _request: Request) -> Done:
    return Done(Reply(tlvs=core.config.tlvs()))


def _granted(core: DeviceCore, port: Port, request: Request) -> StreamConfig | Status:
    wanted = {kind: request.number(kind) for kind in CONFIGURATION if kind in request.values}
    return grant(core.config, wanted, core.imu, max_packet=port.max_packet)


def _set_config(core: DeviceCore, port: Port, request: Request) -> Done:
    granted = _granted(core, port, request)
    if isinstance(granted, Status):
        return Done(Reply(granted))
    core.config = granted
    return Done(Reply(tlvs=granted.tlvs()))


def _start(core: DeviceCore, port: Port, request: Request) -> Done:
    granted = _granted(core, port, request)
    if isinstance(granted, Status):
        return Done(Reply(granted))
    recorder = core.start(granted, request.now_us)
    return Done(
        Reply(tlvs=session_tlvs(core.imu, recorder)),
        after=lambda left_us: core.streaming.confirm_start(port, left_us),
    )


def _stop(core: DeviceCore, port: Port, request: Request) -> Done:
    core.streaming.stop(port, request.now_us)
    return Done(Reply(tlvs=(tlv(Tlv.LATEST_INDEX, core.streaming.latest_index),)))


def _status(core: DeviceCore, port: Port, _request: Request) -> Done:
    return Done(Reply(), after=lambda left_us: core.send_status(port, left_us))


def _time_sync(core: DeviceCore, port: Port, request: Request) -> None:
    t2_us = core.device_us(request.now_us)
    work_us = core.device_us(request.now_us + WORK_US) - t2_us
    port.in_work = (request.op, request.tid)
    port.last_response = None

    def left(_: int) -> None:
        port.in_work = None

    packet = time_packet(request.tid, t2_us=t2_us, work_us=work_us)
    port.queue(Outgoing("data", packet, request.now_us + WORK_US, left=left))


def _set_wallclock(core: DeviceCore, _port: Port, request: Request) -> Done:
    offset_us = request.number(Tlv.UTC_US) - core.device_us(request.now_us)
    return Done(Reply(tlvs=(tlv(Tlv.UTC_OFFSET_US, offset_us),)))


def _backfill(core: DeviceCore, port: Port, request: Request) -> Done:
    core.streaming.acquire(request.now_us)
    wanted_first, count = request.numbers(Tlv.WANTED)
    recorder = core.streaming.recorder
    if recorder is None:
        return Done(Reply(Status.EVICTED))
    ring, wanted_last = recorder.ring, wanted_first + count - 1
    first = ring.first_held(wanted_first, wanted_last)
    last = ring.last_held(wanted_first, wanted_last)
    if first is None or last is None:
        return Done(Reply(Status.EVICTED))
    backfill = Backfill(recorder, first, last, max_packet=port.max_packet)
    core.streaming.begin_backfill(backfill, request.now_us)
    return Done(Reply(tlvs=(tlv(Tlv.GRANTED, first, last),)))


def _backfill_cancel(core: DeviceCore, _port: Port, request: Request) -> Done:
    core.streaming.end_backfill(request.now_us, cancelled=True)
    return Done(Reply())


def _cue(core: DeviceCore, _port: Port, request: Request) -> Done:
    cue, now_us = Cue(*request.numbers(Tlv.CUE)), request.now_us
    if cue.length_us > LONGEST_MS * 1000:
        return Done(Reply(Status.RANGE))
    at_us = request.number(Tlv.CUE_AT) if Tlv.CUE_AT in request.values else 0
    if at_us > core.device_us(now_us) + HORIZON_US:
        return Done(Reply(Status.RANGE))
    start_us = max(now_us, core.clock.world_us(at_us))
    if cue.repeats == 0:
        core.cue.cancel()
        start_us = now_us
    else:
        core.cue.play(cue, start_us)
    return Done(Reply(tlvs=(tlv(Tlv.CUE_START, core.device_us(start_us)),)))


def _identify(core: DeviceCore, _port: Port, request: Request) -> Done:
    core.identify_until_us = request.now_us + IDENTIFY_US
    return Done(Reply())


def _name(core: DeviceCore, _port: Port, request: Request) -> Done:
    if Tlv.NAME in request.values:
        core.name = request.values[Tlv.NAME].decode()
    return Done(Reply(tlvs=(tlv(Tlv.NAME, core.name.encode()),)))


def _sleep(core: DeviceCore, _port: Port, _request: Request) -> Done:
    def after(left_us: int) -> None:
        wake_s = core.options.wake_after_s
        back_us = None if wake_s is None else left_us + round(wake_s * 1e6)
        core.plan_power_off(left_us, back_us=back_us)

    return Done(Reply(), after=after)


def _reset(core: DeviceCore, _port: Port, _request: Request) -> Done:
    def after(left_us: int) -> None:
        core.plan_power_off(left_us, back_us=left_us + BOOT_US)

    return Done(Reply(), after=after)


def _mark(core: DeviceCore, _port: Port, request: Request) -> Done:
    core.streaming.acquire(request.now_us)
    label = request.number(Tlv.LABEL)
    core.streaming.send_event(EventCode.MARK, request.now_us, arg=label & 0xFF)
    index, device_us = core.streaming.latest_index, core.device_us(request.now_us)
    return Done(Reply(tlvs=(tlv(Tlv.MARK_INDEX, index), tlv(Tlv.MARK_US, device_us))))


_HANDLERS: Final[Mapping[Op, Callable[[DeviceCore, Port, Request], Done]]] = {
    Op.HELLO: _hello,
    Op.GET_CAPS: _get_caps,
    Op.GET_CONFIG: _get_config,
    Op.SET_CONFIG: _set_config,
    Op.START: _start,
    Op.STOP: _stop,
    Op.STATUS: _status,
    Op.SET_WALLCLOCK: _set_wallclock,
    Op.BACKFILL: _backfill,
    Op.BACKFILL_CANCEL: _backfill_cancel,
    Op.CUE: _cue,
    Op.IDENTIFY: _identify,
    Op.NAME: _name,
    Op.SLEEP: _sleep,
    Op.RESET: _reset,
    Op.MARK: _mark,
}
