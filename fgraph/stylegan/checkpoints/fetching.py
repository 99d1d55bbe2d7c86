"""Fetching files: over HTTP by pooch, going on where an earlier try stopped; from the hub by huggingface_hub."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fgraph._errors import ModelError
from fgraph._log import get_logger

_LOG = get_logger()
_TRIES = 3
_TIMEOUT = (10, 60)  # seconds: to connect, between two packets
_CHUNK = 64 << 10  # bytes; of a chunk that breaks off, nothing is kept
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def fetch_over_http(url: str, folder: Path, address: str) -> Path:
    """Fetch `url` into `folder`, under a name made of it.

    Raises:
        ModelError: the server or the line fails.
    """
    import pooch
    import requests

    name = hashlib.sha256(url.encode()).hexdigest()[:32]
    pooch.get_logger().setLevel("WARNING")  # it would tell of digests to copy, which are noted here
    _LOG.info("fetching %s", address)
    try:
        path = pooch.retrieve(
            url, None, fname=f"{name}.fetched", path=folder, downloader=_Resuming(folder / f"{name}.part")
        )
    except (requests.RequestException, OSError, ValueError) as error:
        raise ModelError(
            f"model '{address}' cannot be fetched: {_reason(error)}. What has arrived is kept: run again to go on"
        ) from error
    return Path(path)


def _reason(error: Exception) -> str:
    return str(error).split("\n")[0][:300] or type(error).__name__


class _Resuming:
    """A downloader for pooch that goes on where an earlier one stopped, if the server still has the same file."""

    def __init__(self, part: Path) -> None:
        self._part = part
        self._tag = part.with_suffix(".tag")  # what the server calls the version that the part is of

    def __call__(self, url: str, output_file: Any, _: Any, check_only: bool = False) -> bool | None:
        """Fetch `url` to `output_file`."""
        import requests

        for left in reversed(range(_TRIES)):
            try:
                self._try(url)
                break
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
                if not left:
                    raise
        shutil.move(self._part, output_file)
        self._tag.unlink(missing_ok=True)
        return None

    def _try(self, url: str) -> None:
        import requests

        have = self._part.stat().st_size if self._part.exists() and self._tag.exists() else 0
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": self._tag.read_text()}
        with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as answer:
            answer.raise_for_status()
            here = urlsplit(answer.url)
            if here.scheme != "https" and here.hostname not in _LOOPBACK:
                raise ValueError(f"the server sends it on to {here.scheme}://{here.hostname}, an open line")
            goes_on = answer.status_code == requests.codes.partial_content and have > 0
            if goes_on and not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                raise ValueError("the server goes on at another place than asked")
            self._note(answer.headers.get("ETag", ""))
            expected = int(answer.headers.get("Content-Length", -1))
            self._write(answer, "ab" if goes_on else "wb", expected)

    def _note(self, tag: str) -> None:
        if tag.startswith('"'):  # a strong one: equal tags mean equal bytes
            self._tag.write_text(tag)
        else:
            self._tag.unlink(missing_ok=True)

    def _write(self, answer: Any, mode: str, expected: int) -> None:
        import requests

        done = 0
        with self._part.open(mode) as file:
            for chunk in answer.iter_content(_CHUNK):
                file.write(chunk)
                done += len(chunk)
        if expected >= 0 and done != expected:
            raise requests.ConnectionError(f"the line broke after {done} of {expected} bytes")


def fetch_from_hub(
    repository: str, file: str, revision: str | None, *, folder: Path, address: str, hub: str | None
) -> Path:
    """Fetch a file of a repository of the Hugging Face hub, or of the mirror of it at `hub`.

    Raises:
        ModelError: huggingface_hub is not installed, or the hub does not give the file.
    """
    try:
        from huggingface_hub import hf_hub_download
    except ImportError as error:
        raise ModelError(
            f"model '{address}' is on the Hugging Face hub, which needs: pip install 'fgraph-gan[hub]'"
        ) from error
    name = hashlib.sha256(f"{repository} {revision} {file}".encode()).hexdigest()[:32]
    place, target = folder / f"{name}.hub", folder / f"{name}.fetched"  # of what breaks off, it keeps parts in `place`
    _LOG.info("fetching %s", address)
    try:
        shutil.move(hf_hub_download(repository, file, revision=revision, local_dir=place, endpoint=hub), target)
    except Exception as error:  # the library's own errors are of many kinds
        raise ModelError(f"model '{address}' cannot be fetched: {_reason(error)}") from error
    shutil.rmtree(place, ignore_errors=True)
    return target
