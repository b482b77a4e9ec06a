"""The air between virtual controllers: packets travel at connection events, in order.

Two things differ from bumble 0.0.236's own link. It names the sender by its random address, so that
what a central with a public address (Linux) sends is never delivered; here the connection's own
address counts. And it takes no time, so that bluetoothd answers ``Connect`` before it has told its
clients that the device is connected, which no radio can do.
"""

import asyncio
from collections.abc import Callable
from typing import Final

from bumble.controller import Connection, Controller
from bumble.core import PhysicalTransport
from bumble.hci import Address, HCI_ErrorCode, LeFeatureMask
from bumble.link import LocalLink
from bumble.ll import ControlPdu

INTERVAL_S: Final = 0.015
_BEYOND_4_2: Final = (
    LeFeatureMask.LL_PRIVACY
    | LeFeatureMask.LE_EXTENDED_ADVERTISING
    | LeFeatureMask.LE_PERIODIC_ADVERTISING
)


class RadioAir(LocalLink):
    """All controllers within reach of one another. ``interval_s`` is the connection interval."""

    def __init__(self, *, interval_s: float = INTERVAL_S) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._interval_s = interval_s
        self._waiting: list[Callable[[], None]] = []

    def send_acl_data(
        self,
        sender_controller: Controller,
        destination_address: Address,
        transport: PhysicalTransport,
        data: bytes,
    ) -> None:
        """Hand data to the other end at the next connection event; without one it is lost."""
        connection = sender_controller.le_connections.get(destination_address)
        if transport is not PhysicalTransport.LE or connection is None:
            return
        sender = connection.self_address

        def arrive() -> None:
            receiver = self.find_le_controller(destination_address)
            if receiver is not None and sender in receiver.le_connections:
                receiver.on_link_acl_data(sender, transport, data)

        self._at_next_event(arrive)

    def send_ll_control_pdu(
        self, sender_address: Address, receiver_address: Address, packet: ControlPdu
    ) -> None:
        """The link layers' own words; they keep their place among the data."""

        def arrive() -> None:
            receiver = self.find_le_controller(receiver_address)
            if receiver is not None and sender_address in receiver.le_connections:
                receiver.on_ll_control_pdu(sender_address, packet)

        self._at_next_event(arrive)

    def cut(self, controller: Controller) -> None:
        """Take a controller out of reach: both ends of its connections see the silence end them."""
        for connection in list(controller.le_connections.values()):
            other = self.find_le_controller(connection.peer_address)
            back = None if other is None else other.le_connections.get(connection.self_address)
            if other is not None and back is not None:
                _time_out(other, back)
            _time_out(controller, connection)

    def _at_next_event(self, arrive: Callable[[], None]) -> None:
        self._waiting.append(arrive)
        if len(self._waiting) == 1:
            loop = asyncio.get_running_loop()
            event = loop.time() // self._interval_s + 1
            loop.call_at(event * self._interval_s, self._meet)

    def _meet(self) -> None:
        waiting, self._waiting = self._waiting, []
        for arrive in waiting:
            arrive()


def keep_to_4_2(controller: Controller) -> None:
    """Take away what came after Bluetooth 4.2: sensors and small adapters do without it.

    Linux would expect events of privacy and extended advertising that bumble 0.0.236 does not send
    for the connections it makes, and each further connection would stall for four seconds.
    """
    controller.le_features &= ~_BEYOND_4_2


def _time_out(controller: Controller, connection: Connection) -> None:
    controller.on_le_disconnected(connection, HCI_ErrorCode.CONNECTION_TIMEOUT_ERROR)
