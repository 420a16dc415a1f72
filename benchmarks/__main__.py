"""Run every benchmark: ``make bench``."""

from benchmarks import import_doctor, one_stamp

if __name__ == "__main__":
    one_stamp.main()
    import_doctor.main()
