"""Calls the deployed API over HTTP, as anybody could."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from uuid import uuid4


@dataclass
class Reply:
    status: int
    text: str

    @property
    def code(self) -> str:
        return str(json.loads(self.text)["error"]["code"])


@dataclass
class Client:
    """Calls the deployed API over HTTP, as anybody could."""

    url: str
    token: str = ""

    def call(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, **headers: str
    ) -> Reply:
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        sent = {"Content-Type": "application/json", "Idempotency-Key": uuid4().hex}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data=data, headers=sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Reply(answer.status, answer.read().decode())
        except urllib.error.HTTPError as refusal:
            with refusal:
                return Reply(refusal.code, refusal.read().decode())

    def logged_in(self, openid: str) -> "Client":
        session = self.call("POST", "/sessions", {"provider": "WECHAT", "code": f"code-{openid}"})
        assert session.status == 201, session
        person = Client(self.url, json.loads(session.text)["access_token"])
        assert person.call("POST", "/me/phone", {"code": "phone-13800138000"}).status == 200
        return person
