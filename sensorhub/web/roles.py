"""Who may do what: three roles, each may do all that the one before may."""

import enum
from dataclasses import dataclass


class Role(enum.StrEnum):
    """What a paired device is trusted with."""

    PATIENT = "patient"  # do the plan, see one's own
    THERAPIST = "therapist"  # see everybody's, write plans
    ADMIN = "admin"  # add and remove devices and people

    def may_act_as(self, least: "Role") -> bool:
        """Whether this role includes ``least``."""
        order = tuple(Role)
        return order.index(self) >= order.index(least)


@dataclass(frozen=True, slots=True)
class Grant:
    """One paired device.

    Attributes:
        id: how the device is called in lists; says nothing about its token.
        token_sha256: hex digest of the token; the token itself is nowhere.
        person: pseudonym of whom the device shows now.
        people: pseudonyms of those it may show (all of them for a therapist and an admin).
        paired_s: seconds since the epoch.
    """

    id: str
    token_sha256: str
    role: Role
    person: str
    people: tuple[str, ...]
    paired_s: float
    label: str = ""
