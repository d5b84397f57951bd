"""Every figure beside Brian 2's, measured by turns in one run: a table, a chart and machine data.

python tests/benchmarks/table.py --brian PYTHON [--nest PYTHON] [--repeats 3] [--only sweeps starts networks runtime]
                                  [--folder build/benchmarks]

Absolute times do not carry over between machines; ratios of times measured by turns on one machine do. Of several
measurements the least counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from network_models import MODELS as NETWORKS

HERE = Path(__file__).parent
SECTIONS = {
    "loop": "The time loop, one thread (simulated: 1 s; plasticity 10 s)",
    "start": "From a script to the first step",
    "compile": "Compiling: CPU time",
    "sweep": "Sweeps, on all cores",
    "runtime": "Runtime mode (Brian 2 with cython)",
}
#: Python may keep what it compiled of its modules, as it does for packages that were installed.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
#: How many times as fast each is meant to be, at least.
WANTED = {
    "hodgkin_huxley": 5,
    "brunel": 4,
    "membranes": 4,
    "stdp": 2,
    "current_based": 1.3,
    "one_neuron": 3,
}


@dataclass
class Row:
    """One line of the table.

    Parameters
    ----------
    section, what : str
    brian, ours : float or None
        Seconds; None where one has no such thing.
    wanted : float or None
        The ratio that is meant to be reached.
    limit : float or None
        Or the most seconds of ours.
    """

    section: str
    what: str
    brian: float | None
    ours: float
    wanted: float | None = None
    limit: float | None = None

    @property
    def ratio(self) -> float | None:
        return None if self.brian is None else self.brian / self.ours

    @property
    def held(self) -> bool:
        if self.limit is not None:
            return self.ours <= self.limit
        return self.wanted is None or (self.ratio or 0) >= self.wanted


class Bench:
    """Runs scripts of both simulators by turns and keeps the least of each figure."""

    def __init__(self, brian: Path, repeats: int) -> None:
        self.brian, self.repeats = str(brian.absolute()), repeats
        self.found: dict[str, dict[str, object]] = {}

    def report(self, python: str, script: str, *arguments: object, **environment: object) -> dict:
        command = [python, str(HERE / script), *map(str, arguments)]
        done = subprocess.run(
            command,
            env={**ENVIRONMENT, **{k: str(v) for k, v in environment.items()}},
            capture_output=True,
            text=True,
            check=False,
            cwd=HERE,
        )
        if done.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-3000:]}")
        return json.loads(done.stdout.strip().splitlines()[-1])

    def turns(self, name: str, *kinds: Callable[[], dict]) -> list[dict]:
        """Measure several things by turns; of each figure the least."""
        reports: list[list[dict]] = [[] for _ in kinds]
        for _ in range(self.repeats):
            for kept, kind in zip(reports, kinds, strict=True):
                kept.append(kind())
        least = [
            {k: min(r[k] for r in kept) if isinstance(kept[0][k], float) else kept[0][k] for k in kept[0]}
            for kept in reports
        ]
        self.found[name] = {"least": least, "every": reports}
        print(f"{name}: measured", file=sys.stderr, flush=True)
        return least


def network_rows(bench: Bench) -> Iterator[Row]:
    for name, model in NETWORKS.items():
        what = (model.__doc__ or name).rstrip(".")
        times = 30 if name == "one_neuron" else 2
        brian, ours = bench.turns(
            name,
            lambda name=name, n=times: bench.report(bench.brian, "networks_brian.py", name, n),
            lambda name=name, n=times: bench.report(sys.executable, "networks_spikefarm.py", name, n),
        )
        yield Row("loop", what, brian["loop"], ours["loop"], WANTED.get(name))
        if name == "one_neuron":
            yield Row("loop", "... all of `device.run`", brian["run"], ours["run"], 8)
        yield Row("compile", what, brian["build_cpu"], ours["build_cpu"], 6)


def start_rows(bench: Bench) -> Iterator[Row]:
    for name in ("one_neuron", "current_based"):
        with tempfile.TemporaryDirectory() as folder:
            kinds = [
                lambda name=name, f=f"{folder}/brian": bench.report(
                    bench.brian, "networks_brian.py", name, 0, f
                ),
                lambda name=name, f=f"{folder}/ours": bench.report(
                    sys.executable, "networks_spikefarm.py", name, 0, f
                ),
            ]
            for first in kinds:
                first()
            brian, ours = bench.turns(f"second start, {name}", *kinds)
        what = (NETWORKS[name].__doc__ or name).rstrip(".")
        both = [r["declare"] + r["build"] for r in (brian, ours)]
        yield Row("start", f"second start: Python and build, {what[0].lower()}{what[1:]}", *both, 10)
        if name == "one_neuron":
            yield Row("start", "import", brian["import"], ours["import"])
    (declared,) = bench.turns("declare", lambda: bench.report(sys.executable, "declare.py"))
    yield Row("start", "declaring and hashing a network of ten objects", None, declared["best"], limit=0.020)
    yield Row("start", "... the first time in a process", None, declared["first"])


def sweep_rows(bench: Bench) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        count = iter(range(10**6))

        def ours(model: str, *more: object, cache: str = "") -> dict:
            where = cache or f"{folder}/{next(count)}"
            return bench.report(sys.executable, "sweep_spikefarm.py", model, *more, SPIKEFARM_CACHE_DIR=where)

        def brian(model: str) -> dict:
            return bench.report(bench.brian, "sweep_brian.py", model, 3)

        for model, what, phase in (
            ("f_i", "200-point f-I curve of one neuron", 30),
            ("noisy", "200 runs of 100 noisy neurons, 1,000 synapses", 5),
        ):
            warm = f"{folder}/{model}"
            ours(model, 0, cache=warm)
            pool, cold, kept, ready = bench.turns(
                model,
                lambda model=model: brian(model),
                lambda model=model: ours(model, 3),
                lambda model=model: ours(model, 0, f"{folder}/{next(count)}.zarr"),
                lambda model=model, warm=warm: ours(model, 0, cache=warm),
            )
            same_curve(model, pool["spikes"], cold["spikes"])
            yield Row("sweep", f"{what}: simulation phase", pool["phase"], cold["phase"], phase)
            target = 3 if model == "f_i" else None
            yield Row(
                "sweep", "... cold, script start to labelled results", pool["total"], cold["total"], target
            )
            yield Row("sweep", "... cold, into a store on disk", pool["total"], kept["total"])
            yield Row("sweep", "... build cached", pool["total"], ready["total"])
        brian_cost, cost = bench.turns(
            "overhead",
            lambda: bench.report(bench.brian, "overhead.py", "brian"),
            lambda: bench.report(
                sys.executable, "overhead.py", "spikefarm", SPIKEFARM_CACHE_DIR=f"{folder}/over"
            ),
        )
        yield Row(
            "sweep",
            "one run beyond its loop, into a store",
            brian_cost["overhead"],
            cost["overhead"],
            limit=2e-4,
        )
        yield Row("sweep", "... in memory", brian_cost["overhead"], cost["memory"])


def same_curve(model: str, brian: list[int], ours: list[int]) -> None:
    """Refuse to compare what does not do the same."""
    if model == "f_i":
        assert brian == ours, "the two simulators disagree on the f-I curve"
    else:
        a, b = sum(brian) / len(brian), sum(ours) / len(ours)
        assert abs(a - b) < 0.02 * a, f"the two simulators disagree on the number of spikes: {a} and {b}"


def runtime_rows(bench: Bench) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        brian, ours = bench.turns(
            "runtime",
            lambda: bench.report(bench.brian, "runtime.py", "brian2"),
            lambda: bench.report(sys.executable, "runtime.py", "spikefarm", SPIKEFARM_CACHE_DIR=folder),
        )
    for what, key in (
        ("first use of a new model", "first"),
        ("one neuron for 10,000 steps", "plain"),
        ("... with a network operation at every step", "operation"),
        ("... that reads a variable", "reading"),
    ):
        yield Row("runtime", what, brian[key], ours[key])


PARTS = {"sweeps": sweep_rows, "starts": start_rows, "networks": network_rows, "runtime": runtime_rows}


def nest_lines(bench: Bench, python: str, rows: list[Row]) -> list[str]:
    """What NEST takes for two of the networks, where there is one."""
    probe = subprocess.run([python, "-c", "import nest; nest.Simulate"], capture_output=True, check=False)
    if probe.returncode:
        return ["NEST: not installed, so not measured."]
    lines = []
    for name in ("current_based", "brunel"):
        (found,) = bench.turns(
            f"NEST, {name}", lambda name=name: bench.report(python, "nest_networks.py", name)
        )
        what = (NETWORKS[name].__doc__ or name).rstrip(".")
        lines += [
            f"NEST, {what}: {shown(found['loop'])}; spikefarm: {shown(row.ours)}."
            for row in rows
            if row.section == "loop" and row.what == what
        ]
    return lines


def shown(seconds: float | None) -> str:
    if seconds is None:
        return ""
    for size, unit in ((1.0, "s"), (1e-3, "ms")):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def table(rows: list[Row]) -> str:
    """The figures as Markdown, a table for each section."""
    lines = []
    for section, title in SECTIONS.items():
        chosen = [row for row in rows if row.section == section]
        if not chosen:
            continue
        lines += [f"| {title} | Brian 2 | spikefarm | ratio | wanted |", "|---|---:|---:|---:|---:|"]
        for row in chosen:
            wanted = f"≤ {shown(row.limit)}" if row.limit else f"{row.wanted:g} ×" if row.wanted else ""
            ratio = "" if row.ratio is None else f"{row.ratio:.3g} ×"
            wanted += "" if row.held else " (missed)"
            lines.append(f"| {row.what} | {shown(row.brian)} | {shown(row.ours)} | {ratio} | {wanted} |")
        lines.append("")
    return "\n".join(lines)


def chart(rows: list[Row], target: Path) -> None:
    """Ratios as bars, with what is wanted as marks."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    chosen = [row for row in rows if row.ratio is not None and row.section != "runtime"]
    colours = dict(zip(SECTIONS, ("#4477aa", "#66ccee", "#ccbb44", "#228833", "#aa3377"), strict=True))
    figure, axes = plt.subplots(figsize=(9, 0.6 + 0.27 * len(chosen)))
    labels = []
    for place, row in enumerate(chosen):
        axes.barh(place, row.ratio, color=colours[row.section], height=0.7)
        near = row.wanted if row.wanted and row.ratio <= row.wanted < 1.5 * row.ratio else row.ratio
        axes.text(near * 1.04, place, f"{row.ratio:.3g}", va="center", fontsize=8)
        if row.wanted:
            axes.plot([row.wanted] * 2, [place - 0.42, place + 0.42], color="black", linewidth=2)
        labels.append(row.what.replace("`", ""))
    axes.axvline(1, color="0.5", linewidth=1)
    axes.set_yticks(range(len(chosen)), labels, fontsize=8)
    axes.set_ylim(len(chosen) - 0.4, -0.6)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlim(right=2.2 * max(row.ratio for row in chosen))
    axes.set_xlabel("times as fast as Brian 2; black: wanted at least")
    handles = [plt.Rectangle((0, 0), 1, 1, color=colours[s]) for s in SECTIONS if s != "runtime"]
    names = [SECTIONS[s].split(",")[0].split(":")[0].split(" (")[0] for s in SECTIONS if s != "runtime"]
    figure.legend(handles, names, loc="upper center", fontsize=8, ncols=4, frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 0.96))
    figure.savefig(target, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brian", required=True, type=Path, help="Python of an environment with brian2")
    parser.add_argument("--nest", default=sys.executable, help="Python of an environment with NEST, if any")
    parser.add_argument("--repeats", type=int, default=3, help="how often each is measured; the least counts")
    parser.add_argument("--folder", type=Path, default=Path("build/benchmarks"))
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS), help="parts of the table")
    given = parser.parse_args()
    bench = Bench(given.brian, given.repeats)
    rows = [row for part in given.only for row in PARTS[part](bench)]
    rows.sort(key=lambda row: list(SECTIONS).index(row.section))
    about = (
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"the least of {given.repeats}, measured by turns."
    )
    text = "\n".join([table(rows), *nest_lines(bench, given.nest, rows), "", about, ""])
    given.folder.mkdir(parents=True, exist_ok=True)
    (given.folder / "benchmarks.md").write_text(text)
    data = [{**asdict(row), "ratio": row.ratio, "held": row.held} for row in rows]
    found = {"about": about, "rows": data, "measured": bench.found}
    (given.folder / "benchmarks.json").write_text(json.dumps(found, indent=1) + "\n")
    chart(rows, given.folder / "benchmarks.png")
    print(text)


if __name__ == "__main__":
    main()
