"""Why Locust ended, from what it said."""

from gameday.load import locust_errors

TRACE = """Traceback (most recent call last):
  File "/venv/bin/locust", line 8, in <module>
    sys.exit(main())
  File "/w/load/shop.py", line 3, in <module>
    import helpers
  File "/w/load/helpers.py", line 9, in <module>
    boom()
ValueError: no such thing: Colon
"""


def test_the_last_error_of_a_trace_is_given_with_the_locustfiles_own_line() -> None:
    assert locust_errors.find(TRACE, "load/shop.py") == locust_errors.Complaint(
        message="ValueError: no such thing: Colon", line=3
    )


def test_a_logged_error_counts_more_than_what_is_printed() -> None:
    text = (
        "[2026-12-01 10:00:00,000] host/INFO/locust.main: Starting Locust\n"
        "[2026-12-01 10:00:00,100] host/ERROR/locust.main: No User class found!\n"
        "bye\n"
    )
    assert locust_errors.find(text, "shop.py").message == "No User class found!"


def test_what_is_printed_counts_when_nothing_is_logged_as_an_error() -> None:
    assert locust_errors.find("Could not find 'x.py'.\n\n", "x.py").message == "Could not find 'x.py'."


def test_the_last_words_of_a_locust_that_was_killed_are_no_reason_unless_they_are_an_error() -> None:
    text = "[2026-12-01 10:00:00,000] host/INFO/locust.main: Starting Locust\nbye\n"
    assert locust_errors.find(text, "x.py", killed=True).message == ""
    assert locust_errors.find(TRACE, "load/shop.py", killed=True).line == 3


def test_the_package_that_holds_a_missing_module_is_named() -> None:
    text = "ModuleNotFoundError: No module named 'websocket'\n"
    assert locust_errors.find(text, "x.py").hint == "pip install websocket-client"


def test_silence_is_reported_as_nothing() -> None:
    assert locust_errors.find("", "x.py") == locust_errors.Complaint(message="")
