"""Makes the environment that a `make` target needs; does nothing when it is there already.

Runs on the machine's own Python, before anything is installed, so it uses the standard library
only. `prepare.py base` is for serving, `prepare.py dev` for the tests.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
# Debian's package for each library that WeasyPrint opens when it draws a card.
LIBRARIES = {
    "libpangoft2-1.0-0": ("libpangoft2-1.0.so.0", "pangoft2-1.0"),
    "libharfbuzz-subset0": ("libharfbuzz-subset.so.0", "harfbuzz-subset"),
}
# Playwright's driver for Linux needs it, and nothing else brings it.
TEST_LIBRARIES = {"libatomic1": ("libatomic.so.1", "atomic")} if sys.platform == "linux" else {}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main(kind: str) -> None:
    """Install system packages and the locked Python packages of `kind` ("base" or "dev")."""
    install_system_packages(missing_packages(kind))
    if not is_installed(kind):
        make_environment()
        print(f"Installing the packages of requirements/{kind}.lock ...", flush=True)
        lock = ROOT / "requirements" / f"{kind}.lock"
        run(PYTHON, "-m", "pip", "install", "-qq", "--require-hashes", "-r", lock)
        shutil.copyfile(lock, stamp(kind))


def missing_packages(kind: str) -> list[str]:
    """Names of the Debian packages that this machine lacks for `kind`."""
    libraries = LIBRARIES | TEST_LIBRARIES if kind == "dev" else LIBRARIES
    missing = [name for name, library in libraries.items() if not can_load(*library)]
    if not PYTHON.exists() and importlib.util.find_spec("ensurepip") is None:
        # Debian packs venv's pip apart from Python.
        missing.append(f"python3.{sys.version_info.minor}-venv")
    if kind == "dev" and not any(map(shutil.which, BROWSERS)):
        missing.append("chromium")
    return missing


def can_load(file_name: str, name: str) -> bool:
    """Whether the dynamic loader finds a library, by Linux file name or by plain name."""
    for candidate in (file_name, ctypes.util.find_library(name)):
        try:
            if candidate:
                ctypes.CDLL(candidate)
                return True
        except OSError:
            continue
    return False


def install_system_packages(packages: list[str]) -> None:
    """Install with apt-get where that needs no question; else name the command and stop."""
    if not packages:
        return
    install = ["apt-get", "install", "-y", "--no-install-recommends", *packages]
    if not shutil.which("apt-get"):
        sys.exit(
            f"Missing on this machine (Debian's names): {', '.join(packages)}.\n"
            "Install them with your system's package manager, then run make again.\n"
            "  Fedora: sudo dnf install pango harfbuzz chromium\n"
            "  macOS:  brew install pango, and Chromium for the tests"
        )
    if os.geteuid() == 0:
        prefix = []
    elif succeeds("sudo", "-n", "true"):
        prefix = ["sudo", "-n"]
    else:
        command = f"sudo apt-get update && sudo {' '.join(install)}"
        sys.exit(f"Missing system packages. Install them, then run make again:\n  {command}")
    print(f"Installing system packages: {' '.join(packages)} ...", flush=True)
    run(*prefix, "apt-get", "update", "-qq", quiet=True)
    run(*prefix, "env", "DEBIAN_FRONTEND=noninteractive", *install, "-qq", quiet=True)


def is_installed(kind: str) -> bool:
    """Whether the environment works and holds what the lock file says now."""
    # dev.lock holds all of base.lock in the same versions (tests/test_locks.py).
    return succeeds(PYTHON, "-c", "") and any(
        stamp(lock).exists()
        and stamp(lock).read_bytes() == (ROOT / "requirements" / f"{lock}.lock").read_bytes()
        for lock in {kind, "dev"}
    )


def make_environment() -> None:
    """A virtual environment in .venv; one whose Python is gone is made anew."""
    if not succeeds(PYTHON, "-c", ""):
        print("Making .venv ...", flush=True)
        run(sys.executable, "-m", "venv", "--clear", VENV)


def stamp(kind: str) -> Path:
    """The copy of the lock file that was installed last."""
    return VENV / f"installed-{kind}.lock"


def succeeds(*command: str | Path) -> bool:
    """Whether a command is there and ends well; what it prints is dropped."""
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


def run(*command: str | Path, quiet: bool = False) -> None:
    """Run a command that asks nothing; its failure ends make. Quiet: only its errors are shown."""
    out = subprocess.DEVNULL if quiet else None
    status = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=out).returncode
    if status:
        sys.exit(f"Failed ({status}): {' '.join(map(str, command))}")


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        sys.exit(130)
