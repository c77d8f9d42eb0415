"""Files that mean harm, or look as if: each is a note or a calm wait, and the others get through."""

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.sites import Running, a_route, a_site, visible

pytestmark = pytest.mark.slow

Start = Callable[..., Running]
ROOT = Path(__file__).resolve().parents[2]


def _burst_around(site: Running, make: Callable[[Path], None], name: str) -> None:
    """The evil file in the middle of a burst of good ones."""
    for number in range(6):
        if number == 3:
            make(site.inbox() / name)
        site.drop(f"good-{number}.txt", f"good {number}\n")
    site.until_archived(6)
    assert len(site.outputs()) == 6
    assert site.ledger("count") == {"files": '{"files":6}'}


def _content(text: str) -> Callable[[Path], None]:
    return lambda path: (path.write_text(text), None)[1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("many 3\nkill SIGKILL\n", "unerwartet abgebrochen"),
        ("many 3\nkill SIGSEGV\n", "unerwartet abgebrochen"),
        ("many 3\nleave\n", "unerwartet abgebrochen"),
        ("many 3\neat\n", "zu groß"),
        ("many 3\nloop\n", "länger als 1 Sekunde"),
        ("many 3\nbug\n", "Fehlernummer"),
        ("many 3\nrule No.\n", "No."),
    ],
)
def test_a_file_that_harms_its_worker_is_refused(start: Start, tmp_path: Path, content: str, said: str) -> None:
    seconds = 1.0 if "loop" in content else 20.0  # a busy machine must not turn another harm into this one
    running = start(a_site(tmp_path, worker_seconds=seconds, workers=2))
    _burst_around(running, _content(content), "evil.txt")
    running.until(lambda: running.count("rejected") == 1)

    assert said in running.note("evil.txt")
    assert (running.inbox() / "rejected" / "evil.txt").read_text() == content
    assert running.leftovers() == []
    assert running.findings() == []


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2_500_000_000)


def _link(path: Path) -> None:
    (path.parent.parent / "secret").write_text("secret\n")
    path.symlink_to(path.parent.parent / "secret")


def _broken_link(path: Path) -> None:
    path.symlink_to("nowhere")


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    descriptor = os.open(path.parent, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as channel:
        channel.bind(f"/proc/self/fd/{descriptor}/{path.name}")
    os.close(descriptor)


def _device(path: Path) -> None:
    if os.geteuid() == 0:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 5))  # /dev/zero never ends
    else:
        os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_huge, "angenommen werden höchstens"),
        (_link, "eine Verknüpfung"),
        (_broken_link, "eine Verknüpfung"),
        (_pipe, "eine Leitung"),
        (_socket, "eine Leitung"),
        (_device, "Das ist keine Datei"),
    ],
)
def test_what_is_no_file_is_refused(site: Running, make: Callable[[Path], None], said: str) -> None:
    _burst_around(site, make, "evil.txt")
    site.until(lambda: site.count("rejected") == 1)
    assert said in site.note("evil.txt")
    assert site.rejected() == {"evil.txt", "evil.txt.hinweis.txt"}
    assert all("secret" not in text for text in site.outputs().values())
    assert site.leftovers() == []


@pytest.mark.parametrize(
    "name",
    [b"bad\xff\xfename.txt", b"line\nbreak.txt", b"bell\x07.txt", "rtl\u202etxt.exe".encode(), b"\xe4\xf6\xfc.txt"],
)
def test_names_that_nobody_can_read_are_refused(site: Running, name: bytes) -> None:
    _burst_around(site, _content("x\n"), os.fsdecode(name))
    site.until(lambda: site.count("rejected") == 1)
    assert len(site.rejected()) == 2
    note = next(path for path in (site.inbox() / "rejected").iterdir() if path.name.endswith(".hinweis.txt"))
    assert "enthält Zeichen, die man nicht sehen kann" in " ".join(note.read_text("utf-8-sig").split())
    assert site.leftovers() == []


@pytest.mark.parametrize(
    "name", ["n" * 251 + ".txt", "ü" * 125 + ".txt", "€" * 84 + "abc", " leading and trailing .txt"]
)
def test_the_longest_names_get_through(site: Running, name: str) -> None:
    site.drop(name, "a\n")
    site.until_archived(1)
    assert len(site.outputs()) == 1
    assert site.findings() == []

    site.drop(name, "wrong\n")
    site.until(lambda: site.count("rejected") == 1)
    assert len(site.rejected()) == 2


