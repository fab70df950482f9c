"""A small workspace on disk: one scenario with everything that it names."""

from __future__ import annotations

import json
from pathlib import Path

FILES = {
    "gameday.toml": "[environments.shop]\nbase_url = 'http://127.0.0.1:1'\n",
    "experiments/slow.json": json.dumps(
        {
            "title": "t",
            "description": "d",
            "method": [
                {
                    "type": "action",
                    "name": "a",
                    "provider": {
                        "type": "python",
                        "module": "os.path",
                        "func": "basename",
                        "arguments": {"p": "x"},
                    },
                }
            ],
            "rollbacks": [{"ref": "a"}],
        },
        indent=1,
    ),
    "experiments/load/shop.py": "from locust import User, task\n\n\nclass A(User):\n    @task\n    def t(self):\n        pass\n",
    "scenarios/slow.yaml": (
        "scenario: slow\ntitle: t\nenvironment: shop\nexperiment: ../experiments/slow.json\n"
        "load: {locustfile: ../experiments/load/shop.py}\nslos: [{slo: all}]\nexpect: [{alert: Slow}]\n"
        "objectives: {recover: 10m}\nplaybook: ../playbooks/slow.md\n"
    ),
    "scenarios/responders/slow.yaml": (
        "responder: bot\nas: automation\nsteps:\n- {when: {alert: Slow}, do: {step: look}}\n"
    ),
    "scorecards/team.yaml": (
        "scorecard: team\nversion: 1\n"
        "criteria: [{criterion: r, phase: recover, weight: 1, measure: recover}]\n"
    ),
    "scorecards/automation.yaml": (
        "scorecard: automation\nversion: 1\n"
        "criteria: [{criterion: r, phase: recover, weight: 1, measure: recover}]\n"
    ),
    "playbooks/slow.md": "# Slow\n\n1. Look. <!-- step: look -->\n",
}


def make(root: Path, **changed: str) -> Path:
    """Write the workspace below `root`; `changed` replaces files by their names without their endings."""
    for name, text in FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(changed.get(file.stem, text), encoding="utf-8")
    return root
