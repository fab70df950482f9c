"""A game day that is held: where it stands, its timetable of injects, its report. Pure.

Comes in: the history of a game day, and those of its drills. Goes out: values that every terminal, the
conductor of the day and the report are drawn from, so that they can't disagree.
Does not: read a clock or a store, or conduct anything (`conduct.gamedays.host`).
"""
