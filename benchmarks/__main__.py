"""Run every benchmark: ``make bench``."""

from benchmarks import (
    image_quality,
    import_doctor,
    import_environment,
    light_curves,
    many_stamps,
    measurement_sets,
    one_stamp,
    report,
    stamps_on_disk,
    tables,
)

if __name__ == "__main__":
    one_stamp.main()
    many_stamps.main()
    stamps_on_disk.main()
    light_curves.main()
    tables.main()
    measurement_sets.main()
    image_quality.main()
    import_doctor.main()
    import_environment.main()
    report.main()
