"""Models by URL: downloaded once, stored by content, checked against the digest of the first download.

    https://host/path/model.pkl            any server; #sha256=HEX at the end pins the content
    hf://organisation/repository/file.pkl  the Hugging Face hub, at its main revision or at repository@revision

A file is stored as `models/<start of its SHA-256>/<its name>` in the user's cache folder; `addresses/` notes the digest
of each URL. A URL is not requested again if its file is stored, or if its pin is the digest of a stored file.
If several processes want one URL, one downloads it and the others wait (`locks/`). Another process may evict files
at any time: a file that is gone is downloaded again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

from fgraph._atomic import write_atomic
from fgraph._cache import cache_folder
from fgraph._downloads import current_downloads
from fgraph._errors import ModelError, SaveError, show
from fgraph._files import is_system_failure, open_file, read_file
from fgraph._limits import URL
from fgraph._log import get_logger
from fgraph._paths import expanded
from fgraph._temporary import clean, sync_directory

_LOG = get_logger()
_LONGEST_NOTE = 64 << 10  # bytes
_ATTEMPTS = 10  # attempts at a download that is evicted before it is renamed to its final name
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HUB = re.compile(r"hf://([\w.-]+/[\w.-]+?)(?:@([\w./-]+?))?/([\w./-]+)")


def fetch_model(url: str) -> Path:
    """Return the file of a URL: from the cache, or downloaded now.

    Raises:
        ModelError: the download fails or is not allowed, or the file differs from its pin or its first download.
    """
    plain, pinned = _parse(url)
    settings = current_downloads()
    folder = models_folder()
    if (kept := _find_kept(folder, plain, pinned, url)) is not None:
        return kept
    if settings.offline:
        raise ModelError(f"model '{url}' is not in the cache, and offline mode forbids downloads; go online once")
    try:
        with _locked(folder, plain, url):
            # another process may have fetched it meanwhile
            return _find_kept(folder, plain, pinned, url) or _fetch_and_keep(folder, plain, pinned, url)
    except (OSError, SaveError) as error:
        raise ModelError(f"model '{url}' cannot be stored in {folder}: {error}") from error


def models_folder() -> Path:
    """Return the folder that holds downloaded models."""
    chosen = current_downloads().folder
    return expanded(chosen) if chosen else cache_folder()


def find_by_digest(digest: str) -> Path | None:
    """Return a file of the cache that has this SHA-256 (64 hexadecimal digits, lower case), or None."""
    try:
        found = sorted((models_folder() / "models" / digest[:32]).iterdir())
        return next((one for one in found if _known_digest(one) == digest), None)
    except OSError:  # not there, or evicted meanwhile
        return None


def keep_model(path: Path, digest: str) -> None:
    """Link or copy a model file into the cache, so that deltas to it stay readable even if the file is moved.

    Raises:
        OSError: the cache cannot be written.
    """
    if find_by_digest(digest) is None:
        _link_or_copy(path, _place(models_folder(), digest, _safe_name(path.name)))


def _link_or_copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.hardlink_to(source)
    except OSError:  # another file system, or one without links
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            shutil.copyfile(source, part)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def _find_kept(folder: Path, plain: str, pinned: str | None, url: str) -> Path | None:
    """Return the file of a URL if the cache has it; link it if it is stored under another name."""
    expected = pinned or _noted_digest(folder, plain)
    if expected is None:
        return None
    place = _place(folder, expected, _safe_name(plain))
    try:
        if place.is_file():
            return _checked(place, expected, url)
    except FileNotFoundError:  # evicted meanwhile
        return None
    if pinned and (other := find_by_digest(expected)) is not None:
        _link_or_copy(other, place)
        return place
    return None


@contextmanager
def _locked(folder: Path, plain: str, url: str) -> Iterator[None]:
    """Hold the lock of a URL, so that no other process downloads it into this folder."""
    import filelock

    place = folder / "locks" / f"{_key(plain)}.lock"
    place.parent.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(place)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        _LOG.warning("another process is fetching %s; waiting for it", url)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _fetch_and_keep(folder: Path, plain: str, pinned: str | None, url: str) -> Path:
    """Download a file into the cache; retry if it is evicted before it is renamed to its final name."""
    for remaining in reversed(range(_ATTEMPTS)):
        try:
            return _fetch_once(folder, plain, pinned, url)
        except FileNotFoundError:
            if not remaining:
                raise
    raise AssertionError


def _fetch_once(folder: Path, plain: str, pinned: str | None, url: str) -> Path:
    fetched = _fetch(plain, folder, url, pinned is not None)
    digest, expected = file_digest(fetched), pinned or _noted_digest(folder, plain)
    if expected is not None and digest != expected:
        fetched.unlink(missing_ok=True)
        was = "pinned" if pinned else "it was when first fetched"
        raise ModelError(
            f"model '{url}' has SHA-256 {digest}, not {expected} as {was}: the server changed it. If you "
            f"expect this, pin the new one by #sha256={digest}"
        )
    return _keep(fetched, digest, folder, plain)


def _parse(url: str) -> tuple[str, str | None]:
    """Return the URL without its fragment, and the digest that the fragment pins.

    Raises:
        ModelError: the URL is too long, of another form, unencrypted, or names no file.
    """
    if len(url) > URL:
        raise ModelError(f"model '{show(url)}' is a URL of {len(url)} characters; at most {URL} are allowed")
    plain, fragment = urldefrag(url)
    pinned = re.fullmatch(r"sha256=([0-9a-fA-F]{64})", fragment) if fragment else None
    if fragment and pinned is None:
        raise ModelError(f"model '{url}' ends in '#{show(fragment)}'; a pin is #sha256= and 64 hexadecimal digits")
    if plain.startswith("hf://"):
        if not _HUB.fullmatch(plain) or ".." in plain:
            raise ModelError(f"model '{url}' is not a file of the hub; write hf://organisation/repository/file.pkl")
    else:
        parts = urlsplit(plain)
        if not _is_safe(plain):
            raise ModelError(f"model '{url}' would be downloaded over an unencrypted connection; use https")
        if not Path(unquote(parts.path)).name:
            raise ModelError(f"model '{url}' names no file")
    return plain, pinned[1].lower() if pinned else None


def _is_safe(url: str) -> bool:
    """Return whether nobody between the server and this machine can change an answer."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def _fetch(plain: str, folder: Path, url: str, pinned: bool) -> Path:
    """Download a URL into the folder, under a name derived from it."""
    from fgraph.stylegan.checkpoints.fetching import fetch_from_hub, fetch_over_http

    folder.mkdir(parents=True, exist_ok=True)
    hub = _HUB.fullmatch(plain)
    if hub:
        hub_url = current_downloads().hub
        if hub_url is not None and not _is_safe(hub_url):
            raise ModelError(f"the hub '{hub_url}' would be contacted over an unencrypted connection; use https")
        return fetch_from_hub(hub[1], hub[3], hub[2], folder=folder, given=url, hub=hub_url)
    return fetch_over_http(plain, folder, url, pinned)


