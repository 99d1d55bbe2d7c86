"""Models by address: fetched once, kept by their content, checked against the digest they had first.

    https://host/path/model.pkl            any server; add #sha256=HEX to pin what it must be
    hf://organisation/repository/file.pkl  the Hugging Face hub, at its main revision or at repository@revision

A file is kept as `models/<start of its SHA-256>/<its name>` in the user's cache directory; `addresses/` notes for each
address which file it was. An address whose file is kept is not asked again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from fgraph._atomic import write_atomic
from fgraph._errors import ModelError, SaveError

_SCHEMES = ("https", "http", "hf")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HUB = re.compile(r"hf://([\w.-]+/[\w.-]+?)(?:@([\w./-]+?))?/([\w./-]+)")


@dataclass(frozen=True)
class Downloads:
    """Where fetched models are kept, and whether any may be fetched."""

    folder: Path | None = None  # absent: the user's cache directory
    offline: bool = False


_DOWNLOADS: ContextVar[Downloads] = ContextVar("downloads")


@contextmanager
def downloads(folder: Path | str | None = None, *, offline: bool = False) -> Iterator[None]:
    """Within this, models are kept in `folder`, and with `offline` only those kept already are found."""
    token = _DOWNLOADS.set(Downloads(Path(folder) if folder is not None else None, offline))
    try:
        yield
    finally:
        _DOWNLOADS.reset(token)


def is_address(source: str | Path) -> bool:
    """Whether a model is named by an address, not by a path."""
    return isinstance(source, str) and source.partition("://")[0] in _SCHEMES and "://" in source


def fetch_model(address: str) -> Path:
    """The file at an address, kept from an earlier time or fetched now.

    Raises:
        ModelError: it cannot be fetched, is not kept and must not be fetched, or is not what it was.
    """
    plain, pinned = _parse(address)
    settings = _DOWNLOADS.get(Downloads())
    folder = settings.folder or default_folder()
    note = folder / "addresses" / f"{hashlib.sha256(plain.encode()).hexdigest()[:32]}.json"
    known = _read_note(note, plain)
    expected = pinned or (known or {}).get("sha256")
    if known is not None and expected is not None:
        kept = _place(folder, expected, known["name"])
        if kept.is_file():
            return _checked(kept, expected, address)
    if settings.offline:
        raise ModelError(f"model '{address}' is not kept here, and offline forbids to fetch it; fetch it once online")
    fetched = _fetch(plain, folder, address)
    digest = _digest(fetched)
    if expected is not None and digest != expected:
        fetched.unlink(missing_ok=True)
        was = "pinned" if pinned else "it was when first fetched"
        raise ModelError(
            f"model '{address}' has SHA-256 {digest}, not {expected} as {was}: it was changed there. If that is "
            f"meant, pin the new one by #sha256={digest}"
        )
    return _keep(fetched, digest, folder, note, plain)


def default_folder() -> Path:
    """Where models are kept unless told: in the user's cache directory."""
    import pooch

    return Path(pooch.os_cache("fgraph"))


def _parse(address: str) -> tuple[str, str | None]:
    """The address without its fragment, and the digest pinned there."""
    plain, fragment = urldefrag(address)
    pinned = re.fullmatch(r"sha256=([0-9a-fA-F]{64})", fragment) if fragment else None
    if fragment and pinned is None:
        raise ModelError(f"model '{address}' ends in '#{fragment:.80}'; a pin is #sha256= and 64 hexadecimal digits")
    if plain.startswith("hf://"):
        if not _HUB.fullmatch(plain) or ".." in plain:
            raise ModelError(f"model '{address}' is no file of the hub; write hf://organisation/repository/file.pkl")
    else:
        parts = urlsplit(plain)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise ModelError(f"model '{address}' would come over an open line; use https")
        if not Path(unquote(parts.path)).name:
            raise ModelError(f"model '{address}' names no file")
    return plain, pinned[1].lower() if pinned else None


def _fetch(plain: str, folder: Path, address: str) -> Path:
    """Fetch an address into the folder, under a name that is made of it."""
    from fgraph.stylegan.fetching import fetch_from_hub, fetch_over_http

    folder.mkdir(parents=True, exist_ok=True)
    hub = _HUB.fullmatch(plain)
    if hub:
        return fetch_from_hub(hub[1], hub[3], hub[2], folder, address)
    return fetch_over_http(plain, folder, address)


def _keep(fetched: Path, digest: str, folder: Path, note: Path, plain: str) -> Path:
    name = _safe_name(plain)
    target = _place(folder, digest, name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fetched.replace(target)
        stored = {"address": plain, "name": name, "sha256": digest, "bytes": target.stat().st_size}
        write_atomic(note, json.dumps(stored, indent=1).encode())
    except (OSError, SaveError) as error:
        raise ModelError(f"model '{plain}' cannot be kept in {folder}: {error}") from error
    return target


def _read_note(note: Path, plain: str) -> dict[str, str] | None:
    try:
        stored = json.loads(note.read_bytes())
        found = {key: stored[key] for key in ("address", "name", "sha256")}
    except (OSError, ValueError, KeyError, TypeError):
        return None  # it is fetched anew
    good = all(isinstance(value, str) for value in found.values()) and found["address"] == plain
    good = good and found["name"] == _safe_name(plain) and bool(re.fullmatch(r"[0-9a-f]{64}", found["sha256"]))
    return found if good else None


def _place(folder: Path, digest: str, name: str) -> Path:
    return folder / "models" / digest[:32] / name


def _safe_name(plain: str) -> str:
    name = Path(unquote(urlsplit(plain).path)).name
    return re.sub(r"[^\w.-]", "_", name)[-100:].lstrip(".") or "model"


def _checked(kept: Path, expected: str, address: str) -> Path:
    stat = kept.stat()
    if _kept_digest(kept, stat.st_size, stat.st_mtime_ns) != expected:
        raise ModelError(f"model '{address}': the file kept at {kept} is damaged; delete it, and it is fetched again")
    return kept


@lru_cache(maxsize=64)
def _kept_digest(path: Path, size: int, modified: int) -> str:
    return _digest(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
