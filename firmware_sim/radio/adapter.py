"""The Bluetooth adapter that a kernel drives: bumble's virtual controller on ``/dev/vhci``."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

from bumble.controller import Controller
from bumble.hci import Address, HCI_LE_Advertising_Report_Event
from bumble.ll import AdvExtInd, AdvInd
from bumble.transport import open_transport

from firmware_sim.radio.air import RadioAir, keep_to_4_2

ADDRESS: Final = "F0:F0:F0:F0:F0:00"
_Report = HCI_LE_Advertising_Report_Event.Report
_Kind = HCI_LE_Advertising_Report_Event.EventType
_ACTIVE_SCAN: Final = 1
_BUFFER_BYTES: Final = 251


class Adapter(Controller):
    """A controller of Bluetooth 4.2's abilities, as a small USB adapter has them."""

    def tune(self) -> "Adapter":
        """Offer what is really done, and buffers of a usual size."""
        keep_to_4_2(self)
        self.le_acl_data_packet_length = _BUFFER_BYTES
        return self

    def on_advertising_pdu(self, pdu: AdvInd | AdvExtInd) -> None:
        """Report what was heard while scanning, and connect to whom the host waits for.

        Unlike bumble's own, a scan response carries the advertiser's scan response data, and the
        signal strength differs from sensor to sensor.
        """
        if self.le_scan_enable:
            for report in self._reports(pdu):
                self.send_hci_packet(HCI_LE_Advertising_Report_Event([report]))
        waited_for = self.pending_le_connection
        if waited_for is not None and waited_for.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)

    def _reports(self, pdu: AdvInd | AdvExtInd) -> "Iterator[_Report]":
        said = {_Kind.ADV_IND: pdu.data}
        if self.le_scan_type == _ACTIVE_SCAN:
            said[_Kind.SCAN_RSP] = self._scan_response(pdu.advertiser_address)
        for kind, data in said.items():
            yield _Report(
                event_type=kind,
                address_type=pdu.advertiser_address.address_type,
                address=pdu.advertiser_address,
                data=data,
                rssi=-45 - bytes(pdu.advertiser_address)[0] % 20,
            )

    def _scan_response(self, address: Address) -> bytes:
        for controller in self.link.controllers:
            if controller is not self and controller.random_address == address:
                return bytes(controller.le_legacy_advertiser.scan_response_data)
        return b""


@asynccontextmanager
async def kernel_adapter(air: RadioAir) -> AsyncIterator[Adapter]:
    """Plug an adapter into this kernel; pulled out at the end.

    Raises:
        OSError: there is no ``/dev/vhci``, or it may not be opened.
    """
    async with await open_transport("vhci") as (source, sink):
        yield Adapter(
            "adapter", host_source=source, host_sink=sink, link=air, public_address=ADDRESS
        ).tune()
