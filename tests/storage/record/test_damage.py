"""Whatever is damaged of a ledger: it is found, told in words, and all that its own hashes prove is taken over."""

from __future__ import annotations

import os
import random
import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import FrameType

import pytest
from watchkeeper.server.storage.record import Ledger, pages, rebuilding
from watchkeeper.server.storage.record.records import FindingSeen, Rebuilding, RunEnded, RunStarted
from watchkeeper.server.vocabulary.errors import LedgerTooNew, LedgerUnreadable, WatchkeeperError
from watchkeeper.server.vocabulary.runs import Level, Phase, RunState

PAGE = 4096
RUNS = 8
EVENTS_OF_A_RUN = 5
FIRST = int(os.environ.get("WATCHKEEPER_TORTURE_SEED", "0"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("WATCHKEEPER_TORTURE_TRIES", "16")))

Damage = Callable[[random.Random, bytearray], object]


def append(ledger: Ledger, run: str, happening: RunStarted | FindingSeen | RunEnded, subject: str = "") -> None:
    with ledger.transaction() as transaction:
        transaction.append(happening, subject or run, run=run, model=run[0])


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of 8 runs, bodies from a few bytes to some that overflow their page."""
    path = tmp_path_factory.mktemp("sound") / "ledger.sqlite3"
    with closing(Ledger(path)) as ledger:
        for number in range(RUNS):
            run = f"{number}-quick-1"
            append(ledger, run, RunStarted(phase=Phase.QUICK, env={"LONG": "x" * number * 1500}))
            for line in range(3):
                found = FindingSeen(kind="x", level=Level.FAILURE, message="m" * 60 * line, updated_at=1.0)
                append(ledger, run, found, f"{run}:L{line}")
            append(ledger, run, RunEnded(state=RunState.COMPLETED))
            with ledger.transaction() as transaction:
                transaction.keep_metrics(run, [(line, {"loss": 0.1 * line}) for line in range(60)])
                transaction.move_scan(run, expected=None, moved=(9, "{}"))
    return path


def ask_everything(path: Path) -> None:
    """Do what the acts do: ask of every run, and record one more."""
    with closing(Ledger(path)) as ledger:
        ledger.check_readable()
        for run in ledger.runs():
            ledger.events(run=run.id)
            ledger.metric_rows(run.id)
            ledger.scan_position(run.id)
        ledger.head()
        append(ledger, "z-quick-1", RunStarted(phase=Phase.QUICK))


def of_no_run(_run: str) -> None:
    """Tell no start: there are no run directories."""


def mended(path: Path) -> Rebuilding:
    return rebuilding.replace(rebuilding.read(path), "a test", of_no_run)


def flip(chance: random.Random, data: bytearray) -> object:
    for _ in range(chance.randint(1, 20)):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def overwrite(chance: random.Random, data: bytearray) -> object:
    size = chance.choice([512, PAGE])
    begin = size * chance.randrange(len(data) // size)
    data[begin : begin + size] = chance.choice([bytes(size), chance.randbytes(size)])


def swap(chance: random.Random, data: bytearray) -> object:
    one, other = (PAGE * number for number in chance.sample(range(len(data) // PAGE), 2))
    data[one : one + PAGE], data[other : other + PAGE] = data[other : other + PAGE], data[one : one + PAGE]


def cut(chance: random.Random, data: bytearray) -> object:
    del data[chance.randrange(1, len(data)) :]


@pytest.mark.parametrize("damage", [flip, overwrite, swap, cut])
def test_damage_anywhere_is_told_and_mended_and_never_lost(damage: Damage, sound: Path, tmp_path: Path) -> None:
    told: list[str] = []
    written = frozenset(pages.events(sound.read_bytes()))
    for seed in SEEDS:
        folder = tmp_path / str(seed)
        folder.mkdir()
        path = folder / "ledger.sqlite3"
        data = bytearray(sound.read_bytes())
        damage(random.Random(f"{damage.__name__} {seed}"), data)
        path.write_bytes(data)
        try:
            seen = rebuilding.trouble(path)
        except LedgerTooNew:
            continue  # the flip hit the version: told, and left as it is
        if not seen:  # the damage hit what nobody reads
            ask_everything(path)
            continue
        before = path.read_bytes()
        shutil.copy(path, folder / "copy")
        try:
            ask_everything(folder / "copy")
        except WatchkeeperError as error:
            told.append(error.do_next)
        assert written.issuperset(pages.events(before)), "nothing is taken over that was not written so"
        done = mended(path)
        assert (folder / done.aside).read_bytes() == before
        assert rebuilding.trouble(path) == ""
        assert done.kept >= sum(1 for _ in pages.events(before)) - EVENTS_OF_A_RUN
        ask_everything(path)
    assert all("doctor" in one for one in told), told


@pytest.mark.parametrize("name", ["chain_by_run", "chain_by_subject", "subjects_by_run"])
def test_a_damaged_page_of_an_index_loses_no_event(name: str, sound: Path, tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    shutil.copy(sound, path)
    with closing(Ledger(path)) as ledger:
        (root,) = ledger._rows("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,))[0]  # pyright: ignore[reportPrivateUsage]
        identity, head = ledger.id, ledger.head()
    with path.open("r+b") as file:
        file.seek((root - 1) * PAGE)
        file.write(b"\xa5" * PAGE)
    assert "damaged" in rebuilding.trouble(path)
    done = mended(path)
    assert (done.kept, done.lost, done.whole) == (RUNS * EVENTS_OF_A_RUN, 0, True)
    with closing(Ledger(path)) as ledger:
        assert ledger.id == identity, "it is the same ledger: cursors and a copy of its head go on"
        assert [one.hash for one in ledger.events(limit=head[0])][-1] == head[1]
        assert ledger.scan_position("3-quick-1") == (9, "{}")
        assert len(ledger.metric_rows("3-quick-1")) == 60


def test_an_event_whose_body_was_flipped_is_left_out_and_that_is_on_record(sound: Path, tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    data = bytearray(sound.read_bytes())
    place = data.index(b'"mmmm') if b'"mmmm' in data else data.index(b"mmmm")
    data[place + 3] ^= 0x80
    path.write_bytes(data)
    assert rebuilding.trouble(path)
    done = mended(path)
    assert (done.kept, done.lost, done.whole) in {
        (RUNS * EVENTS_OF_A_RUN - 1, 1, False),  # in the chain
        (RUNS * EVENTS_OF_A_RUN, 0, True),  # in what is computed from it
    }
    with closing(Ledger(path)) as ledger:
        assert len(ledger.runs()) == RUNS
        assert [one.kept for one in ledger.rebuildings()] == [done.kept]


def test_what_lies_in_the_ledgers_place_is_refused_in_words_and_kept_aside(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    outside = tmp_path / "outside"
    makers: dict[str, Callable[[], object]] = {
        "a folder": lambda: (path.mkdir(), (path / "a file").touch()),
        "a link": lambda: path.symlink_to(outside),
        "no plain file": lambda: os.mkfifo(path),
    }
    for what, make in makers.items():
        make()
        with pytest.raises(LedgerUnreadable, match=f"is {what}, where the ledger should be"):
            Ledger(path)
        assert what in rebuilding.trouble(path)
        done = mended(path)
        assert os.path.lexists(tmp_path / done.aside)
        ask_everything(path)
        path.unlink()
    assert not outside.exists()


def test_a_rebuilding_that_is_killed_anywhere_can_be_done_again(sound: Path, tmp_path: Path) -> None:
    damaged = bytearray(sound.read_bytes())
    damaged[20 * PAGE : 21 * PAGE] = bytes(PAGE)
    calls = 0
    for point in (1, 40, 200, 400, 600, 800, 1000, 1200, *range(1240, 1300, 6), 10**9):
        folder = tmp_path / str(point)
        folder.mkdir()
        path = folder / "ledger.sqlite3"
        path.write_bytes(damaged)
        child = os.fork()
        if child == 0:
            die_at(point)
            mended(path)
            os._exit(0)
        calls += os.waitpid(child, 0)[1] != 0
        assert path.is_file(), "at any moment there is one ledger"
        if rebuilding.trouble(path):
            mended(path)
        assert rebuilding.trouble(path) == ""
        assert bytes(damaged) in [one.read_bytes() for one in folder.iterdir()], "the damaged one is kept"
    assert calls > 5, "most of these points came before the end"


def die_at(point: int) -> None:
    """Let this process be killed at its n-th call of a function, ours or SQLite's."""
    left = point

    def count(_frame: FrameType, what: str, _argument: object) -> None:
        nonlocal left
        left -= what in ("call", "c_call")
        if left <= 0:
            os.kill(os.getpid(), 9)

    sys.setprofile(count)


def test_damage_that_sqlite_cannot_even_tell_of_is_told(sound: Path, tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    misnamed = sound.read_bytes().replace(b"chain_by_run", b"chain_by\xcerun")
    path.write_bytes(misnamed.replace(b"CREATE INDEX chain_by\xce", b"CREATE xxxxx chain_by\xce"))
    assert "cannot" in rebuilding.trouble(path) or "damaged" in rebuilding.trouble(path)
    with pytest.raises(LedgerUnreadable), closing(Ledger(path)) as ledger:
        ledger.damage()
    assert mended(path).kept == RUNS * EVENTS_OF_A_RUN
