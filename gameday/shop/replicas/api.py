"""One replica of the shop's API: browse, cart, checkout, login; a process of its own.

Run as `python -m gameday.shop.replicas.api NAME RELEASE FOLDER DESCRIPTOR`: the control server hands over a
socket that listens already. A replica reads the settings from the state folder whenever their file has
changed, so that a mitigation takes effect from the next request on.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import socket
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvicorn
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gameday.shop import settings
from gameday.shop.journal import Journal
from gameday.shop.releases import API_KEYS, RELEASES, SECRETS, Release
from gameday.shop.replicas import database
from gameday.shop.state_folder import StateFolder
from gameday.system import clock

PAYMENT_TIMEOUT = 10.0
SLOW_QUERY = 0.05
_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0)


class CurrentSettings:
    """The settings file, read again when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version = (0, 0)
        self._value = settings.Settings()

    def get(self) -> settings.Settings:
        """Give the settings in force."""
        stat = self._path.stat()
        # The inode, too: the file is replaced by a rename, and two changes may fall into one clock tick.
        version = (stat.st_mtime_ns, stat.st_ino)
        if version != self._version:
            self._value = settings.decode(self._path.read_text(encoding="utf-8"))
            self._version = version
        return self._value


class Meters:
    """The replica's Prometheus metrics."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "shop_requests", "Requests answered.", ["route", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "shop_request_seconds", "Time to answer.", ["route"], buckets=_BUCKETS, registry=self.registry
        )
        self.queries = Histogram(
            "shop_query_seconds",
            "Time of a query, its waiting included.",
            ["query"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.waiting = Gauge("shop_queries_waiting", "Queries asked, not answered.", registry=self.registry)


class Api:
    """The shop's requests. `name` is the replica's, `release` the code that it was started with."""

    def __init__(self, name: str, release: Release, folder: StateFolder) -> None:
        self.settings = CurrentSettings(folder.settings)
        self.release = release
        self.meters = Meters()
        self.journal = Journal(folder.logs / f"{name}.jsonl", replica=name, release=self.release.name)
        self._pool = database.Pool(folder.database)

    async def query(
        self, name: str, run: Callable[..., database.T], *arguments: object, **options: object
    ) -> database.T:
        """Ask the database, measure how long it took, and log what was slow."""
        begin = clock.monotonic()
        with self.meters.waiting.track_inprogress():
            replicas = self.settings.get().replicas
            answer = await self._pool.run(run, *arguments, replicas=replicas, **options)
        seconds = clock.monotonic() - begin
        self.meters.queries.labels(name).observe(seconds)
        if seconds > SLOW_QUERY:
            self.journal.write("slow-query", query=name, seconds=round(seconds, 4))
        return answer

    async def root(self, _request: Request) -> Response:
        """Give the shop's name and release."""
        return JSONResponse({"shop": "gameday", "release": self.release.name})

    async def health(self, _request: Request) -> Response:
        """Answer while the replica can serve."""
        return JSONResponse({"healthy": True, "release": self.release.name})

    async def metrics(self, _request: Request) -> Response:
        """Give the metrics in Prometheus' text format."""
        return PlainTextResponse(generate_latest(self.meters.registry))

    async def products(self, request: Request) -> Response:
        """List a category's products, with recommendations."""
        category = _whole(request.query_params.get("category", "0"), "category")
        now = self.settings.get()
        ranked = now.flags.get("new-ranking", False) and "recommendations" not in now.breakers
        page = await self.query(
            "new-ranking" if ranked else "products", database.page, category, ranked=ranked
        )
        listed = [{"id": item.id, "name": item.name, "price": item.price} for item in page.products]
        return JSONResponse({"products": listed, "recommended": list(page.recommended)})

    async def cart(self, request: Request) -> Response:
        """Put a product into a cart: `{"cart": id, "product": id, "quantity": n}`."""
        body = await _body(request)
        product, quantity = (
            _whole(body.get("product"), "product"),
            _whole(body.get("quantity", 1), "quantity"),
        )
        cart = _text(body.get("cart"), "cart")
        await self.query("add-line", database.add_line, cart, product, quantity)
        return JSONResponse({"cart": cart}, 201)

    async def checkout(self, request: Request) -> Response:
        """Pay for a cart and order it: `{"cart": id}`."""
        cart = _text((await _body(request)).get("cart"), "cart")
        paid = await self._pay()
        number, total = await self.query("order", database.order, cart, paid=paid)
        return JSONResponse({"order": number, "total": total, "paid": paid}, 201)

    async def _pay(self) -> bool:
        """Wait for the payment provider; with its breaker open, take the money later."""
        now = self.settings.get()
        if "payments" in now.breakers:
            return False
        if now.payments > PAYMENT_TIMEOUT:
            await asyncio.sleep(PAYMENT_TIMEOUT)
            raise HTTPException(504, "the payment provider did not answer")
        await asyncio.sleep(now.payments * random.uniform(0.8, 1.2))  # noqa: S311  # not a secret
        return True

    async def login(self, request: Request) -> Response:
        """Give a session to a customer: `{"user": name, "password": …}`."""
        body = await _body(request)
        user, password = _text(body.get("user"), "user"), _text(body.get("password"), "password")
        if not await self.query("password", database.password_is, user, password):
            raise HTTPException(401, "wrong name or password")
        secret = SECRETS.get(self.release.session_key)
        if secret is None:
            self.journal.write("login-failed", reason=f"no secret named {self.release.session_key}")
            raise HTTPException(500, "sessions can't be signed")
        return JSONResponse(
            {"session": f"{user}.{hmac.new(secret, user.encode(), hashlib.sha256).hexdigest()}"}
        )

    async def measured(self, request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        """Check the API key, answer the request, and measure it."""
        begin = clock.monotonic()
        response = self._refusal(request) or await answer(request)
        seconds = clock.monotonic() - begin
        # Clients may ask for any path; labels must stay few.
        route = request.url.path if request.url.path in _ROUTES else "other"
        self.meters.requests.labels(route, str(response.status_code)).inc()
        self.meters.seconds.labels(route).observe(seconds)
        if response.status_code >= 500:
            self.journal.write("request-failed", path=request.url.path, status=response.status_code)
        return response

    def _refusal(self, request: Request) -> Response | None:
        key = request.headers.get("x-api-key")
        if key is None or (key in API_KEYS and key not in self.settings.get().revoked):
            return None
        return JSONResponse({"error": "this API key is not valid"}, 401)

    def app(self) -> Starlette:
        """Give the ASGI application."""
        return Starlette(
            routes=[
                Route("/", self.root),
                Route("/health", self.health),
                Route("/metrics", self.metrics),
                Route("/products", self.products),
                Route("/cart", self.cart, methods=["POST"]),
                Route("/checkout", self.checkout, methods=["POST"]),
                Route("/login", self.login, methods=["POST"]),
            ],
            middleware=[Middleware(BaseHTTPMiddleware, dispatch=self.measured)],
        )


_ROUTES = ("/", "/health", "/products", "/cart", "/checkout", "/login")


async def _body(request: Request) -> dict[str, object]:
    try:
        body = await request.json()
    except ValueError as error:
        raise HTTPException(400, "the body is not JSON") from error
    if not isinstance(body, dict):
        raise HTTPException(400, "the body is not a JSON object")
    return body


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 200:
        raise HTTPException(400, f"{name} is missing")
    return value


def _whole(value: object, name: str) -> int:
    try:
        number = int(str(value))
    except ValueError as error:
        raise HTTPException(400, f"{name} is not a number") from error
    if not 0 <= number < 1_000_000:
        raise HTTPException(400, f"{name} is out of range")
    return number


def main() -> None:
    """Serve on the socket that was handed over, until a signal stops the server."""
    name, release, folder, descriptor = sys.argv[1:]
    api = Api(name, RELEASES[release], StateFolder(Path(folder)))
    listening = socket.socket(fileno=int(descriptor))
    config = uvicorn.Config(
        api.app(), log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2
    )
    api.journal.write("started")
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
