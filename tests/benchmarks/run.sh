#!/usr/bin/env bash
# Benchmarks side by side with Brian 2, which gets an environment of its own.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${1:-.venv/bin/python}
if [ ! -x .bench-venv/bin/python ]; then
  "$python" -m venv .bench-venv
  # numpy 2.4 took away what Brian 2.9 (the newest for Python 3.11) uses
  .bench-venv/bin/python -m pip install --quiet "brian2>=2.9" "numpy<2.4" setuptools
fi
exec "$python" tests/benchmarks/table.py --brian .bench-venv/bin/python "${@:2}"
