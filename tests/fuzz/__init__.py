"""Inputs that nobody expects, by the thousand, to every place that takes one: `make fuzz`."""

import os

N = int(os.environ.get("FUZZ_N") or 200)
"""Inputs of each place."""
SEED = os.environ.get("FUZZ_SEED") or "1"
"""What all of them are made of."""
ONLY = os.environ.get("FUZZ_ONLY", "").split(",") if os.environ.get("FUZZ_ONLY") else []
"""What the names of the places begin with that are wanted; all if empty."""
SECONDS = float(os.environ.get("FUZZ_SECONDS") or (0.7 if N == 200 else "inf"))
"""After which a place has had enough; pages of which it has few in `make test` cost ten times as much."""
