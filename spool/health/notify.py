"""Telling systemd how we are: ready, reloading, stopping, still making progress (sd_notify(3))."""

import os
import socket


class Notifier:
    """Speaks to the socket that systemd names in the environment; without one it says nothing."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        self.watchdog_seconds = int(os.environ.get("WATCHDOG_USEC", "0")) / 1_000_000
        """How often systemd wants to hear of progress; 0 when it does not."""

    def send(self, *lines: str) -> None:
        """Send state lines such as ``READY=1``. A deaf systemd must not stop us."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
                channel.connect(address)
                channel.sendall("\n".join(lines).encode())
        except OSError:
            self._address = ""
