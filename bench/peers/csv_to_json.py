"""What the scripts of the peers do with a file: CSV to JSON, then move it away. Nothing is synced or noted."""

import csv
import json
import os
import shutil
from pathlib import Path


def convert(path: str, outbox: Path, archive: Path) -> None:
    """Write the rows of a list as JSON into the outbox and move the list into the archive."""
    name = os.path.basename(path)
    with open(path, encoding="cp1252", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    with (outbox / f"{name}.json").open("w", encoding="utf-8") as file:
        json.dump(rows, file, ensure_ascii=False)
    shutil.move(path, archive / name)
