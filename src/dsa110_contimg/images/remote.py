"""Bytes far away: a file at an address, of which only the ranges are fetched that somebody asks for."""

from __future__ import annotations

import io
import os
import re
import threading
from collections import OrderedDict
from urllib.parse import urlsplit

from dsa110_contimg.errors import ContimgError, ImageNotFoundError, UnreadableImageError
from dsa110_contimg.images.servers import NoRangesError, RefusedError, ShortAnswerError, connect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from dsa110_contimg.images.servers import Answer, Server, Version

_PROTOCOLS = ("http", "https", "s3")
_BLOCK = 64 * 1024
"""Bytes of what is read piece by piece, such as a header, fetched and kept together."""
_KEPT_BLOCKS = 64
_LONGEST = 8 * 1024**2
"""Bytes of one request; what is longer is fetched in several at once."""


def split_address(address: str) -> tuple[str, str]:
    """Return the protocol of an address, and the address as it may be shown: without password and signature.

    Examples
    --------
    >>> split_address("https://me:secret@host:8080/a.fits?signature=secret")
    ('https', 'https://host:8080/a.fits')
    """
    protocol, _, rest = address.partition("://")
    shown = re.sub(r"^[^/?#]*@", "", rest)
    return protocol.lower(), f"{protocol}://{re.sub(r'[?#].*', '', shown, flags=re.DOTALL)}"


class RemoteFile:
    """A file at an address, to be sliced like a memory map.

    Parameters
    ----------
    address : str
        An address whose protocol is http, https or s3.

    Raises
    ------
    ImageNotFoundError
        If there is nothing at the address.
    UnreadableImageError
        If the server cannot be reached, refuses, or sends no parts of files; so do the methods.
    MissingDependencyError
        If fsspec, aiohttp or s3fs is not installed.
    """

    def __init__(self, address: str) -> None:
        protocol, self.name = split_address(address)
        """The address as it may be shown: without password and signature."""
        if protocol not in _PROTOCOLS:
            raise UnreadableImageError(
                f"{self.name} cannot be read: the protocol {protocol} is not supported.",
                hint="Give an address that begins with https://, http:// or s3://, or download the image first.",
            )
        _check_address(address, self.name, has_key=protocol == "s3")
        self._server = connect(protocol + address[len(protocol) :])  # in lower case, as the libraries expect
        [first] = _ask(self.name, self._server, [(0, _BLOCK)])
        self.version: Version = first.version
        """Size and tag of the content when it was opened."""
        self._blocks = OrderedDict({0: first.data})
        self._keeping = threading.Lock()

    def __len__(self) -> int:
        return self.version.size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, step = part.indices(len(self))
        if step != 1:
            raise ValueError("only contiguous bytes can be read")
        if stop <= start:
            return b""
        numbers = range(start // _BLOCK, (stop - 1) // _BLOCK + 1)
        with self._keeping:
            found = {number: self._blocks[number] for number in numbers if number in self._blocks}
        missing = [number for number in numbers if number not in found]
        runs = merge_ranges([(number, number + 1) for number in missing], 0)
        pieces = self.fetch([(first * _BLOCK, min(end * _BLOCK, len(self))) for first, end in runs])
        for (first, end), piece in zip(runs, pieces, strict=True):
            for number in range(first, end):
                found[number] = piece[(number - first) * _BLOCK : (number - first + 1) * _BLOCK]
        with self._keeping:
            self._blocks.update((number, found[number]) for number in missing)
            while len(self._blocks) > _KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        joined = b"".join(found[number] for number in numbers)
        return joined[start - numbers[0] * _BLOCK : stop - numbers[0] * _BLOCK]

    def fetch(self, ranges: Sequence[tuple[int, int]]) -> list[bytes]:
        """Fetch ranges, many at once, keeping nothing.

        Parameters
        ----------
        ranges : sequence of tuple of int
            First byte, and the byte after the last.

        Returns
        -------
        list of bytes
            The content of each, complete.

        Raises
        ------
        ImageError
            As the class; also where the file has changed since it was opened.
        """
        if not ranges:
            return []
        parts = [[(at, min(at + _LONGEST, end)) for at in range(first, end, _LONGEST)] for first, end in ranges]
        answers = iter(_ask(self.name, self._server, [part for whole in parts for part in whole], self.version))
        return [b"".join(next(answers).data for _ in whole) for whole in parts]

    def open(self) -> BinaryIO:
        """Return a file object that reads what it is asked for."""
        return io.BufferedReader(_Reader(self), _BLOCK)


def is_current(address: str, version: object) -> bool:
    """Ask, for one byte, whether the content at an address still has a version; errors as `RemoteFile`."""
    [answer] = _ask(split_address(address)[1], connect(address), [(0, 1)])
    return answer.version == version


class _Reader(io.RawIOBase):
    """The position in a remote file that file objects have."""

    def __init__(self, file: RemoteFile) -> None:
        self._file, self._position = file, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: len(self._file)}[whence]
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        found = self._file[self._position : self._position + len(buffer)]
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)


