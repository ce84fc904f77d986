"""The authorizer of the REST API (bearer token) and of the WebSocket API (token in the query). One
AWS call in 30 seconds, for all its requests together."""

from typing import Any

from octane.api.telemetry import logger
from octane.identity.revocation import authorize
from octane.kernel.errors import UnauthenticatedError
from octane.wiring import deps


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Allow the whole API to a valid token, because the answer is cached for all its routes; say who it
    is. While nobody knows what is revoked it raises, which the gateway answers with 503 and not with "log in
    again"."""
    try:
        caller = authorize(deps(), _token(event))
    except UnauthenticatedError as error:
        logger().info("refused", extra={"code": error.code})
        raise Exception("Unauthorized") from None
    logger().info("authorized")
    stage = "/".join(event["methodArn"].split("/")[:2])
    return {
        "principalId": caller.user_id,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": f"{stage}/*"}],
        },
        "context": {
            "user_id": caller.user_id,
            "role": caller.role.value,
            "session_id": caller.session_id,
            "openid": caller.openid,
            "alipay_id": caller.alipay_id,
            "enterprise_id": caller.enterprise_id,
            "member": caller.member.value if caller.member else "",
        },
    }


def _token(event: dict[str, Any]) -> str:
    query = event.get("queryStringParameters") or {}
    if event["requestContext"].get("eventType") == "CONNECT":
        return str(query.get("token", ""))
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    scheme, _, token = str(headers.get("authorization", "")).partition(" ")
    return token if scheme.lower() == "bearer" else ""
