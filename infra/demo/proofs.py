"""What customers show of themselves when they are asked who they are: a code by SMS, their face."""

from typing import TYPE_CHECKING

from demo.stage import Json, StoryError

if TYPE_CHECKING:
    from demo.customer import Customer

NAME, NUMBER = "张三", "11010519491231002X"


async def introduce(person: "Customer") -> None:
    """Say who one is by law, and agree to show one's face."""
    async with person.stage.proving:
        await person.call("PUT", "/me/identity", {"name": NAME, "identity_number": NUMBER})
        await person.call("PUT", "/me/consents/FACE", {"given": True, "text_version": 1})


async def prove(person: "Customer", operation: str, subject: str, amount_fen: int) -> str:
    """Pass a step-up for exactly this; return its id."""
    asked = {"operation": operation, "subject": subject, "amount_fen": amount_fen}
    async with person.stage.proving:
        step_up = await person.call("POST", "/me/step-ups", asked)
        path = f"/me/step-ups/{step_up['step_up_id']}/proofs"
        for method in step_up["methods"]:
            step_up = await {"SMS": _by_code, "FACE": _by_face}[method](person, path)
    if step_up["state"] != "PASSED" or step_up["via"] == "FALLBACK":
        raise StoryError(f"the step-up was to be passed by {asked}, got {step_up}")
    return str(step_up["step_up_id"])


async def _by_code(person: "Customer", path: str) -> Json:
    """Read the code on the phone."""
    await person.call("POST", path, {"method": "SMS"})
    inbox = (await person.stage.sms.look(f"/inbox?phone={person.phone}"))["messages"]
    if not inbox:
        raise StoryError(f"no message came to {person.phone}")
    code = inbox[-1]["parameters"][0]
    proven = await person.call("POST", path, {"method": "SMS", "value": code})
    person.stage.tell(person.name, "typed the code from the SMS")
    return dict(proven["step_up"])


async def _by_face(person: "Customer", path: str) -> Json:
    """Look into the camera."""
    face = (await person.call("POST", path, {"method": "FACE"}))["face"]
    if face is None:
        raise StoryError("a face was to be asked for")
    await person.stage.wechat.do("/faces/end", verify_id=face["verify_id"], result="pass")
    proven = await person.call("POST", path, {"method": "FACE"})
    person.stage.tell(person.name, "showed their face")
    return dict(proven["step_up"])
