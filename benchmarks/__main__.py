"""Run every benchmark: ``make bench``."""

from benchmarks import (
    import_doctor,
    import_environment,
    light_curves,
    many_stamps,
    measurement_sets,
    one_stamp,
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
    import_doctor.main()
    import_environment.main()
