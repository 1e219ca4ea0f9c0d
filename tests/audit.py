"""Does a library that the site runs on have a known weakness? `python -m tests.audit` asks OSV, a service that knows
them, about every version of the lock file.

A weakness fails. Without an answer nothing is known: that is said loudly, and fails nothing, since machines without a
way out build and test all the same.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from forum.settings import ROOT

ASK = (sys.executable, "-m", "pip_audit", "--requirement", "requirements.txt", "--require-hashes", "--disable-pip")
# A service that knows none of our libraries would otherwise be a service that finds nothing.
HOW = ("--vulnerability-service", "osv", "--timeout", "30", "--format", "json", "--progress-spinner", "off")
# Weaknesses that nothing in Cahier reaches, each with the reason in a comment, until the version that mends it is here.
UNREACHED: tuple[str, ...] = ()


def audit(more: Sequence[str] = ()) -> tuple[int, list[str]]:
    """The exit status, and what to say."""
    unreached = [word for one in UNREACHED for word in ("--ignore-vuln", one)]
    asked = subprocess.run([*ASK, *HOW, *unreached, *more], cwd=ROOT, capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(asked.stdout)["dependencies"]
    except ValueError:
        return 0, _unknown(asked.stderr.strip().splitlines()[-1:])
    weak = [
        f"{one['name']} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in found
        for flaw in one.get("vulns", ())
    ]
    if weak:
        return 1, ["Known weaknesses (SECURITY.md says until when each must be gone):", *weak]
    skipped = [one["skip_reason"] for one in found if "skip_reason" in one]
    if skipped:
        return 0, _unknown(skipped[:3])
    return 0, [f"No known weakness in the {len(found)} libraries of requirements.txt."]


def _unknown(why: list[str]) -> list[str]:
    return ["", "!!! NOT AUDITED: the service of known weaknesses did not answer for every library.", *why, ""]


if __name__ == "__main__":
    status, lines = audit(sys.argv[1:])
    print("\n".join(lines), file=sys.stderr if status or "NOT AUDITED" in "".join(lines) else sys.stdout)
    raise SystemExit(status)
