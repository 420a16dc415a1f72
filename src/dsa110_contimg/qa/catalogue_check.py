"""Check an image against a reference catalogue: positions, fluxes, and what is missing.

Importing this module loads no numpy; `check_catalogue` does.
"""

from __future__ import annotations

from dataclasses import dataclass

from dsa110_contimg.qa.gates import Gate, Verdict, worst
from dsa110_contimg.qa.thresholds import Thresholds

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from dsa110_contimg.images.beam import Beam
    from dsa110_contimg.qa.catalogues import Catalogue


@dataclass(frozen=True, eq=False)
class CatalogueCheck:
    """How an image compares with a reference catalogue, and what the gates say.

    Arrays have an entry for each source of the catalogue that lies on the image, in the order of the catalogue, and
    are read-only. What could not be measured is NaN.
    """

    path: str
    """The image."""
    reference: str
    """The catalogue: its path, or ``"a table in memory"``."""
    plane: Mapping[str, int | str]
    """Which plane of a cube it is: ``stokes`` (a name), ``channel`` (from zero), where the image has such axes."""
    unit: str | None
    """Unit of the pixels, as the image's ``BUNIT`` says it."""
    beam: Beam | None
    """Synthesised beam of the plane; None where the image names none."""
    frequency_hz: float | None
    """Frequency of the plane in Hz; None where the image names none."""
    spectral_index: float
    """The spectral index by which fluxes of the catalogue are scaled to the frequency of the image."""
    n_catalogue: int
    """The number of sources in the catalogue."""
    names: tuple[str, ...]
    """Names of the sources on the image."""
    ra_deg: NDArray[np.float64]
    """Their right ascensions in the catalogue (ICRS), in degrees."""
    dec_deg: NDArray[np.float64]
    """Their declinations in the catalogue (ICRS), in degrees."""
    reference_flux_jy: NDArray[np.float64]
    """Their flux densities in the catalogue, at its frequency, in Jy."""
    reference_frequency_hz: NDArray[np.float64]
    """The frequencies of these, in Hz."""
    local_rms: NDArray[np.float64]
    """The noise around each in the unit of the image: 1.4826·MAD of 50×50 pixels without the central 10×10."""
    peak: NDArray[np.float64]
    """The brightest of 3×3 pixels around the position in the catalogue, in the unit of the image."""
    is_shown: NDArray[np.bool_]
    """Whether this peak is more than five times (`Thresholds.completeness_snr`) the local noise."""
    is_isolated: NDArray[np.bool_]
    """Whether no other source of the catalogue is within three beams (FWHM of the major axis)."""
    is_used: NDArray[np.bool_]
    """Whether position and flux count: isolated, ten times the noise or more, and no wider than a point."""
    snr: NDArray[np.float64]
    """The height of the brightest peak within one beam (FWHM of the major axis) over the noise."""
    delta_ra_arcsec: NDArray[np.float64]
    """How far east of its position in the catalogue this peak is, ΔRA·cos δ, in arcseconds."""
    delta_dec_arcsec: NDArray[np.float64]
    """How far north of its position in the catalogue this peak is, Δδ, in arcseconds."""
    flux_jy: NDArray[np.float64]
    """Its height between the pixels in Jy/beam, which is the flux density of a point source in Jy."""
    flux_ratio: NDArray[np.float64]
    """The same over the flux density in the catalogue, scaled to the frequency of the image."""
    beam_ratio: NDArray[np.float64]
    """The area of each over that of the beam; 1 for a point source."""
    median_delta_ra_arcsec: float
    """Median of `delta_ra_arcsec` over the sources used."""
    median_delta_dec_arcsec: float
    """Median of `delta_dec_arcsec` over the sources used."""
    delta_ra_mad_arcsec: float
    """1.4826·MAD of `delta_ra_arcsec` over the sources used."""
    delta_dec_mad_arcsec: float
    """1.4826·MAD of `delta_dec_arcsec` over the sources used."""
    median_flux_ratio: float
    """Median of `flux_ratio` over the sources used."""
    flux_ratio_mad: float
    """1.4826·MAD of `flux_ratio` over the sources used."""
    completeness: float
    """Sources that are shown, by all sources of the catalogue on the image whose noise is known."""
    thresholds: Thresholds
    """What the gates were held against."""
    gates: tuple[Gate, ...] = ()
    """Position offset, flux ratio and completeness."""
    remarks: tuple[str, ...] = ()
    """What a reader has to know, in sentences: where fluxes and frequencies are from, what was left out."""

    @property
    def offset_arcsec(self) -> float:
        """The length of the median offset in arcseconds."""
        from math import hypot

        return hypot(self.median_delta_ra_arcsec, self.median_delta_dec_arcsec)

    @property
    def verdict(self) -> Verdict:
        """The worst that a gate says."""
        return worst(self.gates)


