"""Every port has a fake at its own path, which has the port's methods."""

from __future__ import annotations

import importlib
import inspect
from typing import get_args, get_type_hints

import pytest

from gameday import ports
from gameday.testing import rehearsal, schedules, store
from gameday.testing.fakes import Fakes

PORTS = [
    value
    for value in vars(ports).values()
    if inspect.isclass(value)
    and getattr(value, "_is_protocol", False)
    and value.__module__.startswith("gameday")
]
FAKES = {get_args(hint)[0]: getattr(Fakes, name) for name, hint in get_type_hints(Fakes).items()}

each_port = pytest.mark.parametrize("port", PORTS, ids=lambda port: port.__name__)


def methods(port):
    """Give a port's methods and properties by name."""
    return {name: member for name, member in vars(port).items() if not name.startswith("_")}


def parameters(function):
    return [
        (parameter.name, parameter.kind, parameter.default)
        for parameter in list(inspect.signature(function).parameters.values())[1:]
        if parameter.kind is not inspect.Parameter.VAR_POSITIONAL
    ]


def test_the_list_of_fakes_is_the_list_of_ports():
    assert len(PORTS) > 20
    assert set(FAKES) == set(PORTS)


@each_port
def test_a_fake_is_at_the_path_of_its_port(port):
    path = port.__module__.replace("gameday.ports", "gameday.testing", 1)
    assert FAKES[port].__module__ == path
    assert vars(importlib.import_module(path))[FAKES[port].__name__] is FAKES[port]


@each_port
def test_a_port_has_a_file_of_its_own(port):
    assert [other for other in PORTS if other.__module__ == port.__module__] == [port]


@each_port
def test_a_fake_takes_what_its_port_takes(port):
    fake = FAKES[port]
    for name, member in methods(port).items():
        if isinstance(member, property):
            assert hasattr(fake, name) or name in get_type_hints(fake)
            continue
        ours = inspect.getattr_static(fake, name)
        assert parameters(ours) == parameters(member), f"{fake.__name__}.{name}"
        assert inspect.iscoroutinefunction(ours) == inspect.iscoroutinefunction(member)


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (rehearsal, "World Keeper Users Probes Receiver Place Hands Footprints Pen told REQUEST PER_BUCKET"),
        (
            schedules,
            "MemoryScheduleStore FakeDrill FakeStarter FakeIncidents FakeCalendars FakeNotices FakeAnnouncer STANDING",
        ),
        (store, "MemoryStore"),
    ],
)
def test_former_names_are_still_there(module, names):
    assert set(names.split()) == set(module.__all__)
    assert all(hasattr(module, name) for name in names.split())


def test_the_world_still_answers_to_its_former_words():
    world = rehearsal.World(fault=True)
    assert (world.hurt, world.mended) == (True, False)
    world.mended = True
    assert (world.fixed, world.affected, world.hurt) == (True, False, False)
