"""What is written for people is true: commands exist, links lead somewhere, the glossary knows every noun."""

import ast
import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperCommand, TyperGroup, TyperOption

import daemon
from tests.house.source import ROOT, shown, texts, tree

MARKDOWN = [path for path, _ in texts() if path.suffix == ".md"]
NAMES = [shown(path) for path in MARKDOWN]
FENCED = re.compile(r"^```[a-z]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
WORD = r"[a-z][a-z-]*"


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def code_of(text: str) -> list[str]:
    """Lines of code blocks and pieces of inline code."""
    blocks = FENCED.findall(text)
    return [line.partition("#")[0] for block in blocks for line in block.splitlines()] + INLINE.findall(
        FENCED.sub("", text)
    )


def make_targets() -> set[str]:
    makefiles = [ROOT / "Makefile", *(ROOT / "systemd").glob("*.mk")]
    return {name for path in makefiles for name in re.findall(rf"^({WORD}):", path.read_text("utf-8"), re.MULTILINE)}


def verbs() -> dict[str, TyperCommand]:
    group = typer.main.get_command(daemon.app)
    assert isinstance(group, TyperGroup)
    return dict(_verbs_of(group))


def _verbs_of(group: TyperGroup, before: str = "") -> Iterator[tuple[str, TyperCommand]]:
    for name, verb in group.commands.items():
        if isinstance(verb, TyperGroup):
            yield from _verbs_of(verb, f"{name} ")
        elif isinstance(verb, TyperCommand):
            yield before + name, verb


def verb_of(words: list[str]) -> str:
    """The verb that a command begins with: one word, or two in a group of verbs."""
    return next((name for name in (" ".join(words[:2]), words[0]) if name in verbs()), words[0])


def options_of(verb: TyperCommand) -> list[TyperOption]:
    return [option for option in verb.params if isinstance(option, TyperOption)]


def commands_in(text: str, program: str) -> Iterator[list[str]]:
    for line in code_of(text):
        found = re.search(rf"(?:^|/|&& |python |sudo ){re.escape(program)} ({WORD}.*)", line.strip())
        if found:
            yield found[1].split()


@pytest.mark.parametrize("name", NAMES)
def test_make_targets_that_are_named_exist(name: str) -> None:
    """``make X`` in a text is a target of the Makefile."""
    named = {words[0] for words in commands_in(text_of(name), "make")}

    assert named - make_targets() == set()


@pytest.mark.parametrize("name", NAMES)
def test_verbs_and_options_that_are_named_exist(name: str) -> None:
    """``daemon.py VERB --option`` in a text is what the command line knows."""
    known = verbs()
    wrong = []
    for words in commands_in(text_of(name), "daemon.py"):
        options = (
            {name for option in options_of(known[verb_of(words)]) for name in option.opts}
            if verb_of(words) in known
            else set()
        )
        wanted = {word.strip("[]") for word in words if word.strip("[").startswith("--")}
        if verb_of(words) not in known or wanted - options - {"--help"}:
            wrong.append(" ".join(words))

    assert not wrong, "\n".join(wrong)


def test_the_readme_names_every_verb() -> None:
    """An administrator finds every verb of ``daemon.py`` in the README."""
    named = {verb_of(words) for words in commands_in(text_of("README.md"), "daemon.py")}

    assert set(verbs()) - named == set()


def test_every_verb_explains_itself() -> None:
    """``--help`` has a sentence for every verb and every option."""
    known = verbs()
    silent = [name for name, verb in known.items() if not verb.help]
    silent += [
        f"{name} {option.opts[0]}" for name, verb in known.items() for option in options_of(verb) if not option.help
    ]

    assert len(known) > 1
    assert not silent, "\n".join(silent)


def test_every_make_target_for_people_explains_itself() -> None:
    """``make help`` lists each of them with one line."""
    makefile = text_of("Makefile")
    declared = {name for line in re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE) for name in line.split()}

    assert {name for name in declared if not re.search(rf"^{name}:.*## \w", makefile, re.MULTILINE)} == set()


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    """Relative links name a file of the checkout, and a heading in it."""
    broken = []
    for link in LINK.findall(FENCED.sub("", text_of(name))):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, heading = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        if not target.exists() or (heading and heading not in headings(target)):
            broken.append(link)

    assert not broken, "\n".join(broken)


def headings(path: Path) -> set[str]:
    """Headings of a Markdown file, as links name them."""
    found = re.findall(r"^#+ (.*)$", FENCED.sub("", path.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in found}


def test_the_glossary_knows_every_noun() -> None:
    """Every class of core/documents and core/batch stands in the first column, so that nobody invents a second word."""
    known = {
        word
        for line in text_of("docs/glossary.md").splitlines()
        if line.startswith("|")
        for word in INLINE.findall(line.split("|")[1])
    }
    modules = [*sorted((ROOT / "core" / "documents").glob("*.py")), ROOT / "core" / "batch.py"]
    nouns = {
        node.name
        for path in modules
        for node in tree(path).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }

    assert nouns - known == set()


def test_the_changelog_begins_with_this_version() -> None:
    """Newest first, and the newest is the one in pyproject.toml."""
    version = tomllib.loads(text_of("pyproject.toml"))["project"]["version"]
    first = re.search(r"^## (\S+)", text_of("CHANGELOG.md"), re.MULTILINE)

    assert first is not None
    assert first[1] == version


def test_continuous_integration_runs_everything() -> None:
    """``.ci/run`` can be started and calls ``make test``."""
    script = ROOT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert "make --no-print-directory test" in script.read_text("utf-8")


@pytest.mark.parametrize("folder", ["inbox", "outbox", "archive"])
def test_a_data_folder_explains_itself(folder: str) -> None:
    """Who looks into a data folder finds what appears there and who removes it."""
    assert len(text_of(f"{folder}/README.md").split()) > 40
