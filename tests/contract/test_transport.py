"""The real transport against a loopback server: what proves that nothing left, and what leaves it unknown."""

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from octane.kernel.clock import Instant, SystemClock
from octane.wire.breaker import Breaker
from octane.wire.http import IDLE_MS, HttpTransport, NoAnswerError, NotSentError

HIDDEN = "secret=do-not-repeat"


class Peer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: list[str]
    clients: set[tuple[str, int]]
    release: threading.Event

    def do_GET(self) -> None:
        self.seen.append(f"{self.command} {self.path}")
        self.clients.add(self.client_address)
        getattr(self, "say_" + self.path.partition("?")[0].strip("/"))()

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", "0"))
        self.body = self.rfile.read(length)
        self.do_GET()

    def say_ok(self, status: int = 200, body: bytes = b"hello") -> None:
        self.send_response(status)
        self.send_header("X-Mixed-Case", "Value")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def say_echo(self) -> None:
        self.say_ok(body=self.body)

    def say_empty(self) -> None:
        self.send_response(204)
        self.end_headers()

    def say_fault(self) -> None:
        self.say_ok(503, b"")

    def say_moved(self) -> None:
        self.send_response(302)
        self.send_header("Location", "/ok")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def say_truncated(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"short")
        self.close_connection = True

    def say_hangup(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def say_silent(self) -> None:
        self.release.wait(5)
        self.close_connection = True

    def say_dribble(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        while not self.release.wait(0.05):
            try:
                self.wfile.write(b".")
            except OSError:
                return

    def say_large(self) -> None:
        self.say_ok(body=b"x" * 3_000)

    def say_endless(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while not self.release.is_set():
            try:
                self.wfile.write(b"400\r\n" + b"x" * 0x400 + b"\r\n")
            except OSError:
                return

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


@pytest.fixture
def peer() -> Iterator[ThreadingHTTPServer]:
    Peer.seen, Peer.clients, Peer.release = [], set(), threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    Peer.release.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def url(peer: ThreadingHTTPServer) -> str:
    return f"http://127.0.0.1:{peer.server_port}"


@pytest.fixture
def transport() -> HttpTransport:
    return HttpTransport(SystemClock(), response_limit=2_000)


def get(transport: HttpTransport, url: str, timeout_s: float = 5.0):
    return transport.send("GET", f"{url}?{HIDDEN}", {}, None, timeout_s)


def test_an_answer_arrives_byte_for_byte_with_lower_case_names(transport, url):
    answer = get(transport, f"{url}/ok")
    assert (answer.status, answer.body, answer.headers["x-mixed-case"]) == (200, b"hello", "Value")
    assert transport.send("POST", f"{url}/echo", {"x": "y"}, b"\x00\xffraw", 5.0).body == b"\x00\xffraw"
    assert get(transport, f"{url}/empty").body == b""


def test_a_redirect_is_an_answer_and_is_not_followed(transport, url):
    assert get(transport, f"{url}/moved").status == 302
    assert len(Peer.seen) == 1


@pytest.mark.parametrize(
    ("path", "timeout_s"),
    [
        ("truncated", 5.0),
        ("hangup", 5.0),
        ("silent", 0.2),
        ("dribble", 0.4),
        ("large", 5.0),
        ("endless", 5.0),
    ],
)
def test_what_leaves_the_outcome_unknown_is_sent_once(transport, url, path, timeout_s):
    with pytest.raises(NoAnswerError) as unknown:
        get(transport, f"{url}/{path}", timeout_s)
    assert len(Peer.seen) == 1
    assert HIDDEN not in str(unknown.value)


def test_a_refused_connection_proves_that_nothing_left(transport):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(NotSentError) as proof:
            get(transport, f"http://127.0.0.1:{unused.getsockname()[1]}/ok")
    assert HIDDEN not in str(proof.value)


@pytest.mark.parametrize("base", ["http://no..host", "nonsense://x"])
def test_an_address_that_cannot_be_called_proves_it_too(transport, base):
    with pytest.raises(NotSentError):
        get(transport, f"{base}/ok")


def test_a_name_that_does_not_resolve_proves_it_too(transport, monkeypatch):
    def resolve(*_: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(NotSentError):
        get(transport, "http://no-such-host.invalid/ok")


def test_an_untrusted_certificate_ends_the_call_before_the_request(transport, peer, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = x509.CertificateBuilder(
        name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)
    ).sign(key, SHA256())
    pem = tmp_path / "peer.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    peer.socket = context.wrap_socket(peer.socket, server_side=True)
    peer.handle_error = lambda *_: None
    with pytest.raises(NotSentError, match="not trusted"):
        get(transport, f"https://localhost:{peer.server_port}/ok")
    assert Peer.seen == []


def test_connections_are_kept_but_not_across_a_long_pause(url):
    clock = HandClock()
    transport = HttpTransport(clock)
    get(transport, f"{url}/ok")
    get(transport, f"{url}/ok")
    assert len(Peer.clients) == 1
    clock.at += IDLE_MS + 1
    get(transport, f"{url}/ok")
    assert len(Peer.clients) == 2


class HandClock:
    at = Instant(1_000_000)

    def now(self) -> Instant:
        return self.at


def test_an_open_circuit_sends_nothing_until_its_probe(url):
    clock = HandClock()
    transport = HttpTransport(clock, Breaker(clock, failures=2, open_ms=1_000))
    assert get(transport, f"{url}/fault").status == 503
    with pytest.raises(NoAnswerError):
        get(transport, f"{url}/hangup")
    with pytest.raises(NotSentError):
        get(transport, f"{url}/ok")
    assert len(Peer.seen) == 2
    clock.at += 1_000
    assert get(transport, f"{url}/ok").status == 200
    assert get(transport, f"{url}/ok").status == 200
