"""A person's own code: asked for when somebody switches to them on a device that people share.

Who sets none is trusted by those they share the device with. Only a salted hash is kept, and every
miss doubles the wait before the next try for that person is looked at.
"""

import base64
import hashlib
import hmac
import json
import secrets
from pathlib import Path

from sensorhub.web.access import write_private
from sensorhub.web.clock import Now
from sensorhub.web.pairing import FIRST_WAIT_S, LONGEST_WAIT_S, RefusedError

CODES_NAME = "codes.json"
LEAST, MOST = 4, 64


class CodeBook:
    """Codes by pseudonym.

    Args:
        path: the file; need not exist.
        now: the wall's clock.
    """

    def __init__(self, path: Path, *, now: Now) -> None:
        self._path = path
        self._now = now
        self._misses: dict[str, tuple[int, float]] = {}

    def has(self, person: str) -> bool:
        """Whether that person is to be switched to with a code only."""
        return person in self._read()

    def keep(self, person: str, code: str) -> None:
        """Set a person's code; empty: none any more. Raises ValueError: too short or too long."""
        codes = self._read()
        codes.pop(person, None)
        if code:
            if not LEAST <= len(code) <= MOST:
                raise ValueError(len(code))
            salt = secrets.token_hex(16)
            codes[person] = [salt, _hash(code, salt)]
        write_private(self._path, json.dumps(codes))

    def check(self, person: str, code: str) -> None:
        """Nothing happens where the code is right, or none is set.

        Raises:
            RefusedError: ``wait`` or ``wrong_code``.
        """
        found = self._read().get(person)
        if found is None:
            return
        misses, until_s = self._misses.get(person, (0, 0.0))
        if self._now() < until_s:
            raise RefusedError("wait", wait_s=until_s - self._now())
        salt, expected = found
        if hmac.compare_digest(_hash(code, salt), expected):
            self._misses.pop(person, None)
            return
        wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0**misses)
        self._misses[person] = (misses + 1, self._now() + wait_s)
        raise RefusedError("wrong_code", wait_s=wait_s)

    def _read(self) -> dict[str, list[str]]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return {str(person): [str(part) for part in parts] for person, parts in found.items()}


def _hash(code: str, salt: str) -> str:
    raw = hashlib.scrypt(code.encode(), salt=salt.encode(), n=2**12, r=8, p=1, dklen=32)
    return base64.b64encode(raw).decode()
