"""A game day: its state, its timetable of injects, its report. Pure functions.

Every terminal, the conductor of the game day and the report are drawn from these values, so that they
can't disagree.
"""
