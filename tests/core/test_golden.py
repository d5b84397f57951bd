"""Models, Kernels and C++ of whole models against texts that a person has read."""

import difflib

import pytest
from spikefarm.core.freeze import freeze
from spikefarm.core.session import Session, use_session

from core.models import MODELS
from core.regenerate import GOLDEN, IN_LANES, texts

COMMAND = "python tests/core/regenerate.py"


@pytest.mark.parametrize("name", MODELS)
def test_golden_texts(name):
    diffs = []
    for file, text in texts(name).items():
        golden = (GOLDEN / file).read_text() if (GOLDEN / file).exists() else ""
        lines = difflib.unified_diff(
            golden.splitlines(), text.splitlines(), f"golden/{file}", "now", lineterm="", n=2
        )
        diffs += lines
    if diffs:
        pytest.fail("\n".join([*diffs[:200], "", f"If this is meant: {COMMAND}"]), pytrace=False)


def test_there_are_no_other_golden_files():
    wanted = {f"{name}{suffix}" for name in MODELS for suffix in (".model.txt", ".kernels.txt", ".cpp")}
    wanted |= {f"{name}.lanes.cpp" for name in IN_LANES}
    assert {path.name for path in GOLDEN.iterdir()} == wanted, f"run {COMMAND}"


def test_texts_do_not_depend_on_what_was_declared_before():
    once = texts("coupled")
    with use_session(Session()) as session:
        MODELS["noisy"]()
        freeze(session)
    assert texts("coupled") == once
