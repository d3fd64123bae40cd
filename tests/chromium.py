"""Finds a Chromium for the browser tests; run as a script, it installs one where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MISSING = (
    "No Chromium was found and none could be installed. Install Chromium or Chrome and put it on the PATH, "
    "or name its program in the environment variable CHROMIUM."
)


def find_chromium() -> str | None:
    """Path of the program that CHROMIUM names, else of one on the PATH, else of Playwright's own; None without any.

    Raises:
        FileNotFoundError: CHROMIUM is set, but to something that is not a program.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        found = shutil.which(named)
        if found is None:
            raise FileNotFoundError(f"the environment variable CHROMIUM names {named}, which is not a program")
        return found
    on_path = (shutil.which(name) for name in NAMES)
    return next((path for path in on_path if path), None) or _playwrights_own()


def install_chromium() -> str | None:
    """Try the system's packages, then Playwright's download; path of the program, None if neither worked."""
    for command in _install_commands():
        print("no Chromium found, trying:", " ".join(command), file=sys.stderr)
        if subprocess.run(command, check=False).returncode == 0 and (path := find_chromium()):
            return path
    return None


def _install_commands() -> list[list[str]]:
    commands = []
    if shutil.which("apt-get"):
        if os.geteuid() == 0:
            commands.append(["apt-get", "install", "-y", "-q", "chromium"])
        elif shutil.which("sudo"):
            commands.append(["sudo", "-n", "apt-get", "install", "-y", "-q", "chromium"])
    commands.append([sys.executable, "-m", "playwright", "install", "chromium"])
    return commands


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright  # only here: it starts a process of its own

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


if __name__ == "__main__":
    try:
        program = find_chromium() or install_chromium()
    except FileNotFoundError as error:
        sys.exit(str(error))
    if program is None:
        sys.exit(MISSING)
    print("browser tests use", program)
