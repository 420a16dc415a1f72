"""Run every benchmark: ``make bench``."""

from benchmarks import one_stamp

if __name__ == "__main__":
    one_stamp.main()
