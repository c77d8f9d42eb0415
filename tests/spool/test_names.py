"""Names of files: safe on every system, never colliding."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pyfakefs.fake_filesystem import FakeFilesystem

from spool.folders.names import MAX_BYTES, free_name, numbered, safe_name

RESERVED = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"} | {
    f"{port}{n}" for port in ("COM", "LPT") for n in range(10)
}

any_name = st.one_of(
    st.text(st.characters(exclude_categories=[]), max_size=300),
    st.text(st.sampled_from('abzAZ09 ._-()<>:"/\\|?*\x00\x1f\u202eäÖß\u0308é\udcff'), max_size=30),
    st.tuples(
        st.sampled_from(["con", "NUL", "Com1", "lpt9", "COM¹"]), st.sampled_from(["", ".", " .x", ".tar.gz"])
    ).map("".join),
)


@given(any_name)
@example("a" * 199 + ".csv")
@example("\u212a")  # the Kelvin sign becomes a letter only when it is normalised
def test_a_safe_name_is_accepted_by_every_system(name: str) -> None:
    safe = safe_name(name)

    assert safe
    assert len(safe.encode("utf-8")) <= MAX_BYTES
    assert unicodedata.is_normalized("NFC", safe)
    assert not set('<>:"/\\|?*') & set(safe)
    assert not {"Cc", "Cf", "Cs", "Zl", "Zp"} & {unicodedata.category(character) for character in safe}
    assert safe[0] not in ". "
    assert safe[-1] not in ". "
    assert safe.split(".")[0].rstrip().upper() not in RESERVED


@given(any_name)
def test_a_safe_name_stays_as_it_is(name: str) -> None:
    safe = safe_name(name)

    assert safe_name(safe) == safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("OP-Liste März 2026.csv", "OP-Liste März 2026.csv"),
        ("Ma\u0308rz.csv", "März.csv"),
        ("Größe (2).xlsx", "Größe (2).xlsx"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("a/b\\c:d.csv", "a_b_c_d.csv"),
        (".hidden", "hidden"),
        ("name. . ", "name"),
        ("CON", "_CON"),
        ("nul.tar.gz", "_nul.tar.gz"),
        ("com1 .txt", "_com1 .txt"),
        ("Konto.csv", "Konto.csv"),
        ("console.log", "console.log"),
        ("bad\udcff\x07.csv", "bad__.csv"),
        ("invoice\u202efdp.exe", "invoice_fdp.exe"),
        ("\u3000 \u00a0", "unbenannt"),
        ("", "unbenannt"),
        ("..", "unbenannt"),
    ],
)
def test_known_names(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_long_name_keeps_its_suffix() -> None:
    assert safe_name("ä" * 150 + ".json.gz") == "ä" * 96 + ".json.gz"
    assert safe_name("x" * 300) == "x" * 200


def test_a_number_goes_before_the_suffix_and_stays_within_the_limit() -> None:
    assert numbered("op.csv", 2) == "op (2).csv"
    assert numbered("op.json.gz", 3) == "op (3).json.gz"
    assert numbered("README", 2) == "README (2)"
    assert len(numbered("x" * 196 + ".csv", 12345).encode()) == MAX_BYTES


def test_a_free_name_is_never_taken(tmp_path: Path) -> None:
    names = []
    for _ in range(40):
        name = free_name(tmp_path, "op:liste.csv")
        (tmp_path / name).touch(exist_ok=False)
        names.append(name)

    assert names[:3] == ["op_liste.csv", "op_liste (2).csv", "op_liste (3).csv"]
    assert len(set(names)) == 40


def test_a_dangling_link_takes_a_name_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").symlink_to(tmp_path / "nowhere")

    assert free_name(tmp_path, "a.csv") == "a (2).csv"


def test_the_note_of_another_file_takes_a_name_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv.hinweis.txt").touch()

    assert free_name(tmp_path, "a.csv", also=(".hinweis.txt", ".hinweis.xlsx")) == "a (2).csv"


def test_on_a_share_that_takes_capitals_for_small_letters_a_name_is_taken_in_both(other_disk: FakeFilesystem) -> None:
    other_disk.is_case_sensitive = False
    other_disk.create_file("/share/Rechnung.csv")
    other_disk.create_file("/share/rechnung (2).csv.hinweis.txt")

    assert free_name("/share", "RECHNUNG.CSV") == "RECHNUNG (2).CSV"
    assert free_name("/share", "RECHNUNG.CSV", [".hinweis.txt"]) == "RECHNUNG (3).CSV"
