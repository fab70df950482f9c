"""Chaos Toolkit's own process, and the only modules that import chaoslib.

chaoslib has global controls, caches and signal handlers: each experiment gets a process of its own. It reads
commands from stdin (JSON lines) and reports facts and notes on a private copy of stdout. It never calls home,
and writes no chaostoolkit.log.

    {"do": "inject", "request": …, "journal": PATH}         run the experiment, hold, roll back
    {"do": "release"}                                       end the hold
    {"do": "load", "request": …}                            be ready to play its rollbacks
    {"do": "play", "request": …, "attempt": N, "by": WHO}   play them
    {"do": "ask", "probe": TEXT}                            run a probe with its tolerance
    {"do": "steady", "text": …, "path": …}                  evaluate a steady-state hypothesis
    {"do": "check", "paths": […]}                           validate as `chaos validate` does, and import
    {"do": "count", "request": …}                           find what each action targets
    {"do": "lease", "namespace": …, "name": …, …}           take or give back a Kubernetes Lease
    {"do": "read", "function": "module:function", …}        read a guardrail's source through a slow library

When the parent dies (end of file on stdin), a child that runs an experiment rolls back by itself and ends.
chaostoolkit-lib 1.44 (Python 3.11) and 1.45 agree in all that is used here.
"""
