"""Messages: where they go, what is shown, and what they warn of."""

from __future__ import annotations

import subprocess
import sys

import pytest
from spikefarm import *
from spikefarm.core import logs as module
from spikefarm.core.logs import SpikefarmLogger, catch_logs, get_logger

logger = get_logger("spikefarm.tests")


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(module, "_state", module._State())
    prefs.reset_to_defaults()
    yield
    prefs.reset_to_defaults()


def shown(capsys):
    """What these tests have said; objects of other tests may say something when they go."""
    lines = capsys.readouterr().err.splitlines(keepends=True)
    return "".join(line for line in lines if "[spikefarm.tests" in line or "[spikefarm.mine" in line)


def test_levels(capsys):
    logger.debug("one")
    logger.info("two")
    logger.warn("three")
    assert shown(capsys) == ("INFO       two [spikefarm.tests]\nWARNING    three [spikefarm.tests]\n")
    for choose, expected in (
        (BrianLogger.log_level_diagnostic, "abcde"),
        (BrianLogger.log_level_debug, "bcde"),
        (BrianLogger.log_level_info, "cde"),
        (BrianLogger.log_level_warn, "de"),
        (BrianLogger.log_level_error, "e"),
    ):
        choose()
        for level, text in zip(("diagnostic", "debug", "info", "warning", "error"), "abcde", strict=True):
            getattr(logger, level)(text)
        assert "".join(line.split()[1] for line in shown(capsys).splitlines()) == expected


def test_the_preference_counts_at_each_message(capsys):
    with prefs.override({"logging.console_log_level": "error"}):
        logger.warning("hidden")
    logger.warning("seen")
    assert shown(capsys) == "WARNING    seen [spikefarm.tests]\n"


def test_suppressing(capsys):
    SpikefarmLogger.suppress_name("noise")
    SpikefarmLogger.suppress_hierarchy("spikefarm.tests.inner")
    logger.info("a", "noise")
    logger.info("b", "noises")
    get_logger("spikefarm.tests.inner.more").info("c")
    get_logger("spikefarm.tests.inner").info("d", "x")
    get_logger("spikefarm.tests.innermost").info("e")
    assert [line.split()[1] for line in shown(capsys).splitlines()] == ["b", "e"]


def test_once(capsys):
    for _ in range(3):
        logger.info("a", once=True)
        logger.info("b")
    assert [line.split()[1] for line in shown(capsys).splitlines()] == ["a", "b", "b", "b"]


def test_scripts_have_loggers_too(capsys):
    get_logger("mine").info("50% done")
    assert shown(capsys) == "INFO       50% done [spikefarm.mine]\n"


def test_a_log_file(tmp_path, capsys):
    path = tmp_path / "mine.log"
    prefs.logging.file_log = True
    prefs.logging.file_log_path = str(path)
    SpikefarmLogger.suppress_name("noise")
    SpikefarmLogger.suppress_name("secret", filter_log_file=True)
    logger.debug("a")
    logger.info("b", "noise")
    logger.info("c", "secret")
    logger.diagnostic("d")
    prefs.logging.file_log_level = "WARNING"
    logger.info("e")
    assert SpikefarmLogger.log_file() == path
    lines = [line for line in path.read_text().splitlines() if "spikefarm.tests" in line]
    assert [line.split()[-1] for line in lines] == ["a", "b"]
    assert " DEBUG      spikefarm.tests: a" in path.read_text()


def test_a_log_file_starts_anew_when_it_is_full(tmp_path):
    prefs.logging.file_log = True
    prefs.logging.file_log_path = str(tmp_path / "mine.log")
    prefs.logging.file_log_max_size = 500
    for k in range(10):
        logger.debug(f"{k}" + "x" * 80)
    assert (tmp_path / "mine.log.1").exists()
    assert (tmp_path / "mine.log").stat().st_size <= 500


@pytest.mark.parametrize(("ending", "kept"), [("pass", False), ("1/0", True)])
def test_a_temporary_log_file_stays_after_an_error(tmp_path, ending, kept):
    code = (
        "from spikefarm import *\nprefs.logging.file_log = True\nget_logger().info('x')\n"
        f"print(SpikefarmLogger.log_file())\n{ending}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={"TMPDIR": str(tmp_path)},
    )
    assert bool(list(tmp_path.glob("spikefarm-*.log"))) == kept
    assert done.stdout.strip().startswith(str(tmp_path))


def told(logs, suffix):
    return [text for _, name, text in logs if name.endswith(f".{suffix}")]


def test_variables_that_a_script_also_has(session):
    tau = 10 * ms
    v = [1, 2] * mV
    pi = np.pi
    group = NeuronGroup(1, "dv/dt = -v/tau : 1\ntau : second\nw : 1", namespace={"w": 3}, name="g")
    with catch_logs() as logs:
        run(1 * ms)
        run(1 * ms)
    assert told(logs, "resolution_conflict") == [
        "'tau' is a variable of 'g', but there is also a 'tau' in the script, which is 10. * msecond. The variable "
        "is used.",
        "'w' is a variable of 'g', but there is also a 'w' in the script, which is 3. The variable is used.",
    ]


def test_names_of_the_star_import_are_no_conflict(session):
    names = {}
    exec("from spikefarm import *", names)
    group = NeuronGroup(1, "dbeta/dt = -beta/(10*ms)*gamma : 1\ngamma : 1\neuler_gamma : 1")
    with catch_logs() as logs:
        Network(group).run(1 * ms, namespace=names)
    assert told(logs, "resolution_conflict") == []


def test_names_that_no_string_uses(session):
    group = NeuronGroup(1, "dv/dt = -v/tau : 1", namespace={"tau": 5 * ms, "a": 1, "b": 2, "c": 3}, name="g")
    group.run_regularly("v = b")
    with catch_logs(0) as logs:
        run(1 * ms)
    assert told(logs, "unused_names") == [
        "The namespace of 'g' has names that no string of this run uses: a, c."
    ]


@pytest.mark.parametrize(
    ("options", "count"), [({}, 1), ({"reset": ""}, 0), ({"reset": "v = 0"}, 0), ({"refractory": 1 * ms}, 0)]
)
def test_a_threshold_alone(session, options, count):
    with catch_logs() as logs:
        NeuronGroup(1, "v : 1", threshold="v > 1", **options)
    assert len(told(logs, "only_threshold")) == count
