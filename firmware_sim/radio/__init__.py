"""Simulated sensors on a virtual radio: bumble's link layer, L2CAP, ATT and pairing around a peer.

What connects to them is either the kernel, through ``/dev/vhci`` and with it a real bluetoothd, or
another bumble device in the same process. Real time only: a kernel cannot be hurried.
"""

from firmware_sim.radio.air import RadioAir
from firmware_sim.radio.sensor import DEFAULT_MTU, RadioSensor

__all__ = ["DEFAULT_MTU", "RadioAir", "RadioSensor"]
