"""Servers: ranges of a file over HTTP or from S3, each answer checked to be of the same version of the file."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from dsa110_contimg._lazy import needs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Protocol

    class Server(Protocol):
        """One file on a server."""

        failures: tuple[type[Exception], ...]
        """What its library raises where the network or the server fails."""

        def fetch(self, ranges: Sequence[tuple[int, int]]) -> list[Answer]:
            """Fetch ranges (first byte, byte after the last), many at once, and return an answer for each."""
            ...


_AT_ONCE = 16
"""Requests under way at once; servers refuse those who ask for hundreds."""
_CONNECT_S, _READ_S = 30, 60
_CONTENT_RANGE = re.compile(r"bytes (?P<first>\d+)-(?P<last>\d+)/(?P<size>\d+)")


@dataclass(frozen=True, slots=True)
class Version:
    """Which content a file has."""

    size: int
    """Number of bytes."""
    tag: str
    """The server's ETag, or else the time of the last change; empty where it tells neither."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server sent for a range."""

    data: bytes
    """The bytes; fewer than were asked for at the end of the file."""
    version: Version
    """Of which content they are."""


class NoRangesError(Exception):
    """The server sends whole files only."""


class RefusedError(Exception):
    """The server answered with an error; its first argument is the status."""


class ShortAnswerError(Exception):
    """The server sent other bytes than it was asked for."""


def connect(address: str) -> Server:
    """Prepare to read an address whose protocol is http, https or s3; a MissingDependencyError where a library is."""
    return _S3Server(address) if address.lower().startswith("s3:") else _HttpServer(address)


class _HttpServer:
    def __init__(self, address: str) -> None:
        with needs("remote"):
            import aiohttp
            import fsspec
            from fsspec.asyn import sync
        self._address, self._files, self._sync = address, fsspec.filesystem("http"), sync
        # The library's own limit is five minutes for everything, however long the file.
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=_READ_S)
        self.failures: tuple[type[Exception], ...] = (aiohttp.ClientError, OSError)

    def fetch(self, ranges: Sequence[tuple[int, int]]) -> list[Answer]:
        found: list[Answer] = self._sync(self._files.loop, _fetch_all, self, ranges)
        return found

    async def fetch_one(self, first: int, end: int) -> Answer:
        session = await self._files.set_session()
        response = await session.get(
            self._files.encode_url(self._address),
            headers={"Range": f"bytes={first}-{end - 1}", "Accept-Encoding": "identity"},
            auto_decompress=False,  # some servers declare .fits.gz as an encoding, and a range of it is no gzip file
            timeout=self._timeout,
        )
        try:
            status, headers = response.status, response.headers
            tag = headers.get("ETag") or headers.get("Last-Modified", "")
            if _is_empty(status, headers):
                return Answer(b"", Version(0, tag))
            if status in {200, 416}:  # the body, which may be the whole file, is not read
                raise NoRangesError
            if status != 206:
                raise RefusedError(status)
            size = _check_range(headers.get("Content-Range", ""), first, end)
            return _check_length(await response.read(), first, end, Version(size, tag))
        finally:
            response.close()  # does nothing to what was read to its end


def _is_empty(status: int, headers: Any) -> bool:
    return (status == 416 and headers.get("Content-Range") == "bytes */0") or (
        status == 200 and headers.get("Content-Length") == "0"
    )


class _S3Server:
    def __init__(self, address: str) -> None:
        with needs("remote"):
            import aiohttp
            import botocore.exceptions
            import fsspec
            import s3fs  # noqa: F401 - which fsspec would miss only later, and with a message of its own
            from fsspec.asyn import sync
        self._files, self._sync = fsspec.filesystem("s3"), sync
        self._bucket, self._key, _ = self._files.split_path(address)
        self._refusal = botocore.exceptions.ClientError
        self.failures: tuple[type[Exception], ...] = (
            *(botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError),
            *(aiohttp.ClientError, OSError),
        )

    def fetch(self, ranges: Sequence[tuple[int, int]]) -> list[Answer]:
        found: list[Answer] = self._sync(self._files.loop, _fetch_all, self, ranges)
        return found

    async def fetch_one(self, first: int, end: int) -> Answer:
        await self._files.set_session()
        client = await self._files.get_s3(self._bucket)
        asked = {"Bucket": self._bucket, "Key": self._key, "Range": f"bytes={first}-{end - 1}", **self._files.req_kw}
        try:
            answer = await client.get_object(**asked)
        except self._refusal as error:
            if error.response.get("Error", {}).get("Code") == "InvalidRange" and first == 0:
                return Answer(b"", Version(0, ""))
            raise RefusedError(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)) from error
        tag = answer.get("ETag") or str(answer.get("LastModified", ""))
        try:
            if "ContentRange" not in answer:
                raise NoRangesError
            size = _check_range(answer["ContentRange"], first, end)
            return _check_length(await answer["Body"].read(), first, end, Version(size, tag))
        finally:
            answer["Body"].close()


async def _fetch_all(server: _HttpServer | _S3Server, ranges: Sequence[tuple[int, int]]) -> list[Answer]:
    turns = asyncio.Semaphore(_AT_ONCE)

    async def fetch(first: int, end: int) -> Answer:
        async with turns:
            return await server.fetch_one(first, end)

    tasks = [asyncio.ensure_future(fetch(first, end)) for first, end in ranges]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _check_range(told: str, first: int, end: int) -> int:
    """Return the size of the file; a ShortAnswerError where the server tells of another range."""
    found = _CONTENT_RANGE.fullmatch(told)
    if found is None or int(found["first"]) != first or int(found["last"]) + 1 != min(end, int(found["size"])):
        raise ShortAnswerError(f"bytes {first} to {end - 1} were asked for, and the answer is {told!r}")
    return int(found["size"])


def _check_length(data: bytes, first: int, end: int, version: Version) -> Answer:
    if len(data) != min(end, version.size) - first:
        raise ShortAnswerError(f"bytes {first} to {end - 1} were asked for, and {len(data)} bytes came")
    return Answer(data, version)
