"""Takes no documents of the formats here: stands for a route that is set up wrong."""

from collections.abc import Iterator

from pydantic import BaseModel

from core.batch import Batch
from core.contracts import Context, Effect

LABEL = "Taub"
ACCEPTS = frozenset({"something else"})
ANSWERS_DUPLICATES = False


class Settings(BaseModel):
    """Nothing to set."""


def handle(batch: Batch, context: Context) -> Iterator[Effect]:
    """Never called."""
    yield from ()
