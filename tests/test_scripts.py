"""What the Makefile calls: fresh keys for the settings, and a machine that lacks something."""

from __future__ import annotations

import datetime
import os
import shutil
import socket
import threading
from pathlib import Path

import pytest

from portal import env
from scripts import local_postgres, prepare
from scripts.demo import read_environment
from scripts.new_keys import RINGS, main, new_keys, rotated

DAY = datetime.date(2026, 11, 22)


def test_new_keys_are_taken_by_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (line.split("=", 1) for line in new_keys(DAY).splitlines()):
        monkeypatch.setenv(name, value)
    assert len(env.required("SECRET_KEY")) >= 50
    rings = [env.keys(name) for name in RINGS]
    assert all(len(ring) == 1 for ring in rings)
    assert {key_id for ring in rings for key_id, _key in ring} == {"20261122"}
    drawn = [key for ring in rings for _key_id, key in ring]
    assert {len(key) for key in drawn} == {32}
    assert len(set(drawn)) == len(RINGS) == 4


def test_new_keys_are_new_each_time() -> None:
    assert not set(new_keys(DAY).splitlines()) & set(new_keys(DAY).splitlines())


def test_the_demo_keeps_its_keys_and_makes_those_that_are_new(tmp_path: Path) -> None:
    first = read_environment(tmp_path)
    assert read_environment(tmp_path) == first
    file = tmp_path / "demo.env"
    older = [line for line in file.read_text().splitlines() if not line.startswith("SEED_KEYS=")]
    file.write_text("\n".join(older))
    now = read_environment(tmp_path)
    assert now.keys() == first.keys() == {"SECRET_KEY", *RINGS}
    assert {name for name in now if now[name] != first[name]} == {"SEED_KEYS"}
    assert read_environment(tmp_path) == now


def test_a_rotated_ring_has_a_new_key_in_front_and_the_old_ones_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = rotated("ANSWER_KEYS", "", DAY).partition("=")[2]
    twice = rotated("ANSWER_KEYS", first, DAY).partition("=")[2]
    thrice = rotated("ANSWER_KEYS", twice, DAY).partition("=")[2]
    monkeypatch.setenv("ANSWER_KEYS", thrice)
    assert [key_id for key_id, _key in env.keys("ANSWER_KEYS")] == [
        "20261122c",
        "20261122b",
        "20261122",
    ]
    assert thrice.endswith(twice)


def test_the_command_rotates_what_it_is_named_from_the_environment_or_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ring = rotated("VALUE_KEYS", "", DAY).partition("=")[2]
    file = tmp_path / "ring"
    file.write_text(ring + "\n")
    monkeypatch.setenv("VALUE_KEYS_FILE", str(file))
    main(["VALUE_KEYS"])
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("VALUE_KEYS=")
    assert line.endswith(f",{ring}")


@pytest.mark.parametrize("name", ["SECRET_KEY", "X"])
def test_the_command_refuses_what_is_no_ring(name: str) -> None:
    with pytest.raises(SystemExit, match="no ring"):
        main([name])


def test_the_command_refuses_a_ring_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AUDIT_KEYS", "AUDIT_KEYS_FILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit, match="AUDIT_KEYS is not set"):
        main(["AUDIT_KEYS"])


def no_root(monkeypatch: pytest.MonkeyPatch, *, apt: bool) -> list[str]:
    """A machine without root or sudo. Returns the list that will hold what was run."""
    ran: list[str] = []
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(prepare, "succeeds", lambda *_command: False)
    monkeypatch.setattr(prepare, "run", lambda *command, **_kwargs: ran.append(" ".join(command)))
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}" if apt else None)
    return ran


def test_it_names_the_exact_command_when_it_may_not_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran = no_root(monkeypatch, apt=True)
    with pytest.raises(SystemExit) as stop:
        prepare.install_system_packages(["libpangoft2-1.0-0", "chromium"])
    assert (
        "sudo apt-get update && sudo apt-get install -y --no-install-recommends "
        "libpangoft2-1.0-0 chromium"
    ) in str(stop.value)
    assert ran == []


def test_it_names_what_is_missing_when_there_is_no_apt(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = no_root(monkeypatch, apt=False)
    with pytest.raises(SystemExit, match="libpangoft2"):
        prepare.install_system_packages(["libpangoft2-1.0-0"])
    assert ran == []


def test_it_runs_nothing_when_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = no_root(monkeypatch, apt=True)
    prepare.install_system_packages([])
    assert ran == []


def test_root_installs_after_an_update(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = no_root(monkeypatch, apt=True)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    prepare.install_system_packages(["chromium"])
    assert ran[0].startswith("apt-get update")
    assert "apt-get install -y --no-install-recommends chromium" in ran[1]


def test_a_library_that_nobody_has_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "LIBRARIES", {"libnone0": ("libnone.so.0", "none-at-all")})
    monkeypatch.setattr(prepare, "PYTHON", Path(os.devnull))
    assert prepare.missing_packages("base") == ["libnone0"]


def test_the_tests_need_a_browser_and_the_demo_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "LIBRARIES", {})
    monkeypatch.setattr(prepare, "PYTHON", Path(os.devnull))
    monkeypatch.setattr(prepare, "can_load", lambda *_names: False)
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert prepare.missing_packages("base") == []
    assert prepare.missing_packages("dev") == ["libatomic1", "chromium"]


def test_an_environment_is_made_again_when_its_lock_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "VENV", tmp_path)
    monkeypatch.setattr(prepare, "succeeds", lambda *_command: True)
    assert not prepare.is_installed("base")
    lock = (prepare.ROOT / "requirements" / "base.lock").read_bytes()
    prepare.stamp("base").write_bytes(lock)
    assert prepare.is_installed("base")
    assert not prepare.is_installed("dev")
    prepare.stamp("base").write_bytes(lock + b"\n")
    assert not prepare.is_installed("base")
    prepare.stamp("dev").write_bytes((prepare.ROOT / "requirements" / "dev.lock").read_bytes())
    assert prepare.is_installed("base")


class Server(threading.Thread):
    """Answers one caller on this machine with these bytes."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self.answer = answer
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def run(self) -> None:
        """Take the greeting, answer, hang up."""
        with self.socket, self.socket.accept()[0] as caller:
            caller.recv(1000)
            caller.sendall(self.answer)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (b"R\0\0\0\x08\0\0\0\0S", True),
        (b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0", False),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", False),
        (b"", False),
    ],
    ids=["welcome", "asks for a password", "no PostgreSQL", "hangs up"],
)
def test_a_server_that_lets_everybody_in_is_found(
    answer: bytes, found: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Server(answer)
    server.start()
    monkeypatch.setattr(local_postgres, "PORT", server.port)
    local_postgres.main()
    server.join()
    told = f"postgres://postgres@127.0.0.1:{server.port}/postgres\n" if found else ""
    assert capsys.readouterr().out == told


def test_where_no_server_is_none_is_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setattr(local_postgres, "PORT", port)
    local_postgres.main()
    assert capsys.readouterr().out == ""