def _keep(fetched: Path, digest: str, folder: Path, plain: str) -> Path:
    name = _safe_name(plain)
    target = _place(folder, digest, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    size = fetched.stat().st_size
    fetched.replace(target)
    for directory in (target.parent, target.parent.parent, folder):
        sync_directory(directory)
    stored = {"address": plain, "name": name, "sha256": digest, "bytes": size}
    write_atomic(_note(folder, plain), json.dumps(stored, indent=1).encode())
    return target


def _noted_digest(folder: Path, plain: str) -> str | None:
    """Return the SHA-256 of the first download of a URL, or None if there was none.

    Raises:
        ModelError: the system fails to read it, so that a changed file could pass for the first one.
    """
    note = _note(folder, plain)
    with suppress(OSError):
        clean(note.parent)  # there may be no later write to do it
    try:
        stored = json.loads(read_file(note, _LONGEST_NOTE))
        found = {key: stored[key] for key in ("address", "name", "sha256")}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        if is_system_failure(error):
            raise ModelError(f"{note}: cannot be read: {error}") from error
        return None  # it is downloaded again
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


def _checked(kept: Path, expected: str, url: str) -> Path:
    if _known_digest(kept) != expected:
        raise ModelError(f"model '{url}': its cached file {kept} is damaged; delete that file and run again")
    return kept


def _known_digest(path: Path) -> str:
    stat = path.stat()
    return _digest_of(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)
def _digest_of(path: Path, size: int, modified: int) -> str:
    return file_digest(path)


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits.

    Raises:
        OSError: the file cannot be read, or is not a regular file.
    """
    with open_file(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
