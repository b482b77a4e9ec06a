"""Placements as people say them."""

from sensorhub.model.placement import Placement, Side


def spoken(placement: Placement) -> str:
    """``the right thigh``, ``the pelvis``."""
    side = "" if placement.side is Side.NONE else f"{placement.side} "
    return f"the {side}{placement.segment}"
