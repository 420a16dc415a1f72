"""The import doctor: how long it takes to survey an environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.race import judge, race, show
from dsa110_contimg.doctor.environment.facts import ask_facts
from dsa110_contimg.doctor.environment.libraries import Collection
from dsa110_contimg.doctor.environment.survey import survey_environment

GOAL_S, GOAL_LIBRARIES = 2.0, 350


def main() -> None:
    """Print every race."""
    race_environment()


def race_environment() -> None:
    """Survey this environment, beside a reader in Python that goes through dynamic sections and symbols."""
    from elftools.elf.elffile import ELFFile

    paths = [native.path for native in Collection(ask_facts(sys.executable, os.environ, Path.cwd())).natives]

    def read_with_pyelftools() -> None:
        """Read the tags of each dynamic section, which is the least of what a survey needs."""
        for path in paths:
            with Path(path).open("rb") as file:
                section = ELFFile(file).get_section_by_name(".dynamic")
                for _ in section.iter_tags() if section else ():
                    pass

    results = race(
        {
            "survey": survey_environment,
            "limit: start the interpreter": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
            "pyelftools, dynamic sections only": read_with_pyelftools,
        },
        rounds=7,
        calls=1,
        title="Environment",
    )
    seconds = results["survey"].seconds * GOAL_LIBRARIES / len(paths)
    goals = [judge(f"seconds for {GOAL_LIBRARIES} libraries", seconds, GOAL_S, at_least=False)]
    show(f"Survey of an environment with {len(paths)} native libraries", results, "survey", goals)
