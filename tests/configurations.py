"""Configurations in the words of an administrator, for tests that start the real ``daemon.py``."""

CLUE = """
[[target]]
name = "clue"

[[route]]
name = "clue"
formats = ["clue_exchange"]
handler = "clue_intake"
"""
"""Where messages of CLUE come in, and where it is answered."""
_ONE_COMPANY = """
root = "."
site = "Test"

[engine]
settle = "0.1 s"
canary_interval = "1 h"
min_free_space = 0

[[company]]
id = "1"
fibu = "{fibu}"
{options}

[[target]]
name = "{fibu}"
"""


def one_company(fibu: str = "rzl", options: str = "") -> str:
    """CLUE and one company with this FIBU program, set up by the tables ``[company.<program>]`` in ``options``."""
    return _ONE_COMPANY.format(fibu=fibu, options=options) + CLUE
