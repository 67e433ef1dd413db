"""A mail server that takes every letter on a free loopback port and keeps it."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    letters: list[str]


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self._say("220 surel.example siap")
        while line := self.rfile.readline().decode("ascii", "replace").strip():
            match line.split(":")[0].split()[0].upper():
                case "DATA":
                    self._say("354 silakan")
                    self.server.letters.append(self._letter())
                    self._say("250 diterima")
                case "QUIT":
                    self._say("221 selesai")
                    return
                case _:
                    self._say("250 baik")

    def _letter(self) -> str:
        lines = iter(lambda: self.rfile.readline().decode("utf-8").rstrip("\r\n"), ".")
        return "\n".join(lines)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[tuple[int, list[str]]]:
    """Its port, and the letters that came so far."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.letters = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1], server.letters
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
