"""The sky coordinates of an image in one form, whichever of the many forms its header uses.

Right ascension (or another longitude) is axis 1 and declination is axis 2, angles are degrees, the linear part is
``CDELT`` and ``PC``. Everything else in the package - placing a stamp, its WCS, the header it is written with - starts
from this form, so that there is nothing left of the parent's other axes that could confuse a viewer.

References
----------
Greisen & Calabretta 2002, A&A 395, 1061 (WCS paper I); Calabretta & Greisen 2002, A&A 395, 1077 (WCS paper II).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

from dsa110_contimg.images.angles import degrees_per_unit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dsa110_contimg.images.header import Header

    Pair = tuple[float, float]
    Matrix = tuple[Pair, Pair]

_SIP = re.compile(r"(A|B|AP|BP)_(ORDER|\d+_\d+)$")


@dataclass(frozen=True, slots=True)
class Celestial:
    """Two axes of sky in canonical form."""

    ctype: tuple[str, str]
    """Coordinate and projection of each axis, longitude first."""
    crval: Pair
    """Longitude and latitude of the reference point, in degrees."""
    crpix: Pair
    """Pixel of the reference point (x, y), counted from one."""
    cdelt: Pair
    """Degrees per pixel along each axis."""
    pc: Matrix
    """Rows of the matrix that turns pixel offsets before ``cdelt`` scales them."""
    lonpole: float | None
    """Native longitude of the celestial pole in degrees; None for the projection's default."""
    latpole: float | None
    """Native latitude of the celestial pole in degrees; None for the projection's default."""
    radesys: str
    """Reference frame, such as ``FK5``; empty where the header names none."""
    equinox: float | None
    """Equinox in years, or None."""
    pv: tuple[tuple[int, int, float], ...]
    """Parameters of the projection as (axis, number, value), axis 1 or 2."""
    sip: tuple[tuple[str, float], ...]
    """Keywords and values of the SIP polynomials."""

    @property
    def projection(self) -> str:
        """Three-letter code of the projection, such as ``SIN``; empty for a linear axis."""
        return self.ctype[0][5:8]

    @property
    def matrix(self) -> Matrix:
        """Rows of the matrix from pixel offsets (x, y) to intermediate world coordinates in degrees."""
        (a, b), (c, d) = self.pc
        return (self.cdelt[0] * a, self.cdelt[0] * b), (self.cdelt[1] * c, self.cdelt[1] * d)

    @property
    def pixel_scales_deg(self) -> Pair:
        """Size (y, x) of a pixel at the reference point, in degrees."""
        (a, b), (c, d) = self.matrix
        return math.hypot(b, d), math.hypot(a, c)

    def shift(self, y0: int, x0: int) -> Celestial:
        """Return the coordinates of a part whose first pixel is (y0, x0) of this one.

        Parameters
        ----------
        y0, x0 : int
            The part's first row and column, counted from zero; may be negative.

        Returns
        -------
        Celestial
            The part's coordinates.
        """
        return replace(self, crpix=(self.crpix[0] - x0, self.crpix[1] - y0))

    def make_wcs(self, shape: tuple[int, int]) -> Any:
        """Make an astropy WCS by setting its attributes, sixty times faster than parsing a header.

        Parameters
        ----------
        shape : tuple of int
            Shape (ny, nx) of the image.

        Returns
        -------
        astropy.wcs.WCS
            Two celestial axes, longitude first.
        """
        from astropy.wcs import WCS

        wcs = WCS(naxis=2)
        wcs.wcs.ctype = list(self.ctype)
        wcs.wcs.cunit = ["deg", "deg"]
        wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cdelt, wcs.wcs.pc = self.crval, self.crpix, self.cdelt, self.pc
        for keyword in ("lonpole", "latpole", "equinox"):
            value = getattr(self, keyword)
            if value is not None:
                setattr(wcs.wcs, keyword, value)
        if self.radesys:
            wcs.wcs.radesys = self.radesys
        if self.pv:
            wcs.wcs.set_pv(list(self.pv))
        if self.sip:
            wcs.sip = self._make_sip()
        wcs.pixel_shape = shape[::-1]
        return wcs

    def _make_sip(self) -> Any:
        import numpy as np
        from astropy.wcs import Sip

        values = dict(self.sip)
        polynomials: list[Any] = []
        for name in ("A", "B", "AP", "BP"):
            order = int(values.get(f"{name}_ORDER", 0))
            grid = np.zeros((order + 1, order + 1)) if order else None
            if grid is not None:
                for (i, j), _ in np.ndenumerate(grid):
                    grid[i, j] = values.get(f"{name}_{i}_{j}", 0.0)
            polynomials.append(grid)
        return Sip(*polynomials, self.crpix)


