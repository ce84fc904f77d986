"""Two people of finance end the differences of a day through the API, as any client."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

from demo.staff import promoter
from local.world import LocalOctane
from octane.kernel.caller import Role

Json = dict[str, Any]
Say = Callable[[str], None]


class Clerk:
    """Somebody of finance, logged in."""

    def __init__(self, octane: LocalOctane, name: str) -> None:
        self._base = f"{octane.url}/api/v1"
        self._keys = 0
        self._name = name
        self._token = ""
        user = self._log_in()
        promoter(octane.client("dynamodb"), octane.outputs["IdentityTableName"])(user, Role.FINANCE)
        self._log_in()  # the next login carries the role

    def call(self, method: str, path: str, body: Json | None = None) -> Json:
        """Raises `urllib.error.HTTPError`."""
        self._keys += 1
        request = urllib.request.Request(
            f"{self._base}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "Idempotency-Key": f"finance-{self._name}-{self._keys:04d}",
                **({"Authorization": f"Bearer {self._token}"} if self._token else {}),
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: Json = json.loads(answer.read())
        return found

    def _log_in(self) -> str:
        self._token = ""
        session = self.call("POST", "/sessions", {"provider": "WECHAT", "code": f"code-{self._name}"})
        self._token = session["access_token"]
        return str(self.call("GET", "/me")["user_id"])


def decide_all(ann: Clerk, bob: Clerk, say: Say) -> int:
    """Ann accepts or chases what waits; Bob approves what needs a second person. Return how many."""
    waiting = ann.call("GET", "/reconciliation/differences")["differences"]
    for task in waiting:
        lacking = task["suspense_fen"] > 0
        action = "CHASE" if lacking else "ACCEPT"
        place = f"/reconciliation/differences/{task['day']}/{task['source']}/{task['difference_id']}"
        reason = "asked the counterparty" if lacking else "the bill is right"
        body = {"action": action, "reason": reason, "version": task["version"]}
        decided = ann.call("POST", f"{place}/decisions", body)
        if decided["state"] == "PROPOSED":
            _refused_alone(ann, place, decided["version"])
            decided = bob.call("POST", f"{place}/approvals", {"version": decided["version"]})
        people = "two people" if decided["proposed_by"] != decided["decided_by"] else "one person"
        number = task["number"][:34]
        say(f"    {task['source']:<9}{task['match_class']:<16}{number:<36}{decided['state']} by {people}")
    return len(waiting)


def _refused_alone(ann: Clerk, place: str, version: int) -> None:
    """Who proposed cannot approve."""
    try:
        ann.call("POST", f"{place}/approvals", {"version": version})
    except urllib.error.HTTPError as refusal:
        if json.loads(refusal.read())["error"]["code"] == "SAME_PERSON":
            return
    raise AssertionError("one person alone ended a difference above the limit")
