"""The import doctor: how long it takes to survey an environment."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.race import judge, race, show
from dsa110_contimg.doctor.environment.survey import survey_environment

GOAL_S, GOAL_LIBRARIES = 2.0, 350


def main() -> None:
    """Print every race."""
    race_environment()


def race_environment() -> None:
    """Survey this environment, beside what reading its files alone and asking its interpreter take."""
    found = survey_environment()
    paths = {path for folder in found.site_packages for path in _list_libraries(folder)}

    def read_dynamic_sections() -> None:
        """Read with pyelftools what a survey needs of each file but its symbols."""
        from elftools.elf.elffile import ELFFile

        for path in paths:
            with open(path, "rb") as file:  # noqa: PTH123
                section = ELFFile(file).get_section_by_name(".dynamic")
                _ = [tag.entry.d_tag for tag in section.iter_tags()] if section else []

    results = race(
        {
            "survey": survey_environment,
            "limit: start the interpreter": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
            "pyelftools, dynamic sections only": read_dynamic_sections,
        },
        rounds=7,
        calls=1,
        title="Environment",
    )
    seconds = results["survey"].seconds * GOAL_LIBRARIES / max(found.libraries, GOAL_LIBRARIES)
    title = f"Survey of an environment with {found.libraries} native libraries"
    show(title, results, "survey", [judge(f"seconds for {GOAL_LIBRARIES} libraries", seconds, GOAL_S, at_least=False)])


def _list_libraries(folder: str) -> list[str]:
    found = subprocess.run(["find", folder, "-name", "*.so*", "-type", "f"], capture_output=True, text=True, check=True)
    return [path for path in found.stdout.splitlines() if not path.endswith((".py", ".pyi"))]
