"""Requests in, responses out: replay, one at a time, and when the answer leaves."""

from typing import Final

from firmware_sim.omp.checks import Request, check
from firmware_sim.omp.core import DeviceCore
from firmware_sim.omp.operations import OPERATIONS, Done, session_tlvs
from firmware_sim.omp.port import Outgoing, Port
from firmware_sim.omp.tables import OPS, Op, Status
from firmware_sim.omp.wire import Reply, response_packets, time_packet

WORK_US: Final = 300  # from a request's arrival to its reply


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
    checked = check(core, port, packet, now_us)
    if isinstance(checked, Status):
        done = Done(_refusal(core, op, checked))
    elif checked.op is Op.TIME_SYNC:
        _time_sync(core, port, checked)
        return
    else:
        done = OPERATIONS[checked.op](core, port, checked)
    packets = response_packets(op, tid, done.reply, max_packet=port.max_packet)
    if port.in_work is None:
        replayed = op not in OPS or OPS[Op(op)].replayed
        port.last_response = ((op, tid), packets) if replayed else None
        port.after = done.after
    _send(port, packets, (op, tid), now_us)


def _send(port: Port, packets: list[bytes], key: tuple[int, int], now_us: int) -> None:
    """Queue a response; its request is in work until the last packet has left."""
    owns_work = port.in_work is None
    if owns_work:
        port.in_work = key

    def left(left_us: int) -> None:
        # Once only: a response that is replayed has set off what it had to.
        after, port.after = port.after, None
        if after is not None:
            after(left_us)

    for number, packet in enumerate(packets):
        ends = owns_work and number == len(packets) - 1
        out = Outgoing(
            "control", packet, now_us + WORK_US, settles=ends, left=left if ends else None
        )
        port.queue(out)


def _refusal(core: DeviceCore, op: int, status: Status) -> Reply:
    if op == Op.START and status is Status.ALREADY and core.streaming.running is not None:
        return Reply(status, session_tlvs(core.imu, core.streaming.running))
    return Reply(status)


def _time_sync(core: DeviceCore, port: Port, request: Request) -> None:
    t2_us = core.device_us(request.now_us)
    work_us = core.device_us(request.now_us + WORK_US) - t2_us
    port.in_work = (request.op, request.tid)
    port.last_response = port.after = None
    packet = time_packet(request.tid, t2_us=t2_us, work_us=work_us)
    port.queue(Outgoing("data", packet, request.now_us + WORK_US, settles=True))
