"""Call `main` of one of these modules and print what it gives as one line of JSON.

python -m benchmarks.inside seed 10000
"""

import json
import os
import sys
from importlib import import_module

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "petition.settings")
    django.setup()
    name, *arguments = sys.argv[1:]
    found = import_module(f"benchmarks.inside.{name}").main(*arguments)
    sys.stdout.write(json.dumps(found) + "\n")
