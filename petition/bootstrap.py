"""Make .venv what requirements-dev.txt says, with the Python that runs this: `make` calls it.

Nothing to do is the usual case and takes no time. Old Pythons have to get as far as the line that
says that they are too old: no syntax here that Python 3.6 can't read.
"""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "made-of"
UV = ROOT / "requirements-uv.txt"
ALL = ROOT / "requirements-dev.txt"


def main() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 - it is what this asks
        version = sys.version.split()[0]
        sys.exit(f"petition: Python 3.11 or newer is needed, {sys.executable} is {version}")
    # The folder, since the scripts in a venv name it; the Python, since its packages are for it.
    interpreter = f"{VENV} {sys.version}"
    packages = hashlib.sha256(UV.read_bytes() + ALL.read_bytes()).hexdigest()
    made_of = f"{interpreter}\n{packages}\n"
    if stamped() == made_of:
        return
    # Debian's python3 has venv, but not what venv needs, until python3-venv is installed.
    if not (importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv")):
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        sys.exit(f"petition: this Python has no venv module: apt install {package}, or its like")
    # `make run` and `make test` at once, in two terminals: one makes it, the other waits.
    fcntl.flock(os.open(str(ROOT), os.O_RDONLY), fcntl.LOCK_EX)
    stamp = stamped()
    if stamp == made_of:
        return
    sys.stderr.write("setting up .venv ...\n")
    if stamp.startswith(interpreter):
        STAMP.unlink()
    else:  # another Python or place, or half of one
        shutil.rmtree(str(VENV), ignore_errors=True)
        run(sys.executable, "-m", "venv", VENV)
    install()
    STAMP.write_text(made_of)  # last: a venv without it is half of one


def stamped() -> str:
    return STAMP.read_text() if STAMP.exists() and PYTHON.exists() else ""


def install() -> None:
    """By uv, which is fast; by pip where there is no uv, or where it isn't let through."""
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    uv = [str(PYTHON), "-m", "uv", "pip", "sync", "--quiet", "--python", str(PYTHON)]
    hashed = "--require-hashes"
    if not (works(*pip, hashed, "-r", UV) and works(*uv, hashed, ALL)):
        run(*pip, hashed, "-r", ALL)


def works(*command: "str | Path") -> bool:
    output = subprocess.DEVNULL
    return subprocess.run(command, stdout=output, stderr=output, check=False).returncode == 0


def run(*command: "str | Path") -> None:
    if subprocess.run(command, check=False).returncode:
        sys.exit(f"petition: could not set up .venv: {' '.join(map(str, command))} failed")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