def test_a_link_swapped_in_after_the_look_is_never_followed(
    site: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spool.inbox import claiming

    (tmp_path / "secret").write_text("secret\n")
    link = claiming.link_new

    def swap_then_link(source: str, destination: str) -> str:
        os.unlink(source)
        os.symlink(tmp_path / "secret", source)
        return link(source, destination)

    monkeypatch.setattr(claiming, "link_new", swap_then_link)
    site.drop("a.txt", "harmless\n")
    site.until(lambda: site.count("rejected") == 1)
    assert site.outputs() == {}
    assert "eine Verknüpfung" in site.note("a.txt")


def test_a_file_that_changes_while_it_is_read_gives_no_half_result(
    start: Callable[..., Running], tmp_path: Path
) -> None:
    """Where nobody can ask who writes (a share), a file may be claimed while its writer goes on."""
    site = start(a_site(tmp_path, a_route(tmp_path, watch="poll", ready="stable")))
    with (site.inbox() / "a.txt").open("w") as file:
        file.write("first\n")
        file.flush()
        site.until(site.rows)
        file.write("second\n")
        file.flush()
        site.until(lambda: site.engine.idle)
        made = site.outputs()
    site.until(lambda: site.engine.unfinished == [] or site.alerts().get("not-published"))
    assert made in ({"a.out.txt": "begin\nfirst\nsecond\nend\n"}, {"a.out.txt": "begin\nfirst\nend\n"})


def test_somebody_who_opens_a_file_while_we_look_does_not_end_us(tmp_path: Path) -> None:
    """A broken lease sends SIGIO, and that ends a process by default."""
    program = (
        "import sys, signal, os\n"
        "from tests.sites import Running, a_site\n"
        "from pathlib import Path\n"
        "if __name__ == '__main__':\n"
        "    running = Running(a_site(Path(sys.argv[1])))\n"
        "    os.kill(os.getpid(), signal.SIGIO)\n"
        "    running.stop()\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=ROOT, timeout=120, check=False)
    assert done.returncode == 0


def test_a_file_that_we_may_not_read_waits_and_holds_nobody_up(site: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything, so the answer of the kernel is put into its mouth."""
    monkeypatch.setattr(os, "access", lambda path, mode, **how: Path(path).name != "secret.txt")
    _burst_around(site, _content("mine\n"), "secret.txt")
    site.until(lambda: "cannot-take" in site.alerts())
    assert site.waiting() == {"secret.txt"}

    monkeypatch.undo()
    site.until_archived(7)
    site.until(lambda: site.alerts() == {})


def test_a_dead_idle_worker_is_replaced(site: Running) -> None:
    site.drop("a.txt", "a\n")
    site.until_archived(1)
    first = site.engine.dispatcher._pool.workers[0].process
    os.kill(first.pid or 0, signal.SIGKILL)
    site.until(lambda: site.engine.dispatcher._pool.workers[0].process is not first)
    site.drop("b.txt", "b\n")
    site.until_archived(2)
    assert visible(site.outbox()) == {"a.out.txt", "b.out.txt"}


def test_a_worker_that_is_killed_from_outside_costs_no_file(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, max_bytes=10**9)))
    for number in range(200):
        running.drop(f"{number:03}.txt", f"{number}\nmany 5\n")
    for _ in range(5):
        before = running.count("archived")
        running.until(lambda before=before: running.count("archived") > before or running.count("archived") == 200)
        with suppress(ProcessLookupError):  # it has just ended by our last blow
            os.kill(running.engine.dispatcher._pool.workers[0].process.pid or 0, signal.SIGKILL)
    running.until_archived(200)
    assert running.count("rejected") == 0
    assert running.ledger("count") == {"files": '{"files":200}'}
    assert len(running.outputs()) == 200 * 6
    running.until(lambda: running.leftovers() == [])


def test_a_file_that_the_handler_of_its_route_does_not_take_is_refused(start: Start, tmp_path: Path) -> None:
    running = start(a_site(tmp_path, a_route(tmp_path, handler="deaf")))

    running.drop("a.txt", "hello\n")
    running.until(lambda: "a.txt" in running.rejected())

    note = (running.inbox() / "rejected" / "a.txt.hinweis.txt").read_text(encoding="utf-8")
    assert "nicht verarbeitet werden" in note
