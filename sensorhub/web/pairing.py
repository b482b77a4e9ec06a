"""Pairing by a PIN: six digits, five minutes, one use, five tries, and a wait that doubles.

The PIN is made at the hub's own terminal (or by an admin on the page) and typed into the device.
It lies as a salted hash in a file beside the store, so that ``sensorhub serve --pair`` and a hub
that already runs speak of the same one.
"""

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sensorhub.web.access import write_private
from sensorhub.web.clock import Now
from sensorhub.web.roles import Role

PAIRING_NAME = "pairing.json"
PIN_DIGITS = 6
LIFE_S = 300.0
TRIES = 5
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 900.0


class RefusedError(Exception):
    """A PIN was not taken. ``wait_s``: how long any further one is not looked at."""

    def __init__(self, code: str, *, wait_s: float = 0.0) -> None:
        super().__init__(code)
        self.code = code
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Invitation:
    """A PIN that has not been used yet: never the PIN itself.

    Attributes:
        from_afar: somebody asked for it, to pair a device that is not this computer.
    """

    salt: str
    pin_hash: str
    role: Role
    person: str
    expires_s: float
    tries_left: int = TRIES
    from_afar: bool = True


def _hash(pin: str, salt: str) -> str:
    raw = hashlib.scrypt(pin.encode(), salt=salt.encode(), n=2**12, r=8, p=1, dklen=32)
    return base64.b64encode(raw).decode()


class Pairing:
    """At most one PIN at a time; a new one ends the one before.

    Args:
        path: the file; need not exist.
        now: the wall's clock.
    """

    def __init__(self, path: Path, *, now: Now) -> None:
        self._path = path
        self._now = now
        self._misses = 0
        self._wait_until_s = 0.0

    def invite(self, role: Role, person: str, *, from_afar: bool = True) -> str:
        """Make a PIN for one device of this person; returns it, to be shown once."""
        pin = "".join(secrets.choice("0123456789") for _ in range(PIN_DIGITS))
        salt = secrets.token_hex(16)
        until_s = self._now() + LIFE_S
        made = Invitation(salt, _hash(pin, salt), role, person, until_s, from_afar=from_afar)
        self._write(made)
        return pin

    @property
    def open(self) -> bool:
        """Whether a PIN waits to be used."""
        return self._invitation() is not None

    @property
    def wanted_from_afar(self) -> bool:
        """Whether a PIN waits that somebody asked for, to pair another device."""
        invitation = self._invitation()
        return invitation is not None and invitation.from_afar

    def use(self, pin: str) -> Invitation:
        """Take a PIN, once.

        Raises:
            RefusedError: ``wait`` (too many wrong ones: not even looked at), ``no_pin`` (there is
                none, or not any more) or ``wrong``.
        """
        now_s = self._now()
        if now_s < self._wait_until_s:
            raise RefusedError("wait", wait_s=self._wait_until_s - now_s)
        invitation = self._invitation()
        if invitation is None:
            raise self._missed("no_pin")
        if not hmac.compare_digest(_hash(pin, invitation.salt), invitation.pin_hash):
            left = invitation.tries_left - 1
            self._write(replace(invitation, tries_left=left) if left else None)
            raise self._missed("wrong")
        self._write(None)
        self._misses, self._wait_until_s = 0, 0.0
        return invitation

    def _missed(self, code: str) -> RefusedError:
        """Every miss doubles the wait, whoever it came from: guessing in parallel gains nothing."""
        wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**self._misses)
        self._misses += 1
        self._wait_until_s = self._now() + wait_s
        return RefusedError(code, wait_s=wait_s)

    def _invitation(self) -> Invitation | None:
        try:
            row = json.loads(self._path.read_text(encoding="utf-8"))
            found = Invitation(**{**row, "role": Role(row["role"])})
        except (OSError, ValueError, KeyError, TypeError):
            return None  # none, or no good: then there is none
        alive = found.tries_left > 0 and self._now() < found.expires_s
        return found if alive else None

    def _write(self, invitation: Invitation | None) -> None:
        if invitation is None:
            self._path.unlink(missing_ok=True)
        else:
            write_private(self._path, json.dumps(asdict(invitation)))
