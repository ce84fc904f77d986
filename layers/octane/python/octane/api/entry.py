"""The edge of every HTTP function: what comes in is checked before it is parsed, errors have one shape."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, NoReturn

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as RouteNotFoundError
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.event_handler.openapi.params import Header

from octane.api import policy
from octane.api.clients import client_of
from octane.api.doors import JSON, BodyInvalidError, dress, refusal_of
from octane.api.telemetry import flush, logger
from octane.kernel.caller import Caller, Client, Member, Role
from octane.kernel.errors import InputError, NotFoundError, OctaneError, UnauthenticatedError

IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="Made by the client, one for each thing to create; the same key replays the same answer.",
    ),
]

Event = dict[str, Any]
Handler = Callable[[Event, Any], dict[str, Any]]


def read_json(text: str) -> Any:
    """Parse JSON exactly: decimals stay decimals, NaN and repeated names are refused."""
    try:
        return json.loads(
            text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_no_repeats
        )
    except (ValueError, ArithmeticError, RecursionError):
        raise BodyInvalidError from None


def lambda_entry(app: APIGatewayRestResolver) -> Handler:
    """Wrap a resolver as a handler that first checks what came and who may call, and always answers in
    shape."""
    app.exception_handler(OctaneError)(_answer_error)
    app.exception_handler(RequestValidationError)(_answer_validation)
    app.exception_handler(RouteNotFoundError)(_answer_route)

    def handler(event: Event, context: Any) -> dict[str, Any]:
        _request.update(id=_request_id(event, context))
        logger().append_keys(request_id=_request["id"])
        try:
            refusal = refusal_of(event) or _not_allowed(event)
            answer = _respond(refusal) if refusal else app.resolve(_as_json(event), context)
        except Exception:
            logger().exception("unhandled")
            answer = _respond(OctaneError())
        finally:
            flush()
        logger().info("answered", extra={"status": answer["statusCode"], "route": event.get("resource")})
        answer["body"] = answer.get("body") or ""
        dress(event, answer)
        return answer

    return handler


def caller(app: APIGatewayRestResolver) -> Caller:
    """Who is asking, from the authorizer's context, and from where."""
    return _caller_of(app.current_event.raw_event)


def _caller_of(event: Event) -> Caller:
    authorizer, client = event["requestContext"].get("authorizer") or {}, client_of(event)
    enterprise_id = authorizer.get("enterprise_id") or ""
    try:
        return Caller(
            authorizer["user_id"],
            Role(authorizer["role"]),
            authorizer["session_id"],
            authorizer["openid"],
            enterprise_id=enterprise_id,
            member=Member(authorizer["member"]) if enterprise_id else None,
            ip=client.ip,
            device=client.device,
            alipay_id=authorizer.get("alipay_id") or "",
        )
    except (KeyError, ValueError):
        raise UnauthenticatedError from None


def client(app: APIGatewayRestResolver) -> Client:
    """From where somebody asks who need not say who they are."""
    return client_of(app.current_event.raw_event)


def _not_allowed(event: Event) -> OctaneError | None:
    """What the table of who may call what says (ID3); a path without parameters is its own resource."""
    try:
        policy.check(event["httpMethod"], event["resource"], lambda: _caller_of(event))
    except OctaneError as error:
        return error
    return None


_request: dict[str, str] = {"id": ""}
"""The id of the request in hand: a function handles one at a time."""


def error_body(error: OctaneError) -> dict[str, Any]:
    return {"error": {"code": error.code, "message": error.message, "request_id": _request["id"]}}


def _answer_error(error: OctaneError) -> Response[str]:
    level = "error" if error.status >= _SERVER_FAULT else "info"
    getattr(logger(), level)("refused", extra={"code": error.code})
    headers = {"Retry-After": str(error.retry_after)} if error.retryable else {}
    return Response(error.status, JSON, json.dumps(error_body(error), ensure_ascii=False), headers)


_SERVER_FAULT = 500


def _answer_validation(error: RequestValidationError) -> Response[str]:
    """Name the fields that are wrong, never their values."""
    places = [
        f"{'.'.join(str(part) for part in fault['loc'] if part != 'body') or 'body'}: {fault['msg']}"
        for fault in error.errors()[:5]
    ]
    return _answer_error(InputError("; ".join(places)))


def _answer_route(_: RouteNotFoundError) -> Response[str]:
    return _answer_error(NotFoundError("There is no such address."))


def _respond(error: OctaneError) -> dict[str, Any]:
    response = _answer_error(error)
    headers = {"Content-Type": [JSON], **{name: [str(value)] for name, value in response.headers.items()}}
    return {
        "statusCode": response.status_code,
        "body": response.body,
        "isBase64Encoded": False,
        "multiValueHeaders": headers,
    }


def _as_json(event: Event) -> Event:
    """Say what the doors have established: Powertools looks again, and refuses in a shape of its own."""
    headers = {
        name: value for name, value in (event.get("headers") or {}).items() if name.lower() != "content-type"
    }
    return {**event, "headers": {**headers, "Content-Type": JSON}}


def _request_id(event: Event, context: Any) -> str:
    gateway = (event.get("requestContext") or {}).get("requestId")
    return str(gateway or getattr(context, "aws_request_id", ""))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is repeated")
    return found
