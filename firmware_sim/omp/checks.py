"""What a request must pass before it is acted on, in the order of the specification."""

from collections.abc import Mapping
from dataclasses import dataclass

from firmware_sim.omp.core import DeviceCore
from firmware_sim.omp.port import Port
from firmware_sim.omp.tables import (
    CRITICAL_FROM,
    LAYOUT,
    LENGTHS,
    OPS,
    REFUSED,
    LinkState,
    Op,
    OpRule,
    Status,
    Tlv,
)
from firmware_sim.omp.wire import split_tlvs


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


def check(core: DeviceCore, port: Port, packet: bytes, now_us: int) -> Request | Status:
    """The request, or the first check that it fails; ``packet`` has two bytes or more."""
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
