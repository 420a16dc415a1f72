"""Run the command line: ``python -m dsa110_contimg``."""

from dsa110_contimg.cli.app import main

if __name__ == "__main__":
    main()
