"""Fingerprints: equal where the result must be, different where it could be."""

from __future__ import annotations

import functools
import math
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from spikefarm.core.units import ms, mV, volt
from spikefarm.farm.fingerprint import FingerprintError, fingerprint


def made(source: str, name: str = "f") -> Any:
    """What a script of that text would have under a name."""
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(textwrap.dedent(source), space)
    return space[name]


BASE = """
    import numpy as np
    gain = 2
    def helper(x):
        return x * gain
    def f(r, power=2):
        '''Words.'''
        return helper(r['rate']) ** power + np.mean([1, 2])
"""


def test_place_comments_and_line_numbers_do_not_count() -> None:
    moved = "\n\n\n# a comment\n" + textwrap.dedent(BASE).replace("return helper", "# why\n    return helper")
    assert fingerprint(made(BASE)) == fingerprint(made(moved))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("power=2", "power=3"),
        ("gain = 2", "gain = 3"),
        ("gain = 2", "gain = 2.0"),
        ("x * gain", "x + gain"),
        ("['rate']", "['spikes']"),
        ("[1, 2]", "[1, 3]"),
        ("np.mean", "np.median"),
        ("def helper(x)", "def helper(x, y=1)"),
    ],
)
def test_what_a_function_does_counts(old: str, new: str) -> None:
    assert old in BASE
    assert fingerprint(made(BASE)) != fingerprint(made(BASE.replace(old, new)))


def test_globals_that_share_the_name_of_an_attribute_do_not_count() -> None:
    source = "rate = {}\ndef f(r):\n    return r.rate"
    assert fingerprint(made(source.format(1))) == fingerprint(made(source.format(2)))


def test_names_inside_nested_functions_count() -> None:
    source = "k = {}\ndef f(r):\n    return [(lambda x: x * k)(x) for x in r]"
    assert fingerprint(made(source.format(1))) != fingerprint(made(source.format(2)))


def test_closures_partials_methods_and_callables_count_by_content() -> None:
    def closing(k: object) -> Callable[[Any], Any]:
        return lambda r: r * k

    class Scale:
        def __init__(self, k: float) -> None:
            self.k = k

        def __call__(self, r: float) -> float:
            return r * self.k

        def method(self, r: float) -> float:
            return r * self.k

    pairs: list[Callable[[Any], Any]] = [
        closing,
        lambda k: functools.partial(math.pow, k),
        Scale,
        lambda k: Scale(k).method,
        lambda k: functools.cache(closing(k)),
        lambda k: closing(np.array([k])),
        lambda k: closing({"a": {k, "b"}}),
    ]
    for make in pairs:
        assert fingerprint(make(1)) == fingerprint(make(1))
        assert fingerprint(make(1)) != fingerprint(make(2))
    assert len({fingerprint(make(1)) for make in pairs}) == len(pairs)


def test_units_count() -> None:
    assert fingerprint(3 * mV) == fingerprint(0.003 * volt)
    assert len({fingerprint(v) for v in (3 * mV, 3 * ms, 3e-3, [3] * mV, np.array([3e-3]))}) == 5


def test_recursion_ends() -> None:
    source = "def f(n):\n    return {} if n == 0 else g(n - 1)\ndef g(n):\n    return f(n)"
    assert fingerprint(made(source.format(1))) == fingerprint(made(source.format(1)))
    assert fingerprint(made(source.format(1))) != fingerprint(made(source.format(2)))
    loop: list[Any] = [1]
    loop.append(loop)
    assert fingerprint(loop) == fingerprint(loop)


def test_a_module_of_ones_own_counts_by_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = tmp_path / "my_analysis.py"
    monkeypatch.syspath_prepend(str(tmp_path))
    seen = set()
    for text in ("k = 1\n", "k = 2\n"):
        module.write_text(text)
        sys.modules.pop("my_analysis", None)
        seen.add(fingerprint(made("import my_analysis\ndef f(r):\n    return my_analysis.k")))
    assert len(seen) == 2


def test_it_is_the_same_in_every_process() -> None:
    script = textwrap.dedent(BASE) + textwrap.dedent("""
        from spikefarm.core.units import mV
        from spikefarm.farm.fingerprint import fingerprint
        import enum, random
        class Mode(enum.Enum):
            A = 1
        class Thing:
            def __init__(self): self.words = {'x', 'y', 'z', 'w'}
            def __call__(self, r): return r if Mode.A else random.random()
        mean, rand, log = np.mean, np.random.rand, np.log
        thing = Thing()
        g = lambda r: (thing(r), f(r), 3*mV, mean(r), rand(), log(r), r.x in {'p', 'q', 'r'}, Mode.A)
        print(fingerprint([f, g, thing]).hex())
    """)
    found = {
        subprocess.run(
            [sys.executable, "-c", "\n" * shift + script],
            env={"PYTHONHASHSEED": str(shift)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for shift in (1, 2)
    }
    assert len(found) == 1
    assert len(found.pop()) == 65


def test_what_has_no_content_is_refused_by_name() -> None:
    lock = threading.Lock()

    def locked(r: float) -> float:
        with lock:
            return r

    with pytest.raises(
        FingerprintError, match=r"a lock has no content that could be compared.*make it inside"
    ):
        fingerprint(locked)
    with pytest.raises(FingerprintError, match="'guard': a lock has no content"):
        fingerprint(made("import threading\nguard = threading.Lock()\ndef f(r):\n    return guard"))
