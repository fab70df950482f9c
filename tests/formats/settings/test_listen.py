import pytest
from hypothesis import given
from hypothesis import strategies as st

from gameday.formats.settings import listen


@pytest.mark.parametrize(
    ("text", "shown", "loopback", "everywhere"),
    [
        ("127.0.0.1:9099", "127.0.0.1:9099", True, False),
        ("127.8.8.8:1", "127.8.8.8:1", True, False),
        ("localhost:9099", "localhost:9099", True, False),
        ("[::1]:9099", "[::1]:9099", True, False),
        ("0.0.0.0:65535", "0.0.0.0:65535", False, True),
        (":9099", "0.0.0.0:9099", False, True),
        ("[::]:9099", "[::]:9099", False, True),
        ("10.0.0.5:9099", "10.0.0.5:9099", False, False),
        ("localhost.example.com:9099", "localhost.example.com:9099", False, False),
    ],
)
def test_an_address_is_read_and_known_to_be_loopback_or_not(
    text: str, shown: str, loopback: bool, everywhere: bool
) -> None:
    address = listen.parse(text)
    assert (str(address), address.is_loopback, address.is_everywhere) == (shown, loopback, everywhere)


@pytest.mark.parametrize(
    "text",
    [
        *("", "9099", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:+1"),
        *(
            "http://127.0.0.1:9099",
            "::1:9099",
            "[::1",
            "0x7f.1:9099",
            "2130706433:9099",
            "a b:9099",
            "ü:9099",
        ),
        "127.0.0.1:٩٠٩٩",
    ],
)
def test_what_is_no_address_to_bind_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        listen.parse(text)


@given(text=st.text(max_size=30))
def test_whatever_is_read_is_read_again_as_the_same(text: str) -> None:
    try:
        address = listen.parse(text)
    except ValueError:
        return
    assert listen.parse(str(address)) == address
    assert 0 < address.port < 65_536
