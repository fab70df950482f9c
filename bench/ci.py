"""How long `gameday ci` takes for the three scenarios of the catalogue on the embedded shop, from nothing.

The shop is brought up and down by the hooks of gameday.toml for each drill; the phases before the fault and
after the revert are those that docs/how-to/ci.md recommends for pipelines. Nothing else is shortened: the
fault is held until recovery is observed. The JUnit XML is checked against what CI systems accept.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tables
import xmlschema

REPOSITORY = Path(__file__).resolve().parents[1]
PHASES = ("--phase", "baseline=15s", "--phase", "verify=10s")
SCHEMA = REPOSITORY / "tests" / "render" / "junit.xsd"
PORT = 18280


def workspace(root: Path) -> list[str]:
    """Make a workspace from the catalogue, its shop on ports of its own; give the scenarios."""
    for folder in ("experiments", "scenarios", "scorecards", "playbooks"):
        shutil.copytree(REPOSITORY / folder, root / folder)
    text = (REPOSITORY / "gameday.toml").read_text(encoding="utf-8")
    for ours, here in (("8080", PORT), ("8082", PORT + 2)):
        text = text.replace(f"127.0.0.1:{ours}", f"127.0.0.1:{here}")
    text = text.replace('"shop", "up"', f'"shop", "up", "--port-base", "{PORT}"')
    (root / "gameday.toml").write_text(text, encoding="utf-8")
    return sorted(f"scenarios/{file.name}" for file in (root / "scenarios").glob("*.yaml"))


def main() -> None:
    gameday = Path(sys.executable).parent / "gameday"
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        scenarios = workspace(root)
        began = time.perf_counter()
        words = [gameday, "ci", *scenarios, *PHASES, "--fail-under", "80", "--junit", "junit.xml", "--json"]
        done = subprocess.run(words, cwd=root, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - began
        if done.returncode not in {0, 1}:
            print(done.stderr[-4000:])
        report = json.loads(done.stdout)
        complaints = list(xmlschema.XMLSchema(SCHEMA).iter_errors(root / "junit.xml"))
    rows = [
        [row["scenario"], row["verdict"], f"{row['drills'][0]['seconds']:.0f}"] for row in report["scenarios"]
    ]
    tables.show("gameday ci, one drill after the other", ["scenario", "verdict", "s"], rows)
    tables.finish(
        [
            ("three scenarios from nothing, seconds", seconds, "<=", 240.0),
            (
                "scenarios that did not pass",
                sum(row["exit_code"] != 0 for row in report["scenarios"]),
                "<=",
                0.0,
            ),
            ("complaints about the JUnit XML", len(complaints), "<=", 0.0),
        ]
    )


if __name__ == "__main__":
    main()
