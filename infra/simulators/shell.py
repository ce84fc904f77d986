"""The HTTP shell around a company: carries its calls and answers, and its control plane under /_control."""

import asyncio

from aiohttp import web

from simulators.misbehaviour import ANSWERING, Effect, parse_rule
from simulators.postman import Postman
from simulators.protocol import Call, Company, Json, RefusedError, Reply, json_reply

CONTROL = "/_control"
MOST_FACTOR = 1_000
NOT_FOUND = json_reply(404, {"code": "RESOURCE_NOT_EXISTS", "message": "no such address"})


def application(company: Company, postman: Postman) -> web.Application:
    async def carry(request: web.Request) -> web.Response:
        call = Call(
            request.method,
            request.raw_path,
            {name.lower(): value for name, value in request.headers.items()},
            await request.read(),
        )
        if call.path.startswith(CONTROL + "/"):
            return _response(await _controlled(company, postman, call))
        return await _answered(company, postman, call, request)

    async def stop(_: web.Application) -> None:
        await postman.stop()

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", carry)
    app.on_cleanup.append(stop)
    return app


async def _answered(company: Company, postman: Postman, call: Call, request: web.Request) -> web.Response:
    """Handle one call to the company with the faults that its rules ask for."""
    postman.tick()
    subject = company.subject(call)
    if subject is None:
        return _response(NOT_FOUND)
    faults = company.rules.take(subject.operation, subject.keys, ANSWERING)
    if (delay := faults.get(Effect.DELAY)) is not None:
        await asyncio.sleep(delay.ms / 1000)
    if Effect.DROP_BEFORE in faults:
        return _cut(request)
    reply = company.handle(call, subject, faults)
    postman.tick()
    if (delay := faults.get(Effect.DELAY_ANSWER)) is not None:
        await asyncio.sleep(delay.ms / 1000)
    return _cut(request) if Effect.DROP_AFTER in faults else _response(reply)


async def _controlled(company: Company, postman: Postman, call: Call) -> Reply:
    """One control-plane command; wrong ones are answered 400, impossible ones 409."""
    postman.tick()
    name = f"{call.method} {call.path.removeprefix(CONTROL)}"
    try:
        order = call.json() if call.body else dict(call.query)
        content = await _common(company, postman, name, order)
        if content is None:
            content = company.command(name, order)
    except RefusedError as refused:
        return json_reply(409, {"error": {"code": refused.code, "message": refused.message}})
    except KeyError as missing:
        return json_reply(400, {"error": {"code": "BAD_COMMAND", "message": f"missing: {missing.args[0]}"}})
    except ValueError as wrong:
        return json_reply(400, {"error": {"code": "BAD_COMMAND", "message": str(wrong)}})
    postman.tick()
    if content is None:
        return json_reply(404, {"error": {"code": "NO_SUCH_COMMAND", "message": name}})
    return json_reply(200, content)


async def _common(company: Company, postman: Postman, name: str, order: Json) -> Json | None:
    """The commands that every company understands."""
    content: Json | None = None
    match name:
        case "GET /health":
            content = {"name": company.name, "operations": sorted(company.operations)}
        case "GET /books":
            content = company.books()
        case "GET /notices":
            content = {"notices": [delivery.view() for delivery in postman.deliveries]}
        case "GET /rules":
            content = {"rules": company.rules.view()}
        case "POST /rules":
            rule = parse_rule(order)
            if rule.operation not in company.operations | {"*"}:
                raise ValueError(f"operations: {', '.join(sorted(company.operations))}")
            company.rules.add(rule)
            content = {"rules": company.rules.view()}
        case "DELETE /rules":
            company.rules.clear()
            content = {"rules": []}
        case "POST /reset":
            await postman.forget()
            company.reset()
            content = {"reset": True}
        case "POST /time":
            factor = float(str(order["factor"]))
            if not 0 <= factor <= MOST_FACTOR:
                raise ValueError("factor is a number from 0 to 1000")
            postman.factor = factor
            content = {"factor": factor}
    return content


def _response(reply: Reply) -> web.Response:
    return web.Response(status=reply.status, body=reply.body, headers=reply.headers)


def _cut(request: web.Request) -> web.Response:
    """Break the connection: what is returned can no longer be sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
