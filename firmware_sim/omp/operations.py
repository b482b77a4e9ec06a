"""What each operation does once its request has passed the checks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from firmware_sim.omp.checks import Request
from firmware_sim.omp.config import StreamConfig, grant
from firmware_sim.omp.core import BOOT_US, IDENTIFY_US, DeviceCore
from firmware_sim.omp.cue import HORIZON_US, LONGEST_MS, Cue
from firmware_sim.omp.port import Port
from firmware_sim.omp.recorder import Backfill, Recorder
from firmware_sim.omp.tables import CONFIGURATION, VERSION, EventCode, Op, Status, Tlv
from firmware_sim.omp.wire import RESPONSE_HEADER_BYTES, Reply, tlv
from firmware_sim.signals import ImuPart

_TLV_BYTES: Final = 2


@dataclass(frozen=True, slots=True)
class Done:
    """An operation's outcome: its reply and what happens once that has left."""

    reply: Reply
    after: Callable[[int], None] | None = None


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
    room = min(255, port.max_packet - RESPONSE_HEADER_BYTES - len(total) - _TLV_BYTES)
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


OPERATIONS: Final[Mapping[Op, Callable[[DeviceCore, Port, Request], Done]]] = {
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
