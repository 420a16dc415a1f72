"""The axes of a radio image: which two are the sky, and how one plane of the others is chosen."""

from __future__ import annotations

from dataclasses import dataclass

from dsa110_contimg.errors import AmbiguousPlaneError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dsa110_contimg.images.header import Header

_SPECTRAL = ("FREQ", "CHAN", "VELO", "FELO", "VRAD", "VOPT", "ZOPT", "BETA", "ENER", "WAVE", "WAVN", "AWAV")

# FITS WCS paper I (Greisen & Calabretta 2002, A&A 395, 1061), table 7.
STOKES = {
    1: "I",
    2: "Q",
    3: "U",
    4: "V",
    -1: "RR",
    -2: "LL",
    -3: "RL",
    -4: "LR",
    -5: "XX",
    -6: "YY",
    -7: "XY",
    -8: "YX",
}


@dataclass(frozen=True, slots=True)
class Axes:
    """The axes of one image, numbered from zero in FITS order (the fastest first).

    Examples
    --------
    >>> axes = Axes(lengths=(512, 256, 4, 1), longitude=0, latitude=1, stokes=2, spectral=3, stokes_names=tuple("IQUV"))
    >>> axes.shape
    (256, 512)
    >>> axes.choose_plane("/data/cube.fits", stokes="U", channel=None)
    (0, 0, 2, 0)
    """

    lengths: tuple[int, ...]
    """Number of pixels along each axis."""
    longitude: int
    """The axis of right ascension, or of another longitude."""
    latitude: int
    """The axis of declination, or of another latitude."""
    stokes: int | None
    """The axis of the Stokes parameters."""
    spectral: int | None
    """The axis of frequency, velocity or wavelength; or the one axis left over that has several planes."""
    stokes_names: tuple[str, ...]
    """The names of the planes along the Stokes axis; ``("I",)`` where there is no such axis."""

    @property
    def shape(self) -> tuple[int, int]:
        """Shape (ny, nx) of one plane of sky."""
        return self.lengths[self.latitude], self.lengths[self.longitude]

    def choose_plane(self, path: str, *, stokes: str | None, channel: int | None) -> tuple[int, ...]:
        """Choose one plane of sky; axes of length one need no choice.

        Parameters
        ----------
        path : str
            The image, for the error's message.
        stokes : str or None
            Name of a Stokes parameter or correlation: ``"I"``, ``"Q"``, ``"XX"``, ...
        channel : int or None
            Number of the spectral channel, counted from zero.

        Returns
        -------
        tuple of int
            An index for each axis in FITS order; zero along the two axes of the sky.

        Raises
        ------
        AmbiguousPlaneError
            If several planes are left, or what was asked for is not there.
        """
        plane = [0] * len(self.lengths)
        if stokes is not None:
            index = self._find_stokes(path, stokes)
            if self.stokes is not None:
                plane[self.stokes] = index
        elif len(self.stokes_names) > 1:
            raise AmbiguousPlaneError(
                f"{path} has the Stokes planes {', '.join(self.stokes_names)}, and none was chosen.",
                hint=f'Choose one: stokes="{self.stokes_names[0]}".',
            )
        channels = 1 if self.spectral is None else self.lengths[self.spectral]
        if channel is not None:
            if not 0 <= channel < channels:
                raise AmbiguousPlaneError(
                    f"Channel {channel} was asked for; {path} has {channels}.",
                    hint=f"Choose a channel from 0 to {channels - 1}.",
                )
            if self.spectral is not None:
                plane[self.spectral] = channel
        elif channels > 1:
            raise AmbiguousPlaneError(
                f"{path} is a cube of {channels} channels, and none was chosen.",
                hint=f"Choose one: channel=0 ... channel={channels - 1}.",
            )
        self._refuse_other_planes(path)
        return tuple(plane)

    def describe_plane(self, plane: tuple[int, ...]) -> dict[str, int | str]:
        """Say which plane it is, in the words with which it can be chosen.

        Parameters
        ----------
        plane : tuple of int
            From `choose_plane`.

        Returns
        -------
        dict
            ``stokes`` (a name) and ``channel`` (counted from zero), where the image has such axes.
        """
        words: dict[str, int | str] = {}
        if self.stokes is not None:
            words["stokes"] = self.stokes_names[plane[self.stokes]]
        if self.spectral is not None:
            words["channel"] = plane[self.spectral]
        return words

    def _find_stokes(self, path: str, stokes: str) -> int:
        try:
            return self.stokes_names.index(str(stokes).strip().upper())
        except ValueError:
            raise AmbiguousPlaneError(
                f"Stokes {stokes!r} was asked for; {path} has {', '.join(self.stokes_names)}.",
                hint=f'Choose one that is there: stokes="{self.stokes_names[0]}".',
            ) from None

    def _refuse_other_planes(self, path: str) -> None:
        known = {self.longitude, self.latitude, self.stokes, self.spectral}
        for axis, length in enumerate(self.lengths):
            if axis not in known and length > 1:
                raise AmbiguousPlaneError(
                    f"Axis {axis + 1} of {path} has {length} planes and is neither sky, spectrum nor Stokes.",
                    hint="Write these planes as separate images first; only stokes= and channel= can choose.",
                )


def find_axes(header: Header, lengths: tuple[int, ...]) -> Axes | None:
    """Find the axes of an image by their ``CTYPE``, in whatever order they stand.

    Parameters
    ----------
    header : Header
        The image's header.
    lengths : tuple of int
        Number of pixels along each axis, in FITS order.

    Returns
    -------
    Axes or None
        The axes; None where no two of them are the sky.

    Raises
    ------
    ValueError
        If a keyword of the Stokes axis is no number.
    """
    types = [header.string(f"CTYPE{axis + 1}").upper() for axis in range(len(lengths))]
    sky = _find_sky(types)
    if sky is None:
        return None
    rest = [axis for axis in range(len(lengths)) if axis not in sky]
    stokes = next((axis for axis in rest if types[axis].startswith("STOKES")), None)
    rest = [axis for axis in rest if axis != stokes]
    spectral = next((axis for axis in rest if types[axis].startswith(_SPECTRAL)), None)
    if spectral is None:
        several = [axis for axis in rest if lengths[axis] > 1]
        spectral = several[0] if len(several) == 1 else None
    names = ("I",) if stokes is None else _name_stokes(header, stokes, lengths[stokes])
    return Axes(lengths, *sky, stokes, spectral, names)


def _find_sky(types: list[str]) -> tuple[int, int] | None:
    # "RA---SIN" and "DEC--SIN", "GLON-CAR" and "GLAT-CAR", "ELON", "SLON", "HPLN" and "HPLT", ...
    coordinate = [kind.partition("-")[0] for kind in types]
    for axis, name in enumerate(coordinate):
        partner = {"RA": "DEC"}.get(name) or (
            f"{name[:-2]}{'AT' if name.endswith('ON') else 'LT'}" if name[-2:] in {"ON", "LN"} else ""
        )
        if partner and partner in coordinate:
            return axis, coordinate.index(partner)
    return None


def _name_stokes(header: Header, axis: int, length: int) -> tuple[str, ...]:
    value, step, reference = (
        header.number(f"{keyword}{axis + 1}", default)
        for keyword, default in (("CRVAL", 1.0), ("CDELT", 1.0), ("CRPIX", 1.0))
    )
    codes = [round(value + (index + 1 - reference) * step) for index in range(length)]
    return tuple(STOKES.get(code, str(code)) for code in codes)
