"""Downloads: over HTTP, resumed where an earlier attempt stopped; from the Hugging Face hub by its own library."""

from __future__ import annotations

import hashlib
import importlib
import re
import shutil
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from fgraph._errors import ModelError, show
from fgraph._files import read_file
from fgraph._limits import DOWNLOAD
from fgraph._log import get_logger
from fgraph._sizes import in_words
from fgraph._temporary import sync_file

_LOG = get_logger()
_ATTEMPTS = 3
_TIMEOUT = (10, 60)  # seconds: to connect, between two packets
_CHUNK = 64 << 10  # bytes
_SLOWEST, _WINDOW = 512 << 10, 60  # at least so many bytes must arrive in so many seconds
_MOST_REDIRECTS = 10
_LONGEST_TAG = 1024  # bytes
_STRONG_TAG = r'"[\x21\x23-\x7e\x80-\xff]*"'  # RFC 9110: equal strong tags mean equal bytes
_GZIP = 31  # the format and the window of gzip, for zlib
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NOT_RESUMED = 416  # HTTP: range not satisfiable


def fetch_over_http(url: str, folder: Path, given: str, pinned: bool) -> Path:
    """Download `url` into `folder`, under a name derived from it.

    Args:
        url: an https URL, or http on this machine.
        folder: the cache folder.
        given: the URL as the user wrote it, for messages.
        pinned: whether the caller checks a digest that the user gave; if not, the server must state the size.

    Raises:
        ModelError: the server or the connection fails, or the file is larger than `DOWNLOAD`.
        OSError: the folder cannot be written.
    """
    import requests
    import urllib3

    name = hashlib.sha256(url.encode()).hexdigest()[:32]
    download = _Download(url, folder / f"{name}.part", pinned)
    _LOG.info("fetching %s", given)
    try:
        for remaining in reversed(range(_ATTEMPTS)):
            try:
                download.attempt()
                break
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                if not remaining or isinstance(error, requests.HTTPError):
                    raise
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        raise ModelError(
            f"model '{given}' cannot be fetched: {_reason(error)}. Its partial file is kept: run again to resume"
        ) from error
    return download.finish(folder / f"{name}.fetched")


def _reason(error: Exception) -> str:
    return show(str(error).split("\n")[0] or type(error).__name__, 300)


