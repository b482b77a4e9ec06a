"""Paired devices: kept in one file, tokens only as SHA-256.

The file is small and changed seldom, so it is read whole and written whole: beside the old one
first, then put in its place, readable for its owner only.
"""

import contextlib
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import asdict, replace
from pathlib import Path

from sensorhub.model.errors import EnvironmentProblemError
from sensorhub.web.clock import Now
from sensorhub.web.roles import Grant, Role

ACCESS_NAME = "access.json"
TOKEN_BYTES = 32
MAX_GRANTS = 64
LIFE_S = 180 * 86400.0
"""A device that was paired longer ago has to be paired again."""


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


class AccessBook:
    """The paired devices of a hub.

    Args:
        path: the file; need not exist.
        now: the wall's clock.

    Raises:
        EnvironmentProblemError: the file is there and cannot be read.
    """

    def __init__(self, path: Path, *, now: Now) -> None:
        self._path = path
        self._now = now
        self._grants: dict[str, Grant] = {grant.id: grant for grant in _read(path)}

    @property
    def grants(self) -> tuple[Grant, ...]:
        """Every device that is paired now, the longest paired first."""
        oldest_s = self._now() - LIFE_S
        return tuple(g for g in self._grants.values() if g.paired_s > oldest_s)

    def pair(self, role: Role, person: str, *, label: str = "") -> str:
        """A new device; returns its token, which is told once and kept nowhere."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        grant = Grant(
            id=secrets.token_hex(4),
            token_sha256=digest(token),
            role=role,
            person=person,
            people=(person,),
            paired_s=self._now(),
            label=label,
        )
        kept = [*self.grants, grant][-MAX_GRANTS:]
        self._replace(kept)
        return token

    def find(self, token: str) -> Grant | None:
        """The device with that token, if it is paired."""
        mine = digest(token)
        found = None
        for grant in self.grants:  # all of them: how long it takes says nothing
            if hmac.compare_digest(grant.token_sha256, mine):
                found = grant
        return found

    def show(self, grant: Grant, person: str) -> Grant:
        """Let a device show this person from now on; the person is added to those it may show."""
        people = tuple(dict.fromkeys([*grant.people, person]))
        changed = replace(grant, person=person, people=people)
        self._replace([changed if g.id == grant.id else g for g in self.grants])
        return changed

    def revoke(self, grant_id: str) -> bool:
        """Forget a device; False where there is none of that id."""
        left = [g for g in self.grants if g.id != grant_id]
        gone = len(left) < len(self._grants)
        self._replace(left)
        return gone

    def _replace(self, grants: list[Grant]) -> None:
        write_private(self._path, json.dumps({"version": 1, "grants": [asdict(g) for g in grants]}))
        self._grants = {grant.id: grant for grant in grants}


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads: all of it or nothing.

    Raises:
        EnvironmentProblemError: it cannot be written.
    """
    beside = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            beside.unlink()
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise EnvironmentProblemError(
            f"{path} cannot be written: {error.strerror}.", hint="Check the disk and its rights."
        ) from error


def _read(path: Path) -> list[Grant]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["grants"]
        return [
            Grant(**{**row, "role": Role(row["role"]), "people": tuple(row["people"])})
            for row in rows
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EnvironmentProblemError(
            f"The list of paired devices {path} cannot be read: {error}.",
            hint="Remove it; every device then has to be paired again.",
        ) from error
