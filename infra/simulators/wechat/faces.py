"""Facial verification (人脸核身) of the mini-program server API: sessions, and what became of them. Epoch ms.

The customer's phone is played by `end`. Not published, and so our own choice: what an unknown or foreign
session answers (10017), and that one `out_seq_no` may begin several sessions.
"""

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from random import Random

from simulators.protocol import Json, Now, RefusedError
from simulators.texts import LETTERS, pick

SECONDS = 3_600
PASSED, PERSON_UNEQUAL, FACE_UNEQUAL, RUNNING = 10000, 10003, 10004, 10005
SESSION_UNKNOWN, TIMED_OUT, PERSON_UNKNOWN, NOT_DONE, CANCELLED = 10017, 10020, 10026, 10300, 90002
ENDS = {"pass": PASSED, "fail": FACE_UNEQUAL, "abandon": CANCELLED, "begin": RUNNING}


@dataclass(slots=True)
class Face:
    verify_id: str
    number: str
    openid: str
    cert_no: str
    cert_hash: str
    expires_at: int
    result: int = NOT_DONE

    def view(self) -> Json:
        return {
            "verify_id": self.verify_id,
            "out_seq_no": self.number,
            "openid": self.openid,
            "cert_no": self.cert_no,
            "verify_ret": self.result,
        }


class Faces:
    def __init__(self, now: Now, random: Random) -> None:
        self._now = now
        self._random = random
        self.faces: dict[str, Face] = {}
        self.unknown: set[str] = set()
        """Identity numbers that the authority has no picture of."""

    def begin(self, given: Json) -> Json:
        """getVerifyId; raises errcode 40097 for a request that is not complete."""
        person = given.get("cert_info")
        person = person if isinstance(person, dict) else {}
        number, openid = given.get("out_seq_no"), given.get("openid")
        kind, name, cert_no = (person.get(part) for part in ("cert_type", "cert_name", "cert_no"))
        texts = (number, openid, kind, name, cert_no)
        if not all(isinstance(text, str) and text for text in texts) or kind != "IDENTITY_CARD":
            raise RefusedError(200, "40097", "invalid args")
        verify_id = pick(self._random, LETTERS, 64)
        hashed = cert_hash(str(kind), str(name), str(cert_no))
        expires_at = self._now() + SECONDS * 1_000
        self.faces[verify_id] = Face(verify_id, str(number), str(openid), str(cert_no), hashed, expires_at)
        return {"errcode": 0, "errmsg": "ok", "verify_id": verify_id, "expires_in": SECONDS}

    def query(self, given: Json) -> Json:
        """queryVerifyInfo: all four fields must be those of the session."""
        face = self.faces.get(str(given.get("verify_id", "")))
        asked = (given.get("out_seq_no"), given.get("openid"))
        if face is None or asked != (face.number, face.openid):
            result = SESSION_UNKNOWN
        elif given.get("cert_hash") != face.cert_hash:
            result = PERSON_UNEQUAL
        elif face.result in (NOT_DONE, RUNNING) and self._now() >= face.expires_at:
            result = TIMED_OUT
        else:
            result = face.result
        return {"errcode": 0, "errmsg": "ok", "verify_ret": result}

    def end(self, verify_id: str, how: str) -> Json:
        """What the customer does before the camera: one of `ENDS`; a session ends once."""
        if how not in ENDS:
            raise ValueError(f"result: {', '.join(ENDS)}")
        face = self.faces.get(verify_id)
        if face is None:
            raise RefusedError(409, "NO_SUCH_SESSION", "no such verify_id")
        if face.result not in (NOT_DONE, RUNNING) or self._now() >= face.expires_at:
            raise RefusedError(409, "SESSION_OVER", "this session is over")
        face.result = PERSON_UNKNOWN if how == "pass" and face.cert_no in self.unknown else ENDS[how]
        return face.view()


def cert_hash(kind: str, name: str, cert_no: str) -> str:
    """Each field in base64, as pairs in this order, SHA-256 in hex."""
    fields = {"cert_type": kind, "cert_name": name, "cert_no": cert_no}
    text = "&".join(f"{key}={b64encode(value.encode()).decode()}" for key, value in fields.items())
    return sha256(text.encode()).hexdigest()
