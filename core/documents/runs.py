"""Orders for the runs of the FIBU export: write the open one now, or take one back."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from core.documents.base import Broken, Document, Flag, Text, refuse


class ExportOrder(Document):
    """An order of a person or of a schedule (Auftrag) for one run of a company's FIBU export."""

    action: Literal["write", "take_back"]
    """``write``: hand over now what was taken up since the last run. ``take_back``: as if the run had never been."""
    run: Annotated[str, Field(min_length=1, max_length=24)] | None = None
    """Id of the run; for ``write`` the open one where it is left out."""
    even_if_booked: Flag = False
    """Take back although a list of open items has shown that the FIBU has booked the documents."""
    reason: Text | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.action == "take_back" and self.run is None:
            what = "Es ist nicht angegeben, welcher Lauf zurückgenommen werden soll."
            refuse([Broken("/run", "run_missing", what, "Bitte „run“ angeben.")])
        return self
