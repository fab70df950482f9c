"""Reads a guardrail's query from Prometheus, or from anything that speaks its HTTP API.

Of several series the worst counts; without a value the answer is neither yes nor no. A reading never raises,
never waits longer than PATIENCE, and never shows a password in the URL.

Format: https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries
"""

from __future__ import annotations

import asyncio
import json
import math
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from gameday.core.plans.scenario import Guardrail, Query
from gameday.core.values import Seconds
from gameday.ports import MeterContext, Reading
from gameday.system import fetching

PATIENCE: Seconds = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Prometheus:
    """`ports.Meter` for queries. `url`: the environment's Prometheus, for queries that name none."""

    url: str = ""

    @classmethod
    def open(cls, context: MeterContext) -> Self:
        """Read from the environment's Prometheus, where a query names no other."""
        return cls(url=context.prometheus)

    async def read(self, guardrail: Guardrail) -> Reading:
        """Ask once; never raises."""
        query = guardrail.prometheus
        url = (query.url if query else "") or self.url
        if query is None or not url:
            return Reading(
                breached=None, detail="neither the guardrail nor the environment names a Prometheus"
            )
        try:
            values = await asyncio.to_thread(ask, url, query.query)
        except (OSError, ValueError) as error:
            # Without user and password, which the URL may hold.
            where = urlsplit(url).netloc.rpartition("@")[2]
            return Reading(breached=None, detail=f"{where} gave no value: {error}"[:300])
        return judge(query, values)

    async def close(self) -> None:
        """Nothing is held open."""


def judge(query: Query, values: list[float]) -> Reading:
    """Compare the worst of the values with the query's bound."""
    # NaN is what Prometheus gives for 0/0, such as an error ratio without requests: no value.
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return Reading(breached=None, detail=f"{query.query} gives no value")
    if query.above is not None:
        worst, breached = max(known), max(known) > query.above
    else:
        worst, breached = min(known), query.below is not None and min(known) < query.below
    return Reading(breached=breached, detail=f"{worst:g} now")


def ask(url: str, query: str) -> list[float]:
    """Give the values that a query has now.

    Raises OSError when there is no answer, ValueError for an error or another form.
    """
    api = urlsplit(url)._replace(path=f"{urlsplit(url).path.rstrip('/')}/api/v1/query", query="").geturl()
    answer = fetching.fetch(api, within=PATIENCE, query={"query": query}, media_type="application/json")
    return _values(answer.status, answer.body)


def _values(status: int, body: bytes) -> list[float]:
    try:
        document = json.loads(body)
        if document["status"] != "success":
            raise ValueError(str(document["error"])[:200])
        return _read(document["data"]["resultType"], document["data"]["result"])
    # JSON that is nested deeply enough raises RecursionError.
    except (KeyError, TypeError, IndexError, json.JSONDecodeError, RecursionError):
        raise ValueError(f"status {status}, and not what Prometheus answers") from None


def _read(kind: str, result: Any) -> list[float]:
    """Read a vector or a scalar; a sample is (time, value as text)."""
    match kind:
        case "scalar":
            return [float(result[1])]
        case "vector":
            return [float(sample["value"][1]) for sample in result]
        case other:
            raise ValueError(f"the query gives a {other}; a guardrail needs a vector or a scalar")
