"""The exported project: built with make, run without Python."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
from spikefarm.devices.base import SimulationError
from spikefarm.devices.cpp_standalone.compile import engine_files
from spikefarm.devices.cpp_standalone.project import write_project

from . import reference
from .conftest import HERE, INPUTS

VALUES = {
    "tau": np.array([2.0]),
    "noise_size": np.array([10]),
    "seed": np.array([2**64 - 1], np.uint64),
    "mode": np.array([0]),
    "rates": np.array([0.1, 1e-300, -np.inf, 4]),
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    write_project(folder, (HERE / "probe.cpp").read_text(), INPUTS, VALUES)
    flags = "CXXFLAGS=-O1 -Wall -Wextra -Werror"
    subprocess.run(["make", "-s", "-C", folder, "-j2", flags], check=True, capture_output=True, text=True)
    return folder


@pytest.fixture
def project(built, tmp_path):
    """A copy without the sources, to be spoilt."""
    folder = tmp_path / "copy"
    shutil.copytree(built, folder, ignore=shutil.ignore_patterns("engine", "*.o", "*.cpp"))
    return folder


def main(folder, *arguments, program="./main"):
    return subprocess.run(
        [program, *arguments], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def problems(result):
    assert result.stdout == ""
    return [line.removeprefix("error: ") for line in result.stderr.splitlines()]


def test_the_tree_is_complete(built):
    assert {path.name for path in (built / "engine").glob("*.h")} == {
        path.name for path in engine_files() if path.suffix == ".h"
    }
    lines = (built / "parameters.txt").read_text().splitlines()
    assert "tau = 2.0  # s" in lines
    assert "# group.v:override =  # V" in lines
    assert "rates = @arrays/rates.npy  # Hz" in lines


def test_a_run_with_the_parameters_of_the_file(project):
    result = main(project)
    assert result.returncode == 0
    assert result.stdout.startswith("simulated in ")
    assert result.stdout.endswith("wrote results/results.npz with 6 arrays\n")
    with np.load(project / "results" / "results.npz") as found:
        np.testing.assert_array_equal(found["noise"], reference.normal_exact(10, 2**64 - 1, 0, 0))
        assert list(found["spikes.i"]) == [0, 3, 6, 9]


def test_the_command_line_has_the_last_word(project):
    values = ["tau=1", "v=1,2,3,4", "rates=1, 1,1,1", "--seed", "5", "--results", "a/b"]
    assert main(project, *values).returncode == 0
    with np.load(project / "a" / "b" / "results.npz") as found:
        np.testing.assert_allclose(found["group.v"], np.arange(1, 5) * np.exp(-1))
        assert list(found["seeds"]) == [5]
    assert main(project, "group.v:override=2").returncode == 0


def test_it_runs_from_anywhere_and_with_another_file(project, tmp_path):
    other = tmp_path / "elsewhere"
    other.mkdir()
    np.save(other / "r.npy", np.full(4, 2.0))
    (other / "p.txt").write_text(
        "tau=1\n\n # nothing\nnoise_size = 2\nseed=1\nmode = 0\nrates = @r.npy # Hz\n"
    )
    assert main(other, program=str(project / "main")).returncode == 0
    assert (other / "results" / "results.npz").exists()
    assert main(project, "--parameters", str(other / "p.txt"), "v=1").returncode == 0
    with np.load(project / "results" / "results.npz") as found:
        np.testing.assert_allclose(found["group.v"], 2 * np.exp(-1))


def test_list_and_help(project):
    listing = main(project, "--list")
    assert listing.returncode == 0
    assert "group.v:override" in listing.stdout
    assert "float64[4] V (may stay unset)" in listing.stdout
    assert "spikes.i" in listing.stdout
    assert main(project, "--help").stdout.startswith("usage: ./main")


def test_all_problems_are_listed_and_nothing_is_run(project):
    np.save(project / "short.npy", np.ones(3))
    np.save(project / "single.npy", np.ones(4, np.float32))
    np.save(project / "square.npy", np.ones((2, 2)))
    np.save(project / "holes.npy", np.array([1, 2, np.nan, 4]))
    (project / "text.npy").write_text("no array")
    (project / "cut.npy").write_bytes((project / "arrays" / "rates.npy").read_bytes()[:-1])
    bad = [
        "tau=fast",
        "v=1,2",
        "w=1",
        "mode=1.5",
        "mode=3000000000",
        "seed=-2",
        "noise_size=",
        "--what",
        "word",
    ]
    bad += [f"rates=@{name}.npy" for name in ("no", "short", "single", "square", "holes", "text", "cut")]
    result = main(project, *bad, "--seed", "x")
    assert result.returncode == 2
    assert problems(result) == [
        "'--what' is neither an option nor of the form NAME=VALUE",
        "'word' is neither an option nor of the form NAME=VALUE",
        "command line: tau: 'fast' is not a number",
        "command line: group.v:override: needs 4 elements or 1, not 2",
        "command line: there is no input 'w' (--list shows what there is)",
        "command line: mode: '1.5' is not a whole number",
        "command line: mode: '3000000000' does not fit into int32",
        "command line: seed: '-2' is below 0",
        "command line: noise_size: has no value",
        "command line: rates: no.npy: No such file or directory",
        "command line: rates: needs 4 elements, not 3",
        "command line: rates: single.npy holds numbers of type '<f4', not '<f8'",
        "command line: rates: square.npy is not one-dimensional",
        "command line: rates: element 2 is NaN, which is not a usable value",
        "command line: rates: text.npy is not a .npy file",
        "command line: rates: cut.npy is cut off or longer than its header says",
        "--seed: 'x' is not a whole number",
    ]
    assert not (project / "results").exists()


def test_problems_of_the_file(project):
    (project / "parameters.txt").write_text("tau 5\ntaau = 5\nmode = nan\ntau = nan\n")
    result = main(project, "--results")
    assert result.returncode == 2
    assert problems(result) == [
        "--results needs a value",
        "./parameters.txt, line 1: 'tau 5' is not of the form id = value",
        "./parameters.txt, line 2: there is no input 'taau'",
        "./parameters.txt, line 3: mode: 'nan' is not a whole number",
        "./parameters.txt, line 4: tau: 'nan' is not a usable value",
        "the input 'noise_size' has no value",
        "the input 'seed' has no value",
        "the input 'rates' has no value",
    ]
    assert problems(main(project, "--parameters", "none.txt"))[0] == "none.txt: No such file or directory"


def test_results_that_cannot_be_written(project):
    (project / "file").write_text("")
    for place, message in (("file", "file is not a directory"), ("file/x", "file/x: Not a directory")):
        result = main(project, "--results", place)
        assert (result.returncode, problems(result)) == (2, [f"--results: {message}"])


def test_a_simulation_that_fails(project):
    result = main(project, "tau=-1")
    assert (result.returncode, problems(result)) == (1, ["tau must be above 0"])
    assert list((project / "results").iterdir()) == []


def test_make_run_library_and_clean(built, tmp_path):
    folder = shutil.copytree(built, tmp_path / "copy")

    def make(*targets):
        command = ["make", "-C", folder, "CXXFLAGS=-O1", *targets]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert "results/results.npz" in make("run").stdout
    assert make("library").returncode == 0
    assert (folder / "model.so").exists()
    (folder / "model.cpp").write_text((folder / "model.cpp").read_text() + "\nint broken(\n")
    assert make().returncode != 0
    assert make("clean").returncode == 0
    assert not (folder / "main").exists()
    assert not list(folder.rglob("*.o"))


def test_values_that_do_not_fit_are_refused_before_anything_is_written(tmp_path):
    for values, message in (
        ({"tau": np.ones(2)}, "tau has 2 elements; it needs 1"),
        ({"nonesuch": np.ones(1)}, "no input 'nonesuch'"),
    ):
        with pytest.raises((ValueError, SimulationError), match=message):
            write_project(tmp_path / "p", "", INPUTS, values)
    assert not (tmp_path / "p").exists()