def read_celestial(header: Header, longitude: int, latitude: int) -> Celestial:
    """Read the sky coordinates of an image.

    Parameters
    ----------
    header : Header
        The image's header.
    longitude, latitude : int
        Which axes are the sky, counted from zero in FITS order.

    Returns
    -------
    Celestial
        The coordinates in canonical form.

    Raises
    ------
    ValueError
        If the keywords contradict each other, are no numbers, or use what this package cannot honour
        (lookup-table distortions, axes that mix the sky with another axis).
    """
    axes = (longitude + 1, latitude + 1)
    if any(keyword.startswith(("CPDIS", "CQDIS", "D2IMDIS")) for keyword in header):
        raise ValueError("its coordinates use distortion tables")
    units = tuple(degrees_per_unit(header.string(f"CUNIT{axis}") or "deg") for axis in axes)
    cdelt, pc = _read_linear(header, axes, (units[0], units[1]))
    ctype = tuple(header.string(f"CTYPE{axis}").upper() for axis in axes)
    tpv = ctype[0].endswith("TPV")
    return Celestial(
        ctype=(ctype[0], ctype[1]),
        crval=(_number(header, f"CRVAL{axes[0]}", 0.0) * units[0], _number(header, f"CRVAL{axes[1]}", 0.0) * units[1]),
        crpix=(_number(header, f"CRPIX{axes[0]}", 0.0), _number(header, f"CRPIX{axes[1]}", 0.0)),
        cdelt=cdelt,
        pc=pc,
        lonpole=_read_pole(header, "LONPOLE", "" if tpv else f"PV{axes[0]}_3"),
        latpole=_read_pole(header, "LATPOLE", "" if tpv else f"PV{axes[0]}_4"),
        radesys=(header.string("RADESYS") or header.string("RADECSYS")).upper(),
        equinox=_read_equinox(header),
        pv=_read_pv(header, axes, tpv=tpv),
        sip=_read_sip(header, axes) if ctype[0].endswith("-SIP") else (),
    )


def _number(header: Header, keyword: str, default: float) -> float:
    value = header.number(keyword, default)
    if not math.isfinite(value):
        raise ValueError(f"{keyword} = {value} is not finite")
    return value


def _read_pole(header: Header, keyword: str, parameter: str) -> float | None:
    # Paper II, section 2.5: the parameter of the longitude axis takes precedence.
    return header.number(parameter, header.number(keyword))


def _read_equinox(header: Header) -> float | None:
    """Read EQUINOX or EPOCH; some programs write J2000 or B1950, and AIPS writes zero where it knows none."""
    for keyword in ("EQUINOX", "EPOCH"):
        text = header.string(keyword).upper()
        if re.match(r"[JB]\d", text):
            return float(text[1:])
        if text and (equinox := header.number(keyword)):
            return equinox
    return None


def _read_linear(header: Header, axes: tuple[int, int], units: Pair) -> tuple[Pair, Matrix]:
    """Read CDELT with PC or CROTA, or CD, whichever the header uses."""
    _refuse_mixed_axes(header, axes)
    cdelt = (_number(header, f"CDELT{axes[0]}", 1.0) * units[0], _number(header, f"CDELT{axes[1]}", 1.0) * units[1])
    pc = _read_matrix(header, axes, ("PC{}_{}", "PC{:03d}{:03d}"), 1.0)
    cd = _read_matrix(header, axes, ("CD{}_{}", "CD{:03d}{:03d}"), 0.0)
    if cd is not None and pc is None:
        # Split so that CDELT keeps the size of a pixel, which many programs read from there.
        rows = [(cd[row][0] * units[row], cd[row][1] * units[row]) for row in (0, 1)]
        size = [math.copysign(math.hypot(*row), row[i]) or 1.0 for i, row in enumerate(rows)]
        cdelt = size[0], size[1]
        pc = (rows[0][0] / size[0], rows[0][1] / size[0]), (rows[1][0] / size[1], rows[1][1] / size[1])
    elif pc is None:
        angle = math.radians(_number(header, f"CROTA{axes[1]}", 0.0))  # that of the longitude means nothing (paper II)
        ratio = cdelt[1] / cdelt[0] if cdelt[0] else math.nan
        sine, cosine = math.sin(angle), math.cos(angle)
        pc = (cosine, -sine * ratio if sine else 0.0), (sine / ratio if sine else 0.0, cosine)
    determinant = (pc[0][0] * pc[1][1] - pc[0][1] * pc[1][0]) * cdelt[0] * cdelt[1]
    if not determinant or not math.isfinite(determinant):
        raise ValueError(f"its pixels have no size (CDELT {cdelt[0]:g}, {cdelt[1]:g} degrees)")
    return cdelt, pc


def _read_matrix(header: Header, axes: tuple[int, int], forms: tuple[str, ...], diagonal: float) -> Matrix | None:
    for form in forms:
        keywords = [[form.format(i, j) for j in axes] for i in axes]
        if any(keyword in header for row in keywords for keyword in row):
            (a, b), (c, d) = (
                [_number(header, keyword, diagonal if i == j else 0.0) for j, keyword in enumerate(row)]
                for i, row in enumerate(keywords)
            )
            return (a, b), (c, d)
    return None


def _refuse_mixed_axes(header: Header, axes: tuple[int, int]) -> None:
    for keyword in header:
        mixed = re.match(r"(?:PC|CD)(\d+)_(\d+)$", keyword)
        if mixed and (int(mixed[1]) in axes) != (int(mixed[2]) in axes) and header.number(keyword):
            raise ValueError(f"{keyword} = {header[keyword]} mixes the sky with another axis")


def _read_pv(header: Header, axes: tuple[int, int], *, tpv: bool) -> tuple[tuple[int, int, float], ...]:
    found = []
    for keyword in header:
        match = re.match(r"PV(\d+)_(\d+)$", keyword)
        if match and int(match[1]) in axes:
            axis = axes.index(int(match[1])) + 1
            # On the longitude axis 3 and 4 repeat LONPOLE and LATPOLE, except among the coefficients of TPV.
            if tpv or axis == 2 or int(match[2]) not in {3, 4}:
                found.append((axis, int(match[2]), _number(header, keyword, 0.0)))
    return tuple(found)


def _read_sip(header: Header, axes: tuple[int, int]) -> tuple[tuple[str, float], ...]:
    if axes != (1, 2):
        raise ValueError("its SIP polynomials do not stand on the first two axes")
    return tuple((keyword, _number(header, keyword, 0.0)) for keyword in header if _SIP.match(keyword))
