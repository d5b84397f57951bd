"""Run the benchmarks of both simulators by turns and print their times and ratios.

Absolute times do not carry over between machines; ratios of times measured by turns on one machine do.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def measured(command, **environment):
    """Run a script that prints one line of JSON."""
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **{k: str(v) for k, v in environment.items()}},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{command} failed:\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def import_time(python, module, folder):
    code = f"import time; s = time.perf_counter(); import {module}; print(time.perf_counter() - s)"
    done = subprocess.run([python, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return {"seconds": float(done.stdout)}


def best(rows, key):
    return min(row[key] for row in rows)


def line(what, brian, ours, unit="s", digits=2):
    ratio = brian / ours if ours > 0 else float("inf")
    print(f"| {what:<58} | {brian:10.{digits}f} {unit} | {ours:10.{digits}f} {unit} | {ratio:8.1f} x |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brian", required=True, help="Python of an environment with brian2")
    parser.add_argument("--repeats", type=int, default=3, help="how often each is measured; the best counts")
    arguments = parser.parse_args()
    brian, ours = arguments.brian, sys.executable
    brian = str(Path(brian).absolute())
    rows = {name: [] for name in ("import", "build", "fi", "warm", "again", "overhead", "runtime")}
    others = {name: [] for name in ("import", "build", "fi", "overhead", "runtime")}
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(arguments.repeats):
            cache = Path(folder) / f"cache{turn}"
            rows["import"].append(import_time(ours, "spikefarm", folder))
            others["import"].append(import_time(brian, "brian2", folder))
            rows["build"].append(measured([ours, HERE / "build_spikefarm.py"], SPIKEFARM_CACHE_DIR=cache))
            others["build"].append(measured([brian, HERE / "build_brian.py"]))
            shutil.rmtree(cache)
            sweep = [ours, HERE / "fi_spikefarm.py"]
            rows["fi"].append(measured([*sweep, f"{folder}/{turn}.zarr"], SPIKEFARM_CACHE_DIR=cache))
            rows["warm"].append(measured([*sweep, f"{folder}/warm{turn}.zarr"], SPIKEFARM_CACHE_DIR=cache))
            rows["again"].append(measured([*sweep, f"{folder}/{turn}.zarr"], SPIKEFARM_CACHE_DIR=cache))
            others["fi"].append(measured([brian, HERE / "fi_brian.py"]))
            rows["overhead"].append(measured([ours, HERE / "overhead.py", "ours"], SPIKEFARM_CACHE_DIR=cache))
            others["overhead"].append(measured([brian, HERE / "overhead.py", "brian"]))
            runtime = [ours, HERE / "runtime.py", "spikefarm"]
            rows["runtime"].append(measured(runtime, SPIKEFARM_CACHE_DIR=cache))
            others["runtime"].append(measured([brian, HERE / "runtime.py", "brian2"]))
    assert rows["fi"][0]["rates"] == others["fi"][0]["rates"], "the two simulators disagree on the f-I curve"
    for row in (*rows["build"], *others["build"]):
        row["cpu"] = row["python"] + row["compiler"]
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, best of {arguments.repeats}\n"
    )
    print(f"| {'':<58} | {'Brian 2':>12} | {'spikefarm':>12} | {'ratio':>10} |")
    print(f"|{'-' * 60}|{'-' * 13}:|{'-' * 13}:|{'-' * 11}:|")
    line("import", best(others["import"], "seconds"), best(rows["import"], "seconds"))
    line("CPU time to build the demo's model", best(others["build"], "cpu"), best(rows["build"], "cpu"))
    line(
        "200-point f-I sweep, cold: script start to results",
        best(others["fi"], "total"),
        best(rows["fi"], "total"),
    )
    line("the same, build cached", best(others["fi"], "total"), best(rows["warm"], "total"))
    line("the same, finished before", best(others["fi"], "total"), best(rows["again"], "total"))
    line("its sweep phase", best(others["fi"], "sweep"), best(rows["warm"], "sweep"))
    scale = 1e3
    line(
        "one run in a sweep beyond the simulation itself",
        scale * best(others["overhead"], "overhead"),
        scale * best(rows["overhead"], "overhead"),
        "ms",
        3,
    )
    line(
        "device.run, all of it",
        scale * best(others["overhead"], "per_run"),
        scale * best(rows["overhead"], "device_run"),
        "ms",
        3,
    )
    for what, key in (
        ("runtime mode: first use of a new model", "first"),
        ("a neuron for 10,000 steps in runtime mode", "plain"),
        ("the same with a network operation at every step", "operation"),
        ("the same, reading a variable", "reading"),
    ):
        line(what, scale * best(others["runtime"], key), scale * best(rows["runtime"], key), "ms", 3)
    spread = statistics.median(row["total"] for row in others["fi"]) / best(others["fi"], "total")
    print(f"\nMedian over best of Brian's sweep: {spread:.2f} (1.0 on a quiet machine).")


if __name__ == "__main__":
    main()
