"""A port that is free now, for servers that can't be told to choose one."""

import socket


def port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
