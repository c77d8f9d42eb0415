"""A company (Mandant) as the configuration describes it: which FIBU it has and how that FIBU is set up."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Company(BaseModel):
    """One ``[[company]]`` table. Nothing crosses between companies."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(min_length=1, max_length=20, description='Key of the company in CLUE (Mandant), e.g. "1".')
    name: str = Field(default="", description="Name that clerks know.")
    fibu: Literal["bmd", "rzl"] = Field(description="FIBU program of the company.")
