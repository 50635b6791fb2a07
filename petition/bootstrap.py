"""Make .venv what requirements-dev.txt says, with the Python that runs this: `make` calls it.

Nothing to do is the usual case and takes no time. Old Pythons have to get as far as the line that
says that they are too old: no syntax here that Python 3.6 can't read.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "made-of")
REQUIREMENTS = [
    os.path.join(ROOT, name) for name in ("requirements-uv.txt", "requirements-dev.txt")
]


def main() -> None:
    if sys.version_info < (3, 11):
        stop("Python 3.11 or newer is needed, %s is %s" % (sys.executable, sys.version.split()[0]))
    # The folder, since the scripts in a venv name it; the Python, since its packages are for it.
    interpreter = "%s %s" % (VENV, sys.version)
    packages = hashlib.sha256(b"".join(map(read, REQUIREMENTS))).hexdigest()
    made_of = "%s\n%s\n" % (interpreter, packages)
    stamp = read(STAMP).decode()
    if stamp == made_of and os.path.exists(PYTHON):
        return
    # Debian's python3 has venv, but not what venv needs, until python3-venv is installed.
    if not (importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv")):
        version = "%d.%d" % sys.version_info[:2]
        stop("this Python has no venv module: apt install python%s-venv, or its like" % version)
    print("setting up .venv ...", flush=True)
    if stamp.startswith(interpreter) and os.path.exists(PYTHON):
        os.unlink(STAMP)
    else:  # another Python or place, or half of one
        shutil.rmtree(VENV, ignore_errors=True)
        run(sys.executable, "-m", "venv", VENV)
    install()
    with open(STAMP, "w") as file:  # last: a venv without it is half of one
        file.write(made_of)


def install() -> None:
    """By uv, which is fast; by pip where there is no uv, or none of its ways is let through."""
    pip = [PYTHON, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    uv = [PYTHON, "-m", "uv", "pip", "sync", "--quiet", "--python", PYTHON]
    hashed = ["--require-hashes"]
    if works(*(pip + hashed + ["-r", REQUIREMENTS[0]])) and works(
        *(uv + hashed + REQUIREMENTS[1:])
    ):
        return
    run(*(pip + hashed + ["-r", REQUIREMENTS[1]]))


def works(*command: str) -> bool:
    done = subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    return done.returncode == 0


def run(*command: str) -> None:
    if subprocess.run(command, check=False).returncode:
        stop("could not set up .venv: `%s` failed" % " ".join(command))


def read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


def stop(line: str) -> None:
    sys.exit("petition: " + line)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
