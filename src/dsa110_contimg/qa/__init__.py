"""What an astronomer asks for: stamps, sheets, tables, and how good they are.

Every name arrives on first use, so that importing one of them never loads what another one needs.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .caltable_quality import CaltableQuality as CaltableQuality
    from .caltable_quality import measure_caltable as measure_caltable
    from .catalogue_check import CatalogueCheck as CatalogueCheck
    from .catalogue_check import check_catalogue as check_catalogue
    from .image_quality import ImageQuality as ImageQuality
    from .image_quality import measure_image as measure_image
    from .light_curves import LightCurves as LightCurves
    from .light_curves import measure_light_curves as measure_light_curves
    from .ms_quality import MSQuality as MSQuality
    from .ms_quality import measure_ms as measure_ms
    from .postage_stamps import create_cutout as create_cutout
    from .postage_stamps import create_cutouts as create_cutouts
    from .postage_stamps import iter_cutouts as iter_cutouts
    from .postage_stamps import split_by_scale as split_by_scale
    from .report import Report as Report
    from .report import create_report as create_report
    from .stamps import Cutout as Cutout
    from .stamps import CutoutStack as CutoutStack
    from .visualization import CasaTable as CasaTable
else:
    from dsa110_contimg._lazy import door

    __getattr__, __dir__, __all__ = door(
        __name__,
        caltable_quality="CaltableQuality measure_caltable",
        image_quality="ImageQuality measure_image",
        catalogue_check="CatalogueCheck check_catalogue",
        light_curves="LightCurves measure_light_curves",
        ms_quality="MSQuality measure_ms",
        postage_stamps="create_cutout create_cutouts iter_cutouts split_by_scale",
        report="Report create_report",
        stamps="Cutout CutoutStack",
        visualization="CasaTable",
    )
