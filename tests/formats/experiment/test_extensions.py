import pytest

from gameday.formats.experiment import extensions


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("chaosgcp.compute.actions", "pip install chaostoolkit-google-cloud-platform"),
        ("chaostoxi", "pip install chaostoolkit-toxiproxy"),
        ("websocket", "pip install websocket-client"),
        ("paho.mqtt.client", "pip install paho-mqtt"),
        ("chaosgcpx.actions", "install what holds it, or put it into the workspace"),
        ("mine.chaosgcp", "install what holds it, or put it into the workspace"),
    ],
)
def test_the_package_of_a_published_extension_is_named(module: str, expected: str) -> None:
    assert extensions.hint(module) == expected
