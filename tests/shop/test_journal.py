"""Logs are written and read a line at a time."""

from __future__ import annotations

import json
from pathlib import Path

from gameday.shop import journal
from gameday.shop.journal import Journal


def test_the_last_lines_of_all_logs_come_in_order_of_time(tmp_path: Path):
    api, control = Journal(tmp_path / "api.jsonl", replica="api-1"), Journal(tmp_path / "control.jsonl")
    for number in range(5):
        api.write("request", number=number)
        control.write("alert", number=number)
    lines = [json.loads(line) for line in journal.tail(tmp_path, 4)]
    assert [line["number"] for line in lines] == [3, 3, 4, 4]
    assert lines[-2]["replica"] == "api-1"


def test_a_long_log_is_read_from_its_end(tmp_path: Path):
    lines = [json.dumps({"at": f"{number:06}"}) for number in range(20_000)]
    (tmp_path / "edge.jsonl").write_text("\n".join(lines))
    assert journal.tail(tmp_path, 3) == lines[-3:]


def test_a_line_that_is_no_json_does_no_harm(tmp_path: Path):
    (tmp_path / "edge.jsonl").write_text("[1]\nhalf\n")
    assert journal.tail(tmp_path, 5) == ["[1]", "half"]
