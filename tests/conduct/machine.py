"""A host of no processes but those that a test names."""

from gameday.ports import CommandOutcome
from gameday.system.processes import Identity

ME = Identity(pid=1, started_ticks=1, boot="b")


class FakeMachine:
    """A host whose processes live until they are ended; `log` says what was done, in order."""

    host = "here"
    has_folder = True

    def __init__(self, *living, me=ME):
        self.me, self.living, self.halted, self.log = me, {me, *living}, set(), []
        self.methods = {}

    def alive(self, who):
        return who in self.living

    def stopped(self, who):
        return who in self.halted

    async def end(self, who, *, descendants=False):
        self.log.append(("end", who.pid, descendants))
        self.living.discard(who)
        return True

    async def end_method(self, drill, fault, *, ours=()):
        self.log.append(("end method", fault))
        return self.methods.get(fault, [])

    def forget_method(self, drill, fault):
        self.log.append(("forget method", fault))

    async def sweep(self, drill, *, spare=()):
        self.log.append(("sweep", drill))
        return 1

    async def run(self, argv):
        self.log.append(("run", *argv))
        return CommandOutcome(exit_code=0, output="")
