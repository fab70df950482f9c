"""Users of the embedded shop: they browse, fill a cart, pay, and log in now and then."""
# ruff: noqa: INP001, S311  # a locustfile is a script, and nothing here is a secret

import random

from locust import FastHttpUser, between, task

CATEGORIES = 40
CUSTOMERS = 500


class Customer(FastHttpUser):
    """One customer. Waits differ from user to user, so that users do not fall into step."""

    wait_time = between(0.05, 0.35)
    connection_timeout = 10.0
    network_timeout = 10.0

    def on_start(self) -> None:
        """Arrive at a moment of one's own, with an empty cart, and log in."""
        self.cart = f"{random.getrandbits(64):x}"
        self.login()

    @task(10)
    def browse(self) -> None:
        """Look at a category."""
        category = random.randrange(CATEGORIES)
        self.client.get(f"/products?category={category}", name="GET /products")

    @task(5)
    def fill(self) -> None:
        """Put something into the cart."""
        line = {"cart": self.cart, "product": random.randint(1, 4000), "quantity": random.randint(1, 3)}
        self.client.post("/cart", json=line, name="POST /cart")

    @task(4)
    def pay(self) -> None:
        """Order what is in the cart, and take a new one."""
        self.client.post("/checkout", json={"cart": self.cart}, name="POST /checkout")
        self.cart = f"{random.getrandbits(64):x}"

    @task(1)
    def login(self) -> None:
        """Prove who one is."""
        number = random.randint(1, CUSTOMERS)
        credentials = {"user": f"user{number}", "password": f"password{number}"}
        self.client.post("/login", json=credentials, name="POST /login")
