"""HTTP: each module is an app, and `server` serves one."""
