"""Which URLs a locustfile writes down."""

import pytest

from gameday.formats.experiment import locustfile


def test_urls_in_calls_and_constants_are_found_once_each():
    source = 'API = "https://a.example/"\nclient.get("https://a.example/")\nclient.get("HTTP://b/x")\n'
    assert locustfile.urls(source) == ("https://a.example/", "HTTP://b/x")


def test_an_f_string_keeps_its_place_for_what_is_computed():
    assert locustfile.urls('get(f"http://{host}/x?y={y}")') == ("http://{}/x?y={}",)


def test_a_user_class_s_own_host_is_left_out_because_locust_replaces_it():
    assert locustfile.urls('class U(HttpUser):\n    host = "http://prod/"\n') == ()
    assert locustfile.urls('def f():\n    host = "http://prod/"\n') == ("http://prod/",)


def test_prose_and_relative_paths_are_no_urls():
    assert locustfile.urls('"""See http://a.example for more."""\nclient.get("/cart")\n') == ()


def test_what_is_no_python_has_no_urls():
    assert locustfile.urls("this is (") == ()


def test_arguments_that_a_locustfile_requires_are_found_where_they_are_written_literally() -> None:
    source = (
        "def add(parser):\n"
        "    parser.add_argument('-k', '--token', required=True, env_var='TOKEN')\n"
        "    parser.add_argument('--other', required=needed)\n"
        "    parser.add_argument('--optional')\n"
        "    parser.add_argument(*names, required=True)\n"
    )
    assert locustfile.required_arguments(source) == (
        locustfile.RequiredArgument(flags=("-k", "--token"), variable="TOKEN", line=2),
    )
    assert locustfile.required_arguments("not python (") == ()


@pytest.mark.parametrize(
    ("body", "end"),
    [
        ("time_limit = 600", 600),
        ("time_limit: int = 600", 600),
        ("time_limit = 60 * LENGTH", None),
        ("stages = [{'duration': 60, 'users': 1}, {'duration': 200, 'users': 5}]", 200),
        ("stages = [{'duration': 60}, {'duration': 30}]", 90),
        ("stages = [(60, 1)]", None),
        ("unused = 600", None),
    ],
)
def test_the_end_that_a_load_shape_states_is_found(body: str, end: float | None) -> None:
    shape = f"class S(locust.LoadTestShape):\n    {body}\n    def tick(self):\n        self.time_limit; self.stages\n"
    found = locustfile.shape_ends(f"import locust\n{shape}")
    assert [each.seconds for each in found] == ([] if end is None else [end])
    assert locustfile.shape_ends(shape.replace("locust.LoadTestShape", "object")) == ()
