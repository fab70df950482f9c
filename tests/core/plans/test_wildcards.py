import pytest

from gameday.core.plans import wildcards


@pytest.mark.parametrize(
    ("name", "text", "fits"),
    [
        ("GET /cart/[id]", "GET /cart/[id]", True),
        ("GET /cart/[id]", "GET /cart/i", False),
        ("GET *", "GET /cart\nand more", True),
        ("*cart*", "GET /cart/[id]", True),
        ("cart", "GET /cart", False),
    ],
)
def test_only_the_asterisk_is_special(name: str, text: str, fits: bool) -> None:
    assert (wildcards.matcher(name).fullmatch(text) is not None) is fits
