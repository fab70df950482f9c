"""The control server answers its owner and nobody else."""

from __future__ import annotations

import http.client
import json
from pathlib import Path

import pytest

from gameday.shop import client, state_folder
from tests.shop.conftest import RunningShop

JSON = {"Content-Type": "application/json"}
FLAG = json.dumps({"action": "flag", "actor": "page", "args": {"name": "new-ranking", "on": True}})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({**JSON, "Host": "shop.example.com"}, 403),
        (JSON, 200),
    ],
)
def test_a_web_page_can_not_pull_a_mitigation(shop: RunningShop, headers, status):
    connection = http.client.HTTPConnection(shop.control.removeprefix("http://"))
    connection.request("POST", "/actions", FLAG, headers)
    assert connection.getresponse().status == status
    connection.close()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"action": "flag"}',
        '{"action": "flag", "args": []}',
        '{"action": "flag", "args": "x"}',
        '{"action": "scale", "args": {"count": "x"}}',
    ],
)
def test_a_body_that_makes_no_sense_is_answered_with_why(shop: RunningShop, body):
    status, answer = client.exchange("POST", f"{shop.control}/actions", body)
    assert status == 400
    assert json.loads(answer)["error"]


def test_it_listens_on_loopback_only(shop: RunningShop):
    record = state_folder.current().read_record()
    assert record is not None
    wanted = {f"0100007F:{port:04X}" for port in (record.edge, record.admin, record.control)}
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert wanted <= {row[1] for row in rows if row[3] == "0A"}
