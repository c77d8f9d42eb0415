"""When is a file finished? Judged by looks, never by its own clock."""

from hypothesis import given
from hypothesis import strategies as st

from core.readiness import NEVER_TAKEN, TEMPORARY, Sight, Stillness, is_ignored


def _sight(size: int = 1, mtime_ns: int = 1, inode: int = 1) -> Sight:
    return Sight(size, mtime_ns, inode)


def test_a_file_is_finished_when_it_has_not_changed_for_the_settle_time() -> None:
    still = Stillness(2.0)
    assert not still.observe("a", _sight(), 10.0)
    assert not still.observe("a", _sight(), 11.9)
    assert still.observe("a", _sight(), 12.0)


def test_any_change_begins_the_time_anew() -> None:
    for changed in (_sight(size=2), _sight(mtime_ns=2), _sight(inode=2)):
        still = Stillness(2.0)
        still.observe("a", _sight(), 0.0)
        assert not still.observe("a", changed, 2.0)
        assert not still.observe("a", changed, 3.9)
        assert still.observe("a", changed, 4.0)


def test_without_a_settle_time_the_first_look_is_enough() -> None:
    assert Stillness(0.0).observe("a", _sight(), 5.0)


def test_a_writer_begins_the_time_anew_and_an_unknown_name_is_no_matter() -> None:
    still = Stillness(2.0)
    still.observe("a", _sight(), 0.0)
    still.restart("a", 2.0)
    still.restart("unknown", 2.0)
    assert not still.observe("a", _sight(), 3.0)
    assert still.observe("a", _sight(), 4.0)


def test_memory_follows_the_folder() -> None:
    still = Stillness(2.0)
    for name in "abc":
        still.observe(name, _sight(), 0.0)
    still.forget_all_but({"b", "c"})
    still.forget("c")
    still.forget("never seen")
    assert not still.observe("a", _sight(), 5.0)
    assert still.observe("b", _sight(), 5.0)


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 100), min_size=1), st.floats(0, 10))
def test_the_next_look_is_that_of_the_file_that_has_waited_longest(seen: dict[str, float], settle: float) -> None:
    still = Stillness(settle)
    assert still.next_look() is None
    for name, moment in seen.items():
        still.observe(name, _sight(), moment)
    assert still.next_look() == min(seen.values()) + settle


def test_names_are_ignored_in_upper_and_lower_case() -> None:
    for name in (".x", "~$Mappe.xlsx", "a.TMP", "b.Part", "thumbs.DB", "DESKTOP.INI", "x.hinweis.txt", "y.CRDOWNLOAD"):
        assert is_ignored(name, NEVER_TAKEN), name
    for name in ("a.csv", "tmp", "part.txt", "~a.txt", "hinweis.txt", "a.tmp.csv"):
        assert not is_ignored(name, NEVER_TAKEN), name


def test_a_file_that_was_not_touched_after_its_last_write_needs_patience() -> None:
    untouched = Sight(1, 1, 1, is_touched=False)
    still = Stillness(2.0, 60.0)
    assert not still.observe("a", untouched, 0.0)
    assert not still.observe("a", untouched, 59.9)
    assert still.next_look() == 60.0
    assert still.observe("a", untouched, 60.0)


def test_what_its_sender_has_renamed_or_dated_needs_none() -> None:
    still = Stillness(2.0, 60.0)
    still.observe("a", Sight(1, 1, 1, is_touched=False), 0.0)
    assert not still.observe("a", _sight(), 10.0)
    assert still.next_look() == 12.0
    assert still.observe("a", _sight(), 12.0)


def test_temporary_names_of_programs_are_never_taken() -> None:
    for name in ("orders.csv.filepart", "ORDERS.CSV.PART", ".in.orders.csv", "orders.csv.1a2b3c4d.partial"):
        assert is_ignored(name, TEMPORARY), name
        assert is_ignored(name, NEVER_TAKEN), name
    assert not is_ignored("orders.csv", NEVER_TAKEN)
