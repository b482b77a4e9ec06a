"""Every file the page is made of, read once at the start: what is not in the table is not there."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import Response

TYPES: Mapping[str, str] = MappingProxyType(
    {
        "html": "text/html; charset=utf-8",
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
        "json": "application/json",
        "webmanifest": "application/manifest+json",
        "wav": "audio/wav",
    }
)


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file as it is served."""

    body: bytes
    media_type: str
    etag: str


def page_file(body: bytes, name: str) -> PageFile:
    """A file whose type follows from the ending of its name."""
    kind = TYPES[name.rpartition(".")[2]]
    return PageFile(body, kind, f'"{hashlib.sha256(body).hexdigest()[:20]}"')


def load_static() -> dict[str, PageFile]:
    """Everything below ``static/``, by its path there."""
    return dict(_walk(files("sensorhub.web") / "static", ""))


def answer(request: Request, file: PageFile | None) -> Response:
    """The file, or that the browser's copy is good, or that there is none."""
    if file is None:
        return Response("Not found", status_code=404, media_type="text/plain")
    headers = {"etag": file.etag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    return Response(file.body, media_type=file.media_type, headers=headers)


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, PageFile]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _walk(entry, f"{prefix}{entry.name}/")
        elif entry.name.rpartition(".")[2] in TYPES:
            found.append((f"{prefix}{entry.name}", page_file(entry.read_bytes(), entry.name)))
    return found
