"""Former names of the fakes of a drill, for tests that import them from here.

Each fake is at the path of its port now: `ports/drill/prober.py` and `testing/drill/prober.py`.
"""

from gameday.testing.drill.fault_keeper import FakeFaultKeeper as Keeper
from gameday.testing.drill.load_driver import PER_BUCKET, REQUEST
from gameday.testing.drill.load_driver import FakeLoadDriver as Users
from gameday.testing.drill.prober import FakeProber as Probes
from gameday.testing.drill.runner import FakeRunner as Hands
from gameday.testing.drill.signals import FakeSignals as Receiver
from gameday.testing.drill.target import FakeTarget as Place
from gameday.testing.drill.trail import FakeTrail as Footprints
from gameday.testing.fact_writer import FactWriter as Pen
from gameday.testing.fact_writer import read_history as told
from gameday.testing.world import World

__all__ = [
    "PER_BUCKET",
    "REQUEST",
    "Footprints",
    "Hands",
    "Keeper",
    "Pen",
    "Place",
    "Probes",
    "Receiver",
    "Users",
    "World",
    "told",
]
