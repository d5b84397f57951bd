"""Run the networks of `network_models` in both simulators by turns: times, ratios, a chart and machine data.

python tests/benchmarks/networks.py --brian PYTHON [--repeats 3] [--folder build/benchmarks] [NAME ...]
"""

import argparse
import json
import platform
import subprocess
import sys
from pathlib import Path

from network_models import MODELS

HERE = Path(__file__).parent
#: What is compared: its key in the reports, what it is called, and in which unit.
COLUMNS = (
    ("loop", "time loop"),
    ("run", "one run in all"),
    ("build_cpu", "compiling (CPU)"),
    ("declare", "declaring"),
)


def measured(python, script, name, turns):
    """The report of one simulator."""
    command = [str(python), str(HERE / script), name, str(turns)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def best(reports):
    return {key: min(report[key] for report in reports) for key in reports[0]}


def table(results):
    """The figures as a Markdown table: Brian 2, spikefarm and how many times as fast."""
    head = ["network", *(f"{what}: Brian 2 / spikefarm = ratio" for _, what in COLUMNS)]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name, (brian, ours) in results.items():
        cells = [f"{brian[k]:.3g} s / {ours[k]:.3g} s = {brian[k] / ours[k]:.1f}" for k, _ in COLUMNS]
        lines.append("| " + " | ".join([(MODELS[name].__doc__ or name).rstrip("."), *cells]) + " |")
    return "\n".join(lines)


def chart(results, target):
    """Ratios as bars."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 0.9 + 0.6 * len(results)))
    names = list(results)
    for row, (key, what) in enumerate(COLUMNS[:3]):
        ratios = [results[name][0][key] / results[name][1][key] for name in names]
        places = [k + 0.25 * row for k in range(len(names))]
        axes.barh(places, ratios, height=0.22, label=what)
        for place, ratio in zip(places, ratios, strict=True):
            axes.text(ratio, place, f" {ratio:.1f}", va="center", fontsize=8)
    axes.axvline(1, color="0.5", linewidth=1)
    axes.set_yticks([k + 0.25 for k in range(len(names))], [n.replace("_", " ") for n in names])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.set_xlabel("times as fast as Brian 2 standalone, one thread")
    axes.legend(loc="lower right", fontsize=8)
    figure.tight_layout()
    figure.savefig(target, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(MODELS), metavar="NAME")
    parser.add_argument("--brian", required=True, help="Python of an environment with brian2")
    parser.add_argument("--repeats", type=int, default=3, help="how often each is run; the best counts")
    parser.add_argument("--folder", type=Path, default=Path("build/benchmarks"))
    given = parser.parse_args()
    brian = Path(given.brian).absolute()
    results = {}
    for name in given.names:
        reports = [
            (
                measured(brian, "networks_brian.py", name, given.repeats),
                measured(sys.executable, "networks_spikefarm.py", name, given.repeats),
            )
        ]
        results[name] = (best([r[0] for r in reports]), best([r[1] for r in reports]))
        ratio = results[name][0]["loop"] / results[name][1]["loop"]
        print(f"{name}: {ratio:.1f} times as fast", file=sys.stderr)
    given.folder.mkdir(parents=True, exist_ok=True)
    data = {"machine": platform.processor() or platform.machine(), "python": platform.python_version()}
    (given.folder / "networks.json").write_text(json.dumps({**data, "results": results}, indent=1) + "\n")
    print(table(results))
    chart(results, given.folder / "networks.png")


if __name__ == "__main__":
    main()
