"""Images at addresses: the same pixels as from the disk, few bytes, and an error that says what to do."""

from __future__ import annotations

import gzip
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from dsa110_contimg.errors import (
    ImageNotFoundError,
    MissingDependencyError,
    NoOverlapError,
    UnreadableImageError,
)
from dsa110_contimg.images import open_image
from dsa110_contimg.images import remote_pixels as remote_pixels_module
from dsa110_contimg.qa import create_cutout, create_report, measure_image, measure_light_curves
from dsa110_contimg.simulate import Source, simulate_epochs, simulate_image
from support import ramp, sky_header, write_image

pytest.importorskip("aiohttp", reason="the extra remote is not installed")

BLOCK = 64 * 1024


@dataclass
class Site:
    """A server of the files in memory, and what it was asked and sent."""

    files: dict[str, bytes] = field(default_factory=dict)
    address: str = ""
    ranges: bool = True
    status: int | None = None
    cut: int = 0
    """Bytes that are missing at the end of every answer."""
    declares: bool = False
    """Whether the length that it declares is the one that it sends, even then."""
    shift: int = 0
    """How many bytes later the range begins that it sends."""
    tag: str = '"one"'
    encoding: str | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and range of every request."""
    credentials: list[str | None] = field(default_factory=list)
    sent: int = 0

    def forget(self) -> None:
        self.asked.clear()
        self.sent = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10
    site: Site

    def log_message(self, *words: object) -> None: ...

    def do_GET(self) -> None:
        site = self.site
        asked = self.headers.get("Range")
        site.asked.append((self.command, asked or ""))
        site.credentials.append(self.headers.get("Authorization"))
        content = site.files.get(self.path.partition("?")[0])
        if site.status is not None or content is None:
            status = 404 if content is None else site.status
            code = {403: "AccessDenied", 404: "NoSuchKey"}.get(status, "InternalError")
            return self.answer(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())
        if not site.ranges or asked is None:
            return self.answer(200, content)
        first, last = (int(n) + site.shift for n in re.fullmatch(r"bytes=(\d+)-(\d+)", asked).groups())
        if first >= len(content):
            return self.answer(416, b"", f"bytes */{len(content)}")
        last = min(last, len(content) - 1)
        return self.answer(206, content[first : last + 1], f"bytes {first}-{last}/{len(content)}")

    do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

    def answer(self, status: int, body: bytes, content_range: str | None = None) -> None:
        self.send_response(status)
        declared = len(body) - (self.site.cut if self.site.declares else 0)
        self.send_header("Content-Length", str(declared))
        self.send_header("ETag", self.site.tag)
        if self.site.encoding:
            self.send_header("Content-Encoding", self.site.encoding)
        if content_range:
            self.send_header("Content-Range", content_range)
        if status >= 400:
            self.send_header("Content-Type", "application/xml")
        self.end_headers()
        body = body[: len(body) - self.site.cut]
        self.close_connection = self.site.cut > 0
        if self.command == "HEAD":
            return
        try:
            at = 0
            while at < len(body):
                count = self.connection.send(body[at : at + BLOCK])
                at, self.site.sent = at + count, self.site.sent + count
        except OSError:  # the client has gone, as it should where it does not want the file
            self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def get_request(self) -> tuple[socket.socket, object]:
        connection, client = super().get_request()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BLOCK)  # so that "sent" is nearly what arrived
        return connection, client


@pytest.fixture
def site() -> Iterator[Site]:
    found = Site()
    server = Server(("127.0.0.1", 0), type("OurHandler", (Handler,), {"site": found}))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    found.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def noise(*shape: int, dtype: str = "f4") -> np.ndarray:
    rng = np.random.default_rng(3)
    return rng.normal(0, 1000, shape).astype(dtype)


def publish(site: Site, path: Path) -> str:
    site.files[f"/{path.name}"] = path.read_bytes()
    return f"{site.address}/{path.name}"


def assert_same(remote: str, path: Path, *position: float, **how: object) -> None:
    near, far = create_cutout(path, *position, **how), create_cutout(remote, *position, **how)
    assert far.data.dtype == near.data.dtype
    assert far.data.tobytes() == near.data.tobytes()
    assert (far.status, far.origin, far.target, far.unit) == (near.status, near.origin, near.target, near.unit)
    assert (far.plane, far.beam, far.header) == (near.plane, near.beam, near.header)


# ---------------------------------------------------------------------- pixels and bytes
POSITIONS = [(150.0, 30.0), (150.05, 30.1), (150.32, 30.28), (149.68, 29.721)]
"""In the middle, beside it, and at two corners."""


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", "u1"])
def test_stamps_are_those_of_the_file(dtype: str, site: Site, tmp_path: Path) -> None:
    data = noise(1000, 1000) % 200 if dtype == "u1" else noise(1000, 1000)
    path = write_image(tmp_path / "a.fits", data.astype(dtype), sky_header((1000, 1000)))
    if dtype == "i2":
        with fits.open(path, mode="update", do_not_scale_image_data=True) as hdus:
            hdus[0].header.update(BSCALE=0.25, BZERO=3.0, BLANK=int(hdus[0].data[500, 500]))
    remote = publish(site, path)
    statuses = set()
    for position in POSITIONS:
        assert_same(remote, path, *position, 1.0)
        statuses.add(create_cutout(remote, *position, 1.0).status)
    assert statuses >= {"full" if dtype != "i2" else "partial", "partial"}
    assert {method for method, _ in site.asked} == {"GET"}


def test_light_curves_are_those_of_the_files(site: Site, tmp_path: Path) -> None:
    paths = [tmp_path / f"{k}.fits" for k in range(3)]
    for k, path in enumerate(paths):
        simulate_image(path, [Source(180.0, 37.0, flux_jy=0.01)], 1e-3, shape=(150, 150), mjd=60000.0 + k, seed=k)
    addresses = [publish(site, path) for path in paths[:2]]
    secret = addresses[1].replace("http://", "http://me:secret@")
    there, here = ([180.0, 180.01], [37.0, 37.0]), measure_light_curves(paths, [180.0, 180.01], [37.0, 37.0])
    curves = measure_light_curves([addresses[0], secret, f"{site.address}/none.fits", paths[2]], *there)
    np.testing.assert_array_equal(curves.flux[:, :3], here.flux)
    assert curves.images == (*addresses, str(paths[2]), f"{site.address}/none.fits")
    assert list(curves.unreadable) == [f"{site.address}/none.fits"]
    assert "secret" not in repr(curves.images) + repr(curves.remarks) + repr(curves.unreadable)


def test_few_bytes_are_fetched(site: Site, tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.fits", noise(2500, 2500), sky_header((2500, 2500)))
    remote = publish(site, path)
    assert_same(remote, path, 150.0, 30.0, 1.0)
    assert site.sent < BLOCK + 30 * 2 * 576 + 100
    assert site.sent < path.stat().st_size / 200
    site.forget()
    assert_same(remote, path, 150.1, 30.1, 1.0)  # the image is kept: one byte says that it is still the same
    assert ("GET", "bytes=0-0") in site.asked
    assert site.sent < 30 * 2 * 576 + 100


@pytest.mark.parametrize("batch", [remote_pixels_module._BATCH, 50])
def test_no_byte_is_fetched_twice(batch: int, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_pixels_module, "_BATCH", batch)
    monkeypatch.setattr(remote_pixels_module, "_GAP", 0)
    path = write_image(tmp_path / "a.fits", noise(700, 900), sky_header((700, 900)))
    near, far = open_image(path), open_image(publish(site, path))
    site.forget()
    rng = np.random.default_rng(1)
    origins = rng.integers(-40, 900, (80, 2))
    expected, found = np.empty((2, 80, 30, 20), np.float32)
    statuses = near.gather((0, 0), origins, expected, np.nan)
    np.testing.assert_array_equal(far.gather((0, 0), origins, found, np.nan), statuses)
    assert found.tobytes() == expected.tobytes()
    spans = sorted(tuple(map(int, asked.removeprefix("bytes=").split("-"))) for _, asked in site.asked)
    assert all(first[1] < second[0] for first, second in pairwise(spans))
    assert len(set(statuses.tolist())) > 1


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_planes_of_cubes_however_the_axes_stand(order: tuple[int, ...], site: Site, tmp_path: Path) -> None:
    sky = sky_header((90, 120))
    header = fits.Header()
    for number, axis in enumerate(order, start=1):
        if axis == 2:
            header.update({f"CTYPE{number}": "FREQ", f"CRVAL{number}": 1.4e9, f"CDELT{number}": 1e6})
            header[f"CRPIX{number}"] = 1.0
        else:
            for word in ("CTYPE", "CRVAL", "CUNIT", "CDELT", "CRPIX"):
                header[f"{word}{number}"] = sky[f"{word}{axis + 1}"]
    shape = [(120, 90, 5)[axis] for axis in order][::-1]
    path = write_image(tmp_path / "a.fits", ramp(*shape), header)
    remote = publish(site, path)
    for position in ((150.0, 30.0), (150.03, 30.024)):
        assert_same(remote, path, *position, 0.5, channel=3)


def test_extensions_and_beams_of_planes(site: Site, tmp_path: Path) -> None:
    header = sky_header((100, 100), CTYPE3="FREQ", CRVAL3=1.4e9, CDELT3=1e6, CRPIX3=1.0, CASAMBM=True)
    beams = fits.BinTableHDU.from_columns(
        [
            *(fits.Column(name, "E", unit="arcsec", array=[4.0, 5.0]) for name in ("BMAJ", "BMIN")),
            fits.Column("BPA", "E", unit="deg", array=[0.0, 10.0]),
            *(fits.Column(name, "J", array=array) for name, array in (("CHAN", [0, 1]), ("POL", [0, 0]))),
        ],
        name="BEAMS",
    )
    path = tmp_path / "a.fits"
    image = fits.ImageHDU(noise(2, 100, 100), header, name="SKY")
    fits.HDUList([fits.PrimaryHDU(), image, beams]).writeto(path)
    remote = publish(site, path)
    assert_same(remote, path, 150.0, 30.0, 1.0, channel=1, hdu="sky")
    assert create_cutout(remote, 150.0, 30.0, 1.0, channel=1).beam.major_deg == pytest.approx(5 / 3600)


@pytest.mark.parametrize("compression", ["RICE_1", "GZIP_2"])
def test_compressed_images(compression: str, site: Site, tmp_path: Path) -> None:
    path = tmp_path / "a.fits.fz"
    hdu = fits.CompImageHDU(
        noise(1500, 1500), sky_header((1500, 1500)), compression_type=compression, tile_shape=(100, 100)
    )
    hdu.writeto(path)
    remote = publish(site, path)
    for position in ((150.0, 30.0), (150.4, 30.3), (150.48, 30.416)):
        assert_same(remote, path, *position, 1.0)
    assert site.sent < path.stat().st_size / 2


@pytest.mark.parametrize("encoding", [None, "gzip"])  # some servers take the file's own kind for an encoding
def test_gzipped_images(encoding: str | None, site: Site, tmp_path: Path) -> None:
    site.encoding = encoding
    plain = write_image(tmp_path / "a.fits", noise(300, 300), sky_header((300, 300)))
    path = tmp_path / "a.fits.gz"
    path.write_bytes(gzip.compress(plain.read_bytes()))
    assert_same(publish(site, path), path, 150.0, 30.0, 1.0)


def test_a_position_off_the_image(site: Site, tmp_path: Path) -> None:
    remote = publish(site, write_image(tmp_path / "a.fits", noise(100, 100), sky_header((100, 100))))
    with pytest.raises(NoOverlapError):
        create_cutout(remote, 151.0, 30.0, 1.0)


def test_a_file_written_anew_is_opened_anew(site: Site, tmp_path: Path) -> None:
    remote = publish(site, write_image(tmp_path / "a.fits", noise(100, 100), sky_header((100, 100))))
    create_cutout(remote, 150.0, 30.0, 1.0)
    path = write_image(tmp_path / "a.fits", 2 * noise(100, 100), sky_header((100, 100)))
    publish(site, path)
    site.tag = '"two"'
    assert_same(remote, path, 150.0, 30.0, 1.0)


# ---------------------------------------------------------------------- what can go wrong
@pytest.fixture
def image(site: Site, tmp_path: Path) -> str:
    return publish(site, write_image(tmp_path / "a.fits", noise(500, 500), sky_header((500, 500))))


def test_a_server_without_ranges_sends_no_whole_file(site: Site, image: str) -> None:
    site.ranges = False
    site.files["/a.fits"] += bytes(64 * 1024**2)
    with pytest.raises(UnreadableImageError, match="whole files only") as caught:
        create_cutout(image, 150.0, 30.0)
    assert "Download" in caught.value.hint
    assert site.sent < 1024**2


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [
        (404, ImageNotFoundError, "no image at"),
        (403, UnreadableImageError, "may not be read"),
        (401, UnreadableImageError, "credentials"),
        (500, UnreadableImageError, "status 500"),
    ],
)
def test_refusals(status: int, kind: type[Exception], says: str, site: Site, image: str) -> None:
    site.status = status
    with pytest.raises(kind, match=says):
        create_cutout(image, 150.0, 30.0)


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_nobody_listens() -> None:
    with pytest.raises(UnreadableImageError, match="Connection refused") as caught:
        create_cutout(f"http://127.0.0.1:{closed_port()}/a.fits", 150.0, 30.0)
    assert "network" in caught.value.hint


@pytest.mark.parametrize("address", ["http://no-such-host.invalid/a.fits", "https://no-such-host.invalid/a.fits"])
def test_a_name_that_is_not_known(address: str) -> None:
    with pytest.raises(UnreadableImageError, match=r"no-such-host.invalid/a.fits cannot be read"):
        create_cutout(address, 150.0, 30.0)


@pytest.mark.parametrize("address", ["http://", "http:///a.fits", "http://host:port/a.fits", "https://[::1/a.fits"])
def test_no_address(address: str) -> None:
    with pytest.raises(UnreadableImageError, match="is no address"):
        create_cutout(address, 150.0, 30.0)


@pytest.mark.parametrize("protocol", ["ftp", "gs", "file", "hhtp"])
def test_other_protocols(protocol: str) -> None:
    with pytest.raises(UnreadableImageError, match=f"the protocol {protocol} is not supported") as caught:
        create_cutout(f"{protocol}://host/a.fits", 150.0, 30.0)
    assert "https://" in caught.value.hint


def test_an_answer_that_ends_early(site: Site, image: str) -> None:
    site.cut = 1
    with pytest.raises(UnreadableImageError, match="ended before it was complete"):
        create_cutout(image, 150.0, 30.0)


@pytest.mark.parametrize("wrong", [{"cut": 1, "declares": True}, {"shift": 1}])
def test_an_answer_to_another_question(wrong: dict[str, int], site: Site, image: str) -> None:
    for name, value in wrong.items():
        setattr(site, name, value)
    with pytest.raises(UnreadableImageError, match="did not send what it was asked for"):
        create_cutout(image, 150.0, 30.0)


def test_a_file_that_ends_early(site: Site, image: str) -> None:
    site.files["/a.fits"] = site.files["/a.fits"][:-2880]
    with pytest.raises(UnreadableImageError, match="truncated"):
        create_cutout(image, 150.0, 30.0)
    site.files["/a.fits"] = b""
    with pytest.raises(UnreadableImageError, match="empty"):
        create_cutout(image, 150.0, 30.0)


def test_no_fits_file(site: Site) -> None:
    site.files["/a.html"] = b"<!DOCTYPE html>"
    with pytest.raises(UnreadableImageError, match="no FITS file"):
        create_cutout(f"{site.address}/a.html", 150.0, 30.0)


@pytest.mark.parametrize("changed", ["tag", "size"])
def test_a_file_that_changes_while_it_is_read(changed: str, site: Site, image: str) -> None:
    opened = open_image(image)
    if changed == "tag":
        site.tag = '"two"'
    else:
        site.files["/a.fits"] += bytes(2880)
    with pytest.raises(UnreadableImageError, match="changed while it was read"):
        opened.gather((0, 0), np.zeros((1, 2), np.int64), np.empty((1, 9, 9), np.float32), np.nan)


def test_a_whole_image_is_measured(site: Site, tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.fits", noise(300, 400), sky_header((300, 400), BMAJ=2e-3, BMIN=2e-3))
    secret = publish(site, path).replace("http://", "http://me:hunter2@") + "?X-Signature=hunter2"
    near, far = measure_image(path, residual=path), measure_image(secret, residual=secret)
    assert far.path == far.residual.path == f"{site.address}/a.fits"
    assert vars(far) == vars(near) | {"path": far.path, "residual": replace(near.residual, path=far.path)}


def test_a_report_of_remote_images_tells_no_secret(site: Site, tmp_path: Path) -> None:
    field = simulate_epochs(tmp_path / "field", 3, 3, n_variables=0, shape=(150, 150))
    secrets = [
        publish(site, path).replace("http://", "http://me:hunter2@") + "?X-Signature=hunter2" for path in field.images
    ]
    missing = f"{site.address}/none.fits?X-Signature=hunter2"
    report = create_report([*secrets, missing], tmp_path / "report", sources=field.catalogue)
    page = report.page.read_text()
    assert "hunter2" not in page + report.numbers.read_text()
    assert f"{site.address}/epoch_02.fits" in page
    assert page.count('data-strip="p') == 9
    assert [image.quality is None for image in report.findings.images] == [False, False, False, True]


def test_no_message_holds_a_secret(site: Site, image: str) -> None:
    secret = image.replace("http://", "http://me:hunter2@") + "?X-Signature=hunter2"
    create_cutout(secret, 150.0, 30.0)
    assert site.credentials[0].startswith("Basic ")
    for site.status in (403, 404, 500):
        with pytest.raises((UnreadableImageError, ImageNotFoundError)) as caught:
            create_cutout(secret, 150.0, 30.0)
        assert "hunter2" not in str(caught.value)
        assert caught.value.__suppress_context__  # what the library says may hold it
    port = closed_port()
    with pytest.raises(UnreadableImageError) as caught:
        create_cutout(f"http://me:hunter2@127.0.0.1:{port}/a.fits?key=hunter2", 150.0, 30.0)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(("address", "missing"), [("https://host/a", "aiohttp"), ("s3://bucket/a", "s3fs")])
def test_a_missing_library(address: str, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingDependencyError, match=missing) as caught:
        create_cutout(address, 150.0, 30.0)
    assert "dsa110-contimg[remote]" in caught.value.hint


def test_a_path_loads_nothing_of_the_network(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.fits", noise(100, 100), sky_header((100, 100)))
    code = (
        "import sys; from dsa110_contimg.qa import create_cutout; "
        f"print(create_cutout({str(path)!r}, 150, 30, 1).status, {{'aiohttp', 'fsspec', 's3fs', 'asyncio', "
        "'dsa110_contimg.images.remote'} & set(sys.modules))"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert finished.stdout.split() == ["full", "set()"]


def test_a_process_ends_quietly(image: str) -> None:
    code = f"from dsa110_contimg.qa import create_cutout; print(create_cutout({image!r}, 150, 30, 1).status)"
    command = [sys.executable, "-X", "dev", "-W", "error", "-c", code]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "full\n", "")


# ---------------------------------------------------------------------- S3
@pytest.fixture
def bucket(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    s3fs = pytest.importorskip("s3fs", reason="s3fs is not installed")
    for name in ("AWS_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    settings = {"ENDPOINT_URL": site.address, "ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret"}
    settings |= {"EC2_METADATA_DISABLED": "true", "DEFAULT_REGION": "us-east-1", "MAX_ATTEMPTS": "1"}
    for name, value in settings.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    s3fs.S3FileSystem.clear_instance_cache()
    yield site
    s3fs.S3FileSystem.clear_instance_cache()


def test_s3(bucket: Site, tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.fits", noise(2500, 2500), sky_header((2500, 2500)))
    bucket.files["/images/epochs/a.fits"] = path.read_bytes()
    for position in ((150.0, 30.0), (150.1, 30.1), (150.8, 30.69)):
        assert_same("s3://images/epochs/a.fits", path, *position, 1.0)
    assert {method for method, _ in bucket.asked} == {"GET"}
    assert all(asked for _, asked in bucket.asked)
    assert bucket.sent < path.stat().st_size / 100
    bucket.tag = '"two"'
    create_cutout("s3://images/epochs/a.fits", 150.0, 30.0)


@pytest.mark.parametrize(
    ("status", "kind", "says"),
    [(404, ImageNotFoundError, "no image at s3://images/a.fits"), (403, UnreadableImageError, "may not be read")],
)
def test_s3_refusals(status: int, kind: type[Exception], says: str, bucket: Site) -> None:
    bucket.files["/images/a.fits"] = b"SIMPLE  ="
    bucket.status = status
    if status == 404:
        bucket.files.clear()
    with pytest.raises(kind, match=says):
        create_cutout("s3://images/a.fits", 150.0, 30.0)


def test_s3_answers_that_end_early(bucket: Site, tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.fits", noise(100, 100), sky_header((100, 100)))
    bucket.files["/images/a.fits"] = path.read_bytes()
    bucket.cut = 1
    with pytest.raises(UnreadableImageError, match="ended before it was complete"):
        create_cutout("s3://images/a.fits", 150.0, 30.0)


def test_s3_without_ranges(bucket: Site) -> None:
    bucket.ranges = False
    bucket.files["/images/a.fits"] = b"SIMPLE  =" + bytes(64 * 1024**2)
    with pytest.raises(UnreadableImageError, match="whole files only"):
        create_cutout("s3://images/a.fits", 150.0, 30.0)
    assert bucket.sent < 1024**2


def test_s3_without_an_object() -> None:
    with pytest.raises(UnreadableImageError, match="is no address"):
        create_cutout("s3://images", 150.0, 30.0)