class Pace:
    """A check that data keeps arriving: at least `_SLOWEST` bytes within each `_WINDOW` seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._start, self._bytes = clock(), 0

    def note(self, count: int) -> None:
        """Count bytes that arrived.

        Raises:
            requests.Timeout: too few arrived within the window.
        """
        import requests

        self._bytes += count
        if self._bytes >= _SLOWEST:
            self._start, self._bytes = self._clock(), 0
        elif self._clock() - self._start > _WINDOW:
            raise requests.Timeout(f"the server sent {self._bytes} bytes in {_WINDOW} seconds, which is too slow")


class _Download:
    """A partial file, and the version of the file on the server that it belongs to."""

    def __init__(self, url: str, part: Path, pinned: bool) -> None:
        self._url, self._part, self._pinned = url, part, pinned
        self._tag = part.with_suffix(".tag")  # the ETag of the version

    def finish(self, target: Path) -> Path:
        """Flush the complete file to the disk, and move it to its place."""
        sync_file(self._part)
        self._part.replace(target)
        self._tag.unlink(missing_ok=True)
        return target

    def attempt(self) -> None:
        """Request the file, or the rest of it, and append the answer to the partial file.

        Raises:
            requests.RequestException: the server or the connection fails.
            urllib3.exceptions.HTTPError: the connection fails in the middle of the body.
            ValueError: the answer cannot be used.
        """
        import requests

        tag = self._read_tag()
        received = self._part.stat().st_size if tag and self._part.exists() else 0
        headers = {"Accept-Encoding": "identity"}
        if received and tag:
            headers |= {"Range": f"bytes={received}-", "If-Range": tag}
        with _request(self._url, headers) as answer:
            resumed = answer.status_code == requests.codes.partial_content
            if answer.status_code == _NOT_RESUMED or (resumed and _range_start(answer) != received):
                self._discard()
                raise requests.ConnectionError("the server does not resume at the requested place")
            answer.raise_for_status()
            expected = self._expected(answer)
            self._note(answer)
            self._receive(answer, received if resumed else 0, expected)

    def _read_tag(self) -> str | None:
        """Return the ETag of the partial file, or None if there is none that can be sent."""
        try:
            tag = read_file(self._tag, _LONGEST_TAG).decode("latin-1")
        except OSError:
            return None
        return tag if re.fullmatch(_STRONG_TAG, tag) else None

    def _discard(self) -> None:
        self._part.unlink(missing_ok=True)
        self._tag.unlink(missing_ok=True)

    def _expected(self, answer: Any) -> int | None:
        """Return the number of bytes in the body of the answer, as transferred.

        None if the server does not state it; then the transfer encoding or a digest shows whether the body is complete.
        """
        length = answer.headers.get("Content-Length", "")
        if re.fullmatch(r"[0-9]{1,18}", length):
            check_length(int(length))
            return int(length)
        if answer.headers.get("Transfer-Encoding", "").lower() != "chunked" and not self._pinned:
            raise ValueError("the server does not state its size, so it could be cut short: pin it by #sha256=")
        return None

    def _note(self, answer: Any) -> None:
        tag = answer.headers.get("ETag", "")
        if re.fullmatch(_STRONG_TAG, tag) and len(tag) <= _LONGEST_TAG and not _is_encoded(answer):
            self._tag.write_bytes(tag.encode("latin-1"))
        else:
            self._tag.unlink(missing_ok=True)

    def _receive(self, answer: Any, received: int, expected: int | None) -> None:
        import requests

        pace = Pace()
        with self._part.open("ab" if received else "wb") as file:
            for data in _body(answer):
                received += len(data)
                check_length(received)
                file.write(data)
                pace.note(len(data))
        if expected is not None and answer.raw.tell() != expected:
            raise requests.ConnectionError(f"the connection broke after {answer.raw.tell()} of {expected} bytes")


def _body(answer: Any) -> Iterator[bytes]:
    """Yield the body of an answer, decompressed if the server compresses it, in pieces of at most `_CHUNK` bytes.

    A gzip body can have several members, one after the other (RFC 1952, section 2.2): they are decompressed one by
    one, as urllib3 does. Anything else after a member is refused at once, where urllib3 ignores it: the file may be
    damaged. Pieces are empty where data decompresses to nothing, so that the caller can limit its time.

    Raises:
        requests.ConnectionError: a compressed body is cut.
        ValueError: the server compresses it in another way than by gzip, or it is damaged.
    """
    import requests

    if not _is_encoded(answer):
        while data := answer.raw.read1(_CHUNK, decode_content=False):
            yield data
        return
    if (encoding := answer.headers["Content-Encoding"].lower()) not in ("gzip", "x-gzip"):
        raise ValueError(f"the server compresses it unasked, by {show(encoding)}")
    decoder = zlib.decompressobj(wbits=_GZIP)
    while data := answer.raw.read1(_CHUNK, decode_content=False):
        while data:
            if decoder.eof:
                decoder = zlib.decompressobj(wbits=_GZIP)  # the next member
            try:
                yield decoder.decompress(data, _CHUNK)
            except zlib.error as error:
                raise ValueError(f"the server compresses it unasked, and wrongly: {error}") from error
            data = decoder.unconsumed_tail or decoder.unused_data
    if not decoder.eof:
        raise requests.ConnectionError("the compressed body is cut")


def check_length(length: float) -> None:
    """Check the size of a file, as the server states it or as received so far.

    Raises:
        ValueError: it exceeds `DOWNLOAD`.
    """
    if length > DOWNLOAD:
        raise ValueError(f"the file has {in_words(int(length))} or more; at most {in_words(DOWNLOAD)} are allowed")


def _request(url: str, headers: dict[str, str]) -> Any:
    """Send a GET request and follow redirects, each of which is checked before it is followed.

    Raises:
        requests.RequestException: the server or the connection fails.
        ValueError: a redirect leads to an unencrypted connection, or from elsewhere to this machine.
    """
    import requests

    local = urlsplit(url).hostname in _LOOPBACK
    for _ in range(_MOST_REDIRECTS + 1):
        answer = requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT, allow_redirects=False)
        if not answer.is_redirect:
            return answer
        answer.close()
        url = urljoin(url, answer.headers["Location"])
        parts = urlsplit(url)
        allowed = local if parts.hostname in _LOOPBACK else parts.scheme == "https"
        if not allowed:
            raise ValueError(f"the server redirects to {parts.scheme}://{parts.hostname}, which is not allowed")
    raise ValueError(f"the server redirects more than {_MOST_REDIRECTS} times")


def _range_start(answer: Any) -> int:
    found = re.match(r"bytes ([0-9]{1,18})-", answer.headers.get("Content-Range", ""))
    return int(found[1]) if found else -1


def _is_encoded(answer: Any) -> bool:
    """Return whether the server compresses the body, although the request asks it not to."""
    return answer.headers.get("Content-Encoding", "identity").lower() not in ("", "identity")


def fetch_from_hub(
    repository: str, file: str, revision: str | None, *, folder: Path, given: str, hub: str | None
) -> Path:
    """Download a file of a repository of the Hugging Face hub, or of its mirror at `hub`.

    Raises:
        ModelError: huggingface_hub is not installed, the hub does not give the file, or it is larger than `DOWNLOAD`.
    """
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as error:
        raise ModelError(
            f"model '{given}' is on the Hugging Face hub, which needs: pip install 'fgraph-gan[hub]'"
        ) from error

    name = hashlib.sha256(f"{repository} {revision} {file}".encode()).hexdigest()[:32]
    place, target = folder / f"{name}.hub", folder / f"{name}.fetched"  # `place` holds partial files
    _LOG.info("fetching %s", given)
    try:
        made = hf_hub_download(
            repository, file, revision=revision, local_dir=place, endpoint=hub, tqdm_class=_bounded_progress()
        )
        sync_file(Path(made))
        shutil.move(made, target)
    except Exception as error:  # the library raises errors of many kinds
        raise ModelError(f"model '{given}' cannot be fetched: {_reason(error)}") from error
    shutil.rmtree(place, ignore_errors=True)
    return target


def _bounded_progress() -> type[Any]:
    """Return a progress bar for the library that stops a download once its size exceeds `DOWNLOAD`."""
    utilities: Any = importlib.import_module("huggingface_hub.utils")
    progress: type[Any] = utilities.tqdm

    class BoundedProgress(progress):  # type: ignore[misc]
        disable = True  # until it is initialised: tqdm also closes a bar whose initialisation failed

        def __init__(self, *arguments: Any, **settings: Any) -> None:
            self._received = settings.get("initial") or 0
            check_length(settings.get("total") or 0)
            super().__init__(*arguments, **settings)

        def update(self, n: float | None = 1) -> bool | None:
            self._received += n or 0
            check_length(self._received)
            return bool(super().update(n))

    return BoundedProgress
