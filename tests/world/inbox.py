"""A loopback server that takes callbacks and holds each one until the test lets a handler answer it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Event, Thread

WAIT_SECONDS = 10


@dataclass
class Letter:
    """A callback as it came over the wire."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int = 503
    answer: bytes = b""
    answered: Event = field(default_factory=Event)

    def reply(self, status: int, answer: str) -> None:
        self.status, self.answer = status, answer.encode()
        self.answered.set()


class Inbox:
    def __init__(self) -> None:
        self.letters: Queue[Letter] = Queue()
        self.url = ""

    def next(self, seconds: float = WAIT_SECONDS) -> Letter | None:
        """The next callback, or None when none came in time."""
        try:
            return self.letters.get(timeout=seconds)
        except Empty:
            return None


@contextmanager
def opened_inbox() -> Iterator[Inbox]:
    inbox = Inbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            letter = Letter(self.path, dict(self.headers.items()), self.rfile.read(length))
            inbox.letters.put(letter)
            letter.answered.wait(WAIT_SECONDS)
            with suppress(ConnectionError):  # a sender that has hung up does not hear the answer
                self.send_response(letter.status)
                self.send_header("Content-Length", str(len(letter.answer)))
                self.end_headers()
                self.wfile.write(letter.answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    inbox.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield inbox
    finally:
        while (letter := inbox.next(0)) is not None:
            letter.reply(503, "closing")
        server.shutdown()
        server.server_close()
