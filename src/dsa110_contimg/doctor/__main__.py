"""``python -m dsa110_contimg.doctor``."""

from dsa110_contimg.doctor.command import main

if __name__ == "__main__":
    main()
