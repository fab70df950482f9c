"""The face on HTTP; each module is an app of its own, and `server` lets one of them listen."""
