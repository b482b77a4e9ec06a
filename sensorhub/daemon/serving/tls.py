"""Certificate and key of the page, for those who have them: looked at before anything is served."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from sensorhub.model.errors import InputError


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate with what leads to its authority, and its private key; both PEM."""

    cert: Path
    key: Path


def read_tls(cert: Path | None, key: Path | None) -> TlsFiles | None:
    """The pair, proven to be one; None where neither is given: plain http.

    Raises:
        InputError: one is missing, cannot be read, is no PEM, is locked by a pass phrase, or they
            do not belong together.
    """
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise InputError(
            "A certificate and its key go together; one of them is missing.",
            hint="Give --tls-cert FILE and --tls-key FILE.",
        )
    for path in (cert, key):
        try:
            path.read_bytes()
        except OSError as error:
            raise InputError(
                f"{path} cannot be read: {error.strerror}.",
                hint="It must be readable for the user that the hub runs as.",
            ) from error
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    asked = []

    def locked() -> str:
        """Instead of asking at a terminal that a service does not have."""
        asked.append(True)
        return ""

    try:
        context.load_cert_chain(cert, key, password=locked)
    except (ssl.SSLError, ValueError) as error:
        sentence, hint = _why(cert, key, error, locked=bool(asked))
        raise InputError(sentence, hint=hint) from error
    return TlsFiles(cert, key)


def _why(cert: Path, key: Path, error: Exception, *, locked: bool) -> tuple[str, str]:
    if locked:
        return (
            f"The key {key} is locked by a pass phrase.",
            "A hub starts by itself: give a key without one, readable for the hub's user only.",
        )
    if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
        return (f"The key {key} does not belong to the certificate {cert}.", "Give its own key.")
    return (
        f"{cert} and {key} are no certificate and key in PEM.",
        "They begin with -----BEGIN CERTIFICATE----- and -----BEGIN PRIVATE KEY-----.",
    )
