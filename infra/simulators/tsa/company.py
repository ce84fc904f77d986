"""The time-stamping authority as a company: RFC 3161 over HTTP (its section 3.4)."""

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from random import Random

from simulators.misbehaviour import Effect, Faults, Rules
from simulators.protocol import Call, Json, Now, Quiet, Reply, Subject
from simulators.tsa.keys import TsaKeys, new_tsa_keys, tsa_secret
from simulators.tsa.openssl import timestamp

QUERY, ANSWER = "application/timestamp-query", "application/timestamp-reply"
STAMP_PATH, CERTIFICATES_PATH = "/tsa", "/tsa/certificates.pem"
REJECTION = bytes.fromhex("30053003020102")
"""A TimeStampResp of nothing but PKIStatus `rejection`."""


@dataclass(frozen=True, slots=True)
class Stamped:
    at: int
    """Epoch ms, by the simulator's clock."""
    serial: int
    query_sha256: str


class Tsa(Quiet):
    name = "tsa"
    operations = frozenset({"stamp", "certificates"})

    def __init__(self, keys: TsaKeys, now: Now, random: Random) -> None:
        self.rules = Rules()
        self._keys = keys
        self._now = now
        self._random = random
        self.reset()

    def reset(self) -> None:
        """Forget the list of timestamps and the rules."""
        self.rules.clear()
        self._stamped: list[Stamped] = []

    def subject(self, call: Call) -> Subject | None:
        known = {("POST", STAMP_PATH): "stamp", ("GET", CERTIFICATES_PATH): "certificates"}
        operation = known.get((call.method, call.path))
        return None if operation is None else Subject(operation)

    def handle(self, call: Call, subject: Subject, faults: Faults) -> Reply:
        if (broken := faults.get(Effect.STATUS)) is not None:
            return Reply(broken.status or 503)
        if subject.operation == "certificates":
            pem = self._keys.certificate_pem + self._keys.root_pem
            return Reply(200, pem.encode(), {"Content-Type": "application/x-pem-file"})
        if call.headers.get("content-type", "") != QUERY:
            return Reply(415)
        if Effect.REFUSE in faults:
            return Reply(200, REJECTION, {"Content-Type": ANSWER})
        try:
            return Reply(200, self._stamp(call.body, faults), {"Content-Type": ANSWER})
        except subprocess.SubprocessError:
            return Reply(500)

    def command(self, name: str, order: Json) -> Json | None:
        return tsa_secret(self._keys) if name == "GET /keys" else None

    def books(self) -> Json:
        return {
            "totals": {"stamped": len(self._stamped)},
            "stamps": [
                {"at": one.at, "serial": f"{one.serial:X}", "query_sha256": one.query_sha256}
                for one in self._stamped
            ],
        }

    def _stamp(self, query: bytes, faults: Faults) -> bytes:
        """`fail` gives a timestamp of something else, `wrong_signature` one by somebody else."""
        asked = query
        if Effect.FAIL in faults:
            asked = _altered(query)
        keys = self._keys
        if Effect.WRONG_SIGNATURE in faults:
            keys = new_tsa_keys(datetime.fromtimestamp(self._now() / 1000, UTC))
        before = self._random.getrandbits(62)
        answer = timestamp(keys, asked, before)
        self._stamped.append(Stamped(self._now(), before + 1, sha256(query).hexdigest()))
        return answer


def _altered(query: bytes) -> bytes:
    """The same request about another digest: SHA-256's tag and length stand before the digest."""
    at = query.find(b"\x04\x20") + 2
    return query[:at] + bytes(byte ^ 1 for byte in query[at : at + 32]) + query[at + 32 :]
