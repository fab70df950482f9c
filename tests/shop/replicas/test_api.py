"""A replica serves users, and refuses requests that make no sense."""

from __future__ import annotations

import pytest

from tests.shop.conftest import RunningShop


def test_users_browse_fill_a_cart_pay_and_log_in(shop: RunningShop):
    assert len(shop.ask("GET", "/products?category=3").body["products"]) == 12
    assert shop.ask("POST", "/cart", {"cart": "c1", "product": 3, "quantity": 2}).status == 201
    paid = shop.ask("POST", "/checkout", {"cart": "c1"})
    assert paid.status == 201
    assert paid.body["paid"]
    assert paid.body["total"] == 2 * 5257
    assert "session" in shop.login().body


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/cart", {"cart": "c"}, 400),
        ("/cart", {"cart": "c", "product": -1}, 400),
        ("/cart", [], 400),
        ("/checkout", {}, 400),
        ("/login", {"user": "user1", "password": "wrong"}, 401),
        ("/nowhere", {}, 404),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(shop: RunningShop, path, body, status):
    assert shop.ask("POST", path, body).status == status
