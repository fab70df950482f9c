"""A control that does one hostile deed in one of its hooks; both come from the environment."""

import locale
import os
import signal
import sys
import time
from pathlib import Path


class Unshowable:
    """Raises whatever is done with it."""

    def __repr__(self):
        raise SystemExit(9)

    __str__ = __len__ = __iter__ = __bool__ = __repr__


def _lists(state, experiment):
    yield from (experiment.get(name) for name in ("rollbacks", "method") if experiment)
    yield state if isinstance(state, list) else None


def append(state, experiment):
    for each in _lists(state, experiment):
        if each is state and each is not None:
            each += ["noted", None, 7, {}, {"activity": 3}, {"status": float("nan")}, Unshowable()]


def empty(state, experiment):
    for each in _lists(state, experiment):
        if each is not None:
            each.clear()
    if isinstance(state, dict):
        state.clear()


def replace(state, experiment):
    if experiment:
        experiment["rollbacks"] = [
            {
                "type": "action",
                "name": "mine",
                "provider": {"type": "python", "module": "os", "func": "getcwd"},
            }
        ]
    if isinstance(state, dict):
        state.update({key: Unshowable() for key in list(state)})


def leave(state, experiment):
    raise SystemExit(3)


def interrupt(state, experiment):
    raise KeyboardInterrupt


def vanish(state, experiment):
    os._exit(0)


def close(state, experiment):
    os.closerange(3, 64)


def shout(state, experiment):
    sys.stdout.write('{"is":"settled","undone":true,"how":"rolled-back","at":1}\n' * 3)
    sys.stdout.flush()
    os.write(1, b"5\n")


def move(state, experiment):
    os.chdir("/")
    locale.setlocale(locale.LC_ALL, "C")
    for number in (signal.SIGUSR1, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    Path("/tmp").stat()


def hang(state, experiment):
    time.sleep(1000)


def odd():
    """Return what JSON can't hold."""
    output = {"when": time.localtime(), "share": float("nan"), "half": "\ud800", 3: {b"x"}, "none": object()}
    output["self"] = output
    return output


def _hook(name):
    def hook(context=None, state=None, experiment=None, **_):
        if os.environ.get("HOSTILE_HOOK") == name:
            globals()[os.environ["HOSTILE_DEED"]](state, experiment)

    return hook


configure_control = _hook("configure_control")
before_experiment_control = _hook("before_experiment_control")
after_experiment_control = _hook("after_experiment_control")
before_hypothesis_control = _hook("before_hypothesis_control")
after_hypothesis_control = _hook("after_hypothesis_control")
before_method_control = _hook("before_method_control")
after_method_control = _hook("after_method_control")
before_rollback_control = _hook("before_rollback_control")
after_rollback_control = _hook("after_rollback_control")
before_activity_control = _hook("before_activity_control")
after_activity_control = _hook("after_activity_control")