def merge_ranges(ranges: Sequence[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    """Merge ranges that touch, or have no more than a gap between them.

    Parameters
    ----------
    ranges : sequence of tuple of int
        Start and stop of each, sorted by start.
    gap : int
        How much that nobody asked for is worth less than another request.

    Returns
    -------
    list of tuple of int
        Start and stop of each, sorted, apart from each other.

    Examples
    --------
    >>> merge_ranges([(0, 10), (5, 8), (12, 20), (90, 95)], 4)
    [(0, 20), (90, 95)]
    """
    merged: list[tuple[int, int]] = []
    for start, stop in ranges:
        if merged and start <= merged[-1][1] + gap:
            merged[-1] = merged[-1][0], max(merged[-1][1], stop)
        else:
            merged.append((start, stop))
    return merged


def _check_address(address: str, name: str, *, has_key: bool) -> None:
    try:
        parts = urlsplit(address)
        complete = bool(parts.path.strip("/")) if has_key else bool(parts.hostname) and parts.port != 0
    except ValueError:  # such as a port that is no number
        complete = False
    if not complete:
        lacks = "bucket and object" if has_key else "server"
        raise UnreadableImageError(f"{name} is no address: it names no {lacks}.", hint="Check the address.")


def _ask(name: str, server: Server, ranges: Sequence[tuple[int, int]], version: Version | None = None) -> list[Answer]:
    try:
        answers = server.fetch(ranges)
    except NoRangesError:
        raise UnreadableImageError(
            f"The server of {name} sends whole files only, no parts of them.",
            hint="Download the image first, and give the path of the file.",
        ) from None
    except RefusedError as error:
        raise _explain_refusal(name, error.args[0]) from None
    except ShortAnswerError as error:
        raise UnreadableImageError(
            f"The server of {name} did not send what it was asked for: {error}.", hint="Try again later."
        ) from None
    except server.failures as error:
        # Not "from error": what libraries say may hold the whole address, with its password.
        raise _explain_failure(name, error) from None
    if version is not None and any(answer.version != version for answer in answers):
        raise UnreadableImageError(f"{name} changed while it was read.", hint="Start again once it is complete.")
    return answers


def _explain_refusal(name: str, status: int) -> ContimgError:
    if status in {404, 410}:
        return ImageNotFoundError(f"There is no image at {name} (status {status}).", hint="Check the address.")
    if status in {401, 403, 407}:
        return UnreadableImageError(
            f"{name} may not be read (status {status}).",
            hint="Check the credentials, or the signature of the address and when it expires.",
        )
    hint = "Try again later." if status >= 500 or status == 429 else "Check the address."
    return UnreadableImageError(f"The server of {name} answered with status {status}.", hint=hint)


_REASONS = {
    "ClientConnectorDNSError": "the name of the server is not known",
    "ClientConnectorCertificateError": "the server's certificate is not valid",
    "ClientPayloadError": "the answer ended before it was complete",
    "ResponseStreamingError": "the answer ended before it was complete",
    "IncompleteReadError": "the answer ended before it was complete",
    "ServerDisconnectedError": "the server closed the connection",
    "EndpointConnectionError": "the server cannot be reached",
    "ConnectTimeoutError": "the server did not answer in time",
    "ReadTimeoutError": "the server did not answer in time",
    "TooManyRedirects": "the server redirects in circles",
    "InvalidURL": "this is no address",
    "InvalidUrlClientError": "this is no address",
}
_HINTS = {
    "NoCredentialsError": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or FSSPEC_S3_ANON=true for a public bucket."
}


def _explain_failure(name: str, error: Exception) -> ContimgError:
    kind = type(error).__name__
    if isinstance(error, TimeoutError):
        reason = "the server did not answer in time"
    elif kind == "NoCredentialsError":
        reason = "no credentials were found"
    else:
        number = error.errno if isinstance(error, OSError) else None
        reason = _REASONS.get(kind) or (os.strerror(number) if number and number > 0 else kind)
    return UnreadableImageError(
        f"{name} cannot be read: {reason}.", hint=_HINTS.get(kind, "Check the address and the network.")
    )
