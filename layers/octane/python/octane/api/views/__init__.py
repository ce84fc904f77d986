"""What clients send and see: times in RFC 3339, amounts in fen, numbers masked.

In small modules, so that a function builds only the models that it takes and answers with.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class Body(BaseModel):
    """A request body: exact types, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True)


class View(BaseModel):
    model_config = ConfigDict(extra="forbid")


Text = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f<>]+$")]
Code = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[\x21-\x7e]+$")]
Id = Annotated[str, Field(min_length=26, max_length=26, pattern=r"^[A-Z2-7]+$")]
BillNo = Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[A-Za-z0-9-]+$")]
Coupons = Annotated[
    list[Id], Field(default=[], max_length=3, description="Ids of coupons to use with it; at most three.")
]
AmountFen = Annotated[
    int, Field(description="Fen; 1 CNY is 100 fen.", examples=[10000], json_schema_extra={"minimum": 1})
]
"""The minimum is told to clients here and enforced where money is made, which has the better answer."""
