"""Consents, copies of a person's data, and the end of an account (ID6)."""

from typing import TYPE_CHECKING

from pydantic import Field

from octane.api.views import Body, View
from octane.kernel.clock import rfc3339
from octane.privacy.purposes import TEXTS, Purpose, current_version

if TYPE_CHECKING:
    from octane.privacy.consent import Consent, Said
    from octane.rights.erasure import Erasure
    from octane.rights.exports import Export


class SetConsent(Body):
    given: bool = Field(description="False withdraws; it acts at once.")
    text_version: int = Field(1, ge=1, description="Of the text that was shown; a withdrawal needs none.")


class SaidView(View):
    given: bool
    text_version: int
    at: str

    @classmethod
    def of(cls, said: "Said") -> "SaidView":
        return cls(given=said.is_given, text_version=said.text_version, at=rfc3339(said.at))


class ConsentView(View):
    purpose: Purpose
    text: str
    text_version: int
    holds: bool = Field(description="Whether the person agrees to the text as it is now.")
    history: list[SaidView]

    @classmethod
    def of(cls, consent: "Consent") -> "ConsentView":
        return cls(
            purpose=consent.purpose,
            text=TEXTS[consent.purpose][-1],
            text_version=current_version(consent.purpose),
            holds=consent.holds,
            history=[SaidView.of(said) for said in consent.history],
        )


class ConsentList(View):
    consents: list[ConsentView]


class FileView(View):
    name: str
    url: str = Field(description="For five minutes; whoever has it can read the file.")


class ExportView(View):
    export_id: str
    requested_at: str
    made_at: str | None = Field(description="Null: not made yet; send the same request again in a minute.")
    files: list[FileView]

    @classmethod
    def of(cls, export: "Export") -> "ExportView":
        return cls(
            export_id=export.export_id,
            requested_at=rfc3339(export.requested_at),
            made_at=None if export.made_at is None else rfc3339(export.made_at),
            files=[FileView(name=name, url=url) for name, url in export.links],
        )


class ErasureView(View):
    requested_at: str
    due_by: str = Field(description="By then nothing of the person is left, backups included.")

    @classmethod
    def of(cls, erasure: "Erasure") -> "ErasureView":
        return cls(requested_at=rfc3339(erasure.requested_at), due_by=rfc3339(erasure.due_by))
