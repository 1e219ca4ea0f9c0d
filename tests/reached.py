"""Which lines and branches of the program do the tests reach?

With `PYTEST_PLUGINS=tests.reached` each test process is measured from its first import of the program on, by probes in
the compiled code that are taken out once they have been reached: after the imports they cost next to nothing. With
`REACHED_FILES` only those files are, which spares the pass on the second database the rest. Then
`python -m tests.reached FILES` says the figure, and fails when the tests miss a line or a branch of a file in `FILES`.
"""

import json
import os
import sys
from pathlib import Path

import slipcover

MEASURED = Path("test-results/reached")
PROCESS = os.environ.get("PYTEST_XDIST_WORKER", "")

program = os.environ.get("REACHED_FILES", "forum workers").split()
# A folder is measured with the files that nobody imports.
probes = slipcover.Slipcover(branch=True, source=[each for each in program if not each.endswith(".py")])
# The process that hands out the tests runs none of the program.
if PROCESS:
    slipcover.ImportManager(probes, slipcover.FileMatcher(sources=program)).__enter__()


def pytest_sessionfinish() -> None:
    """What this process reached, in a file of its own."""
    if PROCESS:
        MEASURED.mkdir(parents=True, exist_ok=True)
        (MEASURED / f"{PROCESS}-{os.getpid()}.json").write_text(json.dumps(probes.get_coverage()))


def say(protected: list[str]) -> int:
    """Say what the processes reached together; 1 when they missed something of the files `protected`, else 0."""
    first, *others = [json.loads(file.read_text()) for file in sorted(MEASURED.glob("*.json"))]
    for other in others:
        slipcover.merge_coverage(first, other)
    files = {name: first["files"][name] for name in protected}
    missed = {name: file for name, file in files.items() if file["summary"]["percent_covered"] < 100}
    percent = first["summary"]["percent_covered"]
    print(f"Tests reach {percent:.0f} % of lines and branches; all of these:")
    for name, file in files.items():
        missing = f", but not lines {file['missing_lines']}, branches {file['missing_branches']}"
        print(f"  {name}{missing if name in missed else ''}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(say(sys.argv[1:]))