def check_catalogue(
    image: str | os.PathLike[str],
    reference: Catalogue | str | os.PathLike[str] | Any,
    *,
    spectral_index: float = -0.7,
    reference_frequency_hz: float | None = None,
    hdu: int | str | None = None,
    stokes: str | None = None,
    channel: int | None = None,
    thresholds: Thresholds | None = None,
) -> CatalogueCheck:
    """Check an image against a reference catalogue.

    Parameters
    ----------
    image : str or path-like
        Path or address of the image.
    reference : path-like, table, or Catalogue
        The catalogue: the path of one, a table of astropy or pandas, or what `qa.catalogues.read_catalogue` returns.
        Nothing is downloaded.
    spectral_index : float
        The spectral index α of the sources, S ∝ ν^α.
    reference_frequency_hz : float, optional
        The frequency of the fluxes in the catalogue, in Hz. What the catalogue tells by default, or else the image's.
    hdu, stokes, channel : optional
        Which image of the file and which plane of a cube.
    thresholds : Thresholds, optional
        What the gates are held against; the usual ones unless given.

    Returns
    -------
    CatalogueCheck
        What was measured of each source, medians, and the gates. A gate that cannot say anything is SKIP, with the
        reason; so is each where no source of the catalogue is on the image.

    Raises
    ------
    ImageError
        When the image is not there, cannot be read, or has no such plane.
    CatalogueError
        When the catalogue is not there, is no table, or has no positions.
    TypeError
        When the reference is no catalogue at all.

    Notes
    -----
    On the image is a source whose pixel has sky. Completeness counts all of these, also those that the image is not
    deep enough for: give a catalogue that is as deep as the image should be.

    Positions and fluxes are those of the brightest pixel within one beam (FWHM of the major axis) of the position in
    the catalogue, fitted between the pixels. They count where the source

    - is isolated: no other source of the catalogue within three beams;
    - has ten times the noise or more: then noise moves it by no more than 4 % of the beam, and raises its flux by 1 %;
    - is unresolved: its area is at most 10 %, and three times what noise can do, above the median of the isolated
      sources. Above the median, and not above that of the beam, because an image out of focus must not hide its lost
      flux; but no median above twice the beam is taken for that.

    The flux ratio is S/S_ref·(ν/ν_ref)^−α. Offsets are turned to the sky with the image's own coordinates.

    Examples
    --------
    >>> import tempfile
    >>> from dsa110_contimg.simulate import simulate_epochs
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     field = simulate_epochs(folder, n_epochs=1, n_sources=20, n_variables=0, seed=1)
    ...     check = check_catalogue(field.images[0], field.catalogue)
    >>> for gate in check.gates:
    ...     print(f"{gate.verdict}  {gate.name}, of {gate.n_samples} sources")
    PASS  position offset (″), of 20 sources
    PASS  flux ratio, of 20 sources
    PASS  completeness, of 20 sources
    >>> check.remarks[-1]
    'The catalogue tells no frequency; it is taken to be that of the image, 1400 MHz.'
    """
    from dsa110_contimg.qa.catalogues.checking import check

    return check(
        image,
        reference,
        thresholds or Thresholds(),
        spectral_index=spectral_index,
        reference_frequency_hz=reference_frequency_hz,
        hdu=hdu,
        stokes=stokes,
        channel=channel,
    )
