"""How many cards a machine makes at once: places that the kernel frees when a process ends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from portal import env
from securelogin import keys
from securelogin.security_card import making, places
from securelogin.security_card.checks import places_can_be_locked

# Takes a place as another process of the portal would, says so, and never lets go.
HOLD = """
import fcntl, sys, time
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Two places of this test's own."""
    settings.RUNTIME_DIR, settings.CARDS_AT_ONCE = str(tmp_path / "run"), 2
    return tmp_path / "run"


def test_there_are_so_many_places_and_each_is_free_again_afterwards() -> None:
    for _ in range(2):
        with ExitStack() as held:
            taken = [held.enter_context(places.taken_for(client)) for client in (1, 2, 3)]
        assert taken == [True, True, False]


def test_a_place_is_free_again_after_an_error() -> None:
    for client in (1, 2, 3):
        with pytest.raises(ZeroDivisionError):
            _break_in_a_place(client)


def _break_in_a_place(client: int) -> None:
    with places.taken_for(client) as taken:
        assert taken
        raise ZeroDivisionError


def test_a_client_has_one_place_at_most_and_keeps_nobody_else_from_one() -> None:
    with places.taken_for(1) as first, places.taken_for(1) as again, places.taken_for(2) as other:
        assert (first, again, other) == (True, False, True)


def test_threads_have_their_own_places() -> None:
    taken = []

    def act(client: int) -> None:
        with places.taken_for(client) as mine:
            taken.append(mine)

    with places.taken_for(1), places.taken_for(2):
        thread = threading.Thread(target=act, args=(3,))
        thread.start()
        thread.join()
    assert taken == [False]


def test_a_process_that_is_killed_leaves_its_place(folder: Path) -> None:
    places.folder()
    held = [
        subprocess.Popen(  # noqa: S603 - the words are this file's
            [sys.executable, "-c", HOLD, folder / f"place-{number}"], stdout=subprocess.PIPE
        )
        for number in range(2)
    ]
    try:
        for process in held:
            assert process.stdout is not None
            assert process.stdout.readline() == b"held\n"
        with places.taken_for(1) as taken:
            assert not taken
        held[0].kill()
        held[0].wait()
        with places.taken_for(1) as first, places.taken_for(2) as second:
            assert (first, second) == (True, False)
    finally:
        for process in held:
            process.kill()
            process.communicate()


def test_nobody_else_on_the_machine_can_hold_a_place(folder: Path) -> None:
    with places.taken_for(1):
        assert folder.stat().st_mode & 0o077 == 0
        assert {path.name for path in folder.iterdir()} == {"client-1", "place-0"}
        assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_a_folder_that_cannot_be_used_is_named_at_the_start(
    folder: Path, settings: Settings
) -> None:
    assert places_can_be_locked(None) == []
    folder.parent.joinpath("file").touch()
    settings.RUNTIME_DIR = str(folder.parent / "file" / "run")
    (error,) = places_can_be_locked(None)
    assert error.id == "securelogin.E013"
    assert "RUNTIME_DIR" in error.msg


def test_the_number_of_places_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env.number("CARDS_AT_ONCE", default=3) == 3
    monkeypatch.setenv("CARDS_AT_ONCE", "5")
    assert env.number("CARDS_AT_ONCE", default=3) == 5
    for nonsense in ("0", "-1", "all"):
        monkeypatch.setenv("CARDS_AT_ONCE", nonsense)
        with pytest.raises(ImproperlyConfigured, match="CARDS_AT_ONCE"):
            env.number("CARDS_AT_ONCE", default=3)


def test_cards_are_made_where_no_thread_may_step_back(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_args: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", forbidden)
    packed = making.hash_answers(["000000"] * 112, b"K" * 32, keys.cost_in_use())
    assert len(packed) == 112 * 48


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere niceness is the whole process's")
def test_hashes_of_cards_step_back_behind_everything_else(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    settings.CARD_THREADS = 2
    before = os.getpriority(os.PRIO_PROCESS, 0)
    nice = set()

    def digest(*_args: object) -> bytes:
        nice.add(
            (threading.get_ident(), os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        )
        return bytes(keys.DIGEST_BYTES)

    monkeypatch.setattr(keys, "digest", digest)
    making.hash_answers(["000000"] * 112, b"K" * 32, keys.cost_in_use())
    assert {niceness for _thread, niceness in nice} == {max(making.NICENESS, before)}
    assert 1 <= len(nice) <= 2
    # The thread that serves the request is as quick as before.
    assert threading.get_ident() not in {thread for thread, _niceness in nice}
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
