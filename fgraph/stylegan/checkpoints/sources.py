"""Models by address: fetched once, kept by their content, checked against the digest they had first.

    https://host/path/model.pkl            any server; add #sha256=HEX to pin what it must be
    hf://organisation/repository/file.pkl  the Hugging Face hub, at its main revision or at repository@revision

A file is kept as `models/<start of its SHA-256>/<its name>` in the user's cache directory; `addresses/` notes for each
address which file it was. An address whose file is kept is not asked again, nor is one whose pin is that of any file
that is kept. Of several processes that want one address, one fetches it, and the others wait (`locks/`).
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from fgraph._atomic import write_atomic
from fgraph._cache import cache_folder
from fgraph._downloads import current_downloads
from fgraph._errors import ModelError, SaveError
from fgraph._log import get_logger
from fgraph._paths import expanded

_LOG = get_logger()
_SCHEMES = ("https", "http", "hf")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HUB = re.compile(r"hf://([\w.-]+/[\w.-]+?)(?:@([\w./-]+?))?/([\w./-]+)")


def is_address(source: str | Path) -> bool:
    """Whether a model is named by an address, not by a path."""
    return isinstance(source, str) and source.partition("://")[0] in _SCHEMES and "://" in source


def fetch_model(address: str) -> Path:
    """The file at an address, kept from an earlier time or fetched now.

    Raises:
        ModelError: it cannot be fetched, is not kept and must not be fetched, or is not what it was.
    """
    plain, pinned = _parse(address)
    settings = current_downloads()
    folder = expanded(settings.folder) if settings.folder else cache_folder()
    if (kept := _find_kept(folder, plain, pinned, address)) is not None:
        return kept
    if settings.offline:
        raise ModelError(f"model '{address}' is not kept here, and offline forbids to fetch it; fetch it once online")
    try:
        with _alone(folder, plain, address):
            # another process may have fetched it meanwhile
            return _find_kept(folder, plain, pinned, address) or _fetch_and_keep(folder, plain, pinned, address)
    except (OSError, SaveError) as error:
        raise ModelError(f"model '{address}' cannot be kept in {folder}: {error}") from error


def _find_kept(folder: Path, plain: str, pinned: str | None, address: str) -> Path | None:
    """The file of an address, if it is kept; under another name, it is linked to."""
    expected = pinned or _noted_digest(folder, plain)
    if expected is None:
        return None
    place = _place(folder, expected, _safe_name(plain))
    if place.is_file():
        return _checked(place, expected, address)
    others = sorted(place.parent.iterdir()) if pinned and place.parent.is_dir() else []
    for other in others:
        if other.is_file() and file_digest(other) == expected:
            try:
                place.hardlink_to(other)
            except OSError:  # not every file system has links
                shutil.copyfile(other, place)
            return place
    return None


@contextmanager
def _alone(folder: Path, plain: str, address: str) -> Iterator[None]:
    """Within this, no other process fetches this address into this folder."""
    import filelock

    place = folder / "locks" / f"{_key(plain)}.lock"
    place.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(place)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        _LOG.warning("another process is fetching %s; waiting for it", address)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _fetch_and_keep(folder: Path, plain: str, pinned: str | None, address: str) -> Path:
    fetched = _fetch(plain, folder, address)
    digest, expected = file_digest(fetched), pinned or _noted_digest(folder, plain)
    if expected is not None and digest != expected:
        fetched.unlink(missing_ok=True)
        was = "pinned" if pinned else "it was when first fetched"
        raise ModelError(
            f"model '{address}' has SHA-256 {digest}, not {expected} as {was}: it was changed there. If that is "
            f"meant, pin the new one by #sha256={digest}"
        )
    return _keep(fetched, digest, folder, plain)


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
        if not _is_safe(plain):
            raise ModelError(f"model '{address}' would come over an open line; use https")
        if not Path(unquote(parts.path)).name:
            raise ModelError(f"model '{address}' names no file")
    return plain, pinned[1].lower() if pinned else None


def _is_safe(address: str) -> bool:
    """Whether nobody on the way can change what comes from there."""
    parts = urlsplit(address)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def _fetch(plain: str, folder: Path, address: str) -> Path:
    """Fetch an address into the folder, under a name that is made of it."""
    from fgraph.stylegan.checkpoints.fetching import fetch_from_hub, fetch_over_http

    folder.mkdir(parents=True, exist_ok=True)
    hub = _HUB.fullmatch(plain)
    if hub:
        place = current_downloads().hub
        if place is not None and not _is_safe(place):
            raise ModelError(f"the hub '{place}' would be asked over an open line; use https")
        return fetch_from_hub(hub[1], hub[3], hub[2], folder=folder, address=address, hub=place)
    return fetch_over_http(plain, folder, address)


def _keep(fetched: Path, digest: str, folder: Path, plain: str) -> Path:
    name = _safe_name(plain)
    target = _place(folder, digest, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    fetched.replace(target)
    stored = {"address": plain, "name": name, "sha256": digest, "bytes": target.stat().st_size}
    write_atomic(_note(folder, plain), json.dumps(stored, indent=1).encode())
    return target


def _noted_digest(folder: Path, plain: str) -> str | None:
    """The SHA-256 that the file of an address had at first, if it was ever fetched."""
    try:
        stored = json.loads(_note(folder, plain).read_bytes())
        found = {key: stored[key] for key in ("address", "name", "sha256")}
    except (OSError, ValueError, KeyError, TypeError):
        return None  # it is fetched anew
    good = all(isinstance(value, str) for value in found.values()) and found["address"] == plain
    good = good and found["name"] == _safe_name(plain) and bool(re.fullmatch(r"[0-9a-f]{64}", found["sha256"]))
    return str(found["sha256"]) if good else None


def _note(folder: Path, plain: str) -> Path:
    return folder / "addresses" / f"{_key(plain)}.json"


def _key(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()[:32]


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
    return file_digest(path)


def file_digest(path: Path) -> str:
    """SHA-256 (hex) of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
