"""Preferences: names, checks, files, precedence."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest
from spikefarm.core import preferences as module
from spikefarm.core.preference_values import boolean, environment, one_of, whole_number
from spikefarm.core.preferences import Preference, PreferenceError, Preferences, prefs


@pytest.fixture(autouse=True)
def restored():
    prefs.reset_to_defaults()
    yield
    prefs.reset_to_defaults()


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Preferences of our own, with files of our own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "user_file", lambda: tmp_path / "user")
    made = Preferences()
    made.register_preferences(
        "farm",
        "The farm",
        cows=Preference(3, "How many cows.", whole_number()),
        colour=Preference("red", "Of the barn.", one_of("red", "white")),
        crops=Preference(["rye"], "What grows.", list),
    )
    made.register_preferences("farm.house", "The house", door=Preference(True, "Open?", boolean))
    return made


def test_attributes_and_items_are_the_same():
    prefs.codegen.target = "numpy"
    assert prefs["codegen.target"] == prefs.codegen.target == prefs.codegen["target"] == "numpy"
    prefs["codegen.target"] = "cython"
    assert prefs.codegen.target == "cython"
    del prefs["codegen.target"]
    assert prefs.codegen.target == "auto"


def test_it_is_a_mapping():
    assert "codegen.target" in prefs
    assert "codegen" not in prefs
    assert len(prefs) == len(list(prefs)) > 10
    assert dict(prefs)["codegen.cpp.libraries"] == []
    assert {"codegen", "core", "devices"} <= set(dir(prefs))
    assert "cpp" in dir(prefs.codegen)
    assert list(prefs.devices.cpp_standalone) == ["extra_make_args_unix", "openmp_threads"]


def test_values_that_are_lists_can_be_changed_in_place():
    prefs.codegen.cpp.libraries.append("m")
    prefs.codegen.cpp.libraries += ["gsl"]
    assert prefs.codegen.cpp.libraries == ["m", "gsl"]
    assert prefs.changed() == {"codegen.cpp.libraries": ["m", "gsl"]}
    prefs.reset_to_defaults()
    assert prefs.codegen.cpp.libraries == []


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        (
            "codegen.target",
            "weave",
            "codegen.target = 'weave' is not possible: choose one of 'auto', 'cpp', 'cython'",
        ),
        ("codegen.target", None, "choose one of 'auto'"),
        ("codegen.max_cache_dir_size", -1, "give a whole number of 0 or more"),
        ("codegen.max_cache_dir_size", 1.5, "give a whole number of 0 or more"),
        ("codegen.max_cache_dir_size", True, "give a whole number of 0 or more"),
        ("codegen.cache_dir", 5, "give a string"),
        ("codegen.cpp.compiler", ["g++"], "give a string"),
        ("codegen.cpp.libraries", "gsl", "give a list of strings"),
        ("codegen.cpp.libraries", [1], "give a list of strings"),
        ("codegen.cpp.extra_compile_args", 5, "give a list"),
        ("codegen.cpp.define_macros", [("A",)], r"give a list of pairs \(name, value\)"),
        ("codegen.cpp.define_macros", ["A=1"], r"give a list of pairs \(name, value\)"),
        ("devices.cpp_standalone.openmp_threads", "4", "give a whole number of 0 or more"),
        ("core.default_float_dtype", np.float16, "spikefarm has float64 and float32 only"),
        ("core.default_float_dtype", "quick", "spikefarm has float64 and float32 only"),
        ("core.default_float_dtype", None, "spikefarm has float64 and float32 only"),
        ("core.default_integer_dtype", np.int64, "spikefarm has int32 only"),
        (
            "codegen.tarqet",
            "cpp",
            r"There is no preference 'codegen.tarqet'. Did you mean 'codegen.target'\?",
        ),
        ("openmp_threads", 2, r"Did you mean 'devices.cpp_standalone.openmp_threads'\?"),
        ("codegen", 2, "'codegen' is a section of preferences and has no value"),
        ("whatever.this.is", 2, r"print\(prefs\) shows those there are"),
        ("GSL.directory", "/usr", "which Brian 2 has: there are no GSL methods"),
        ("codegen.runtime.cython.cache_dir", "x", "which Brian 2 has: .* codegen.cache_dir says where"),
        ("codegen.runtime.cython.multiprocess_safe", True, "which Brian 2 has: builds keep"),
        ("codegen.string_expression_target", "numpy", "which Brian 2 has: strings that assign"),
        ("legacy.refractory_timing", True, "which Brian 2 has: refractoriness is counted"),
        ("logging.std_redirection", False, "which Brian 2 has: what the compiler prints"),
    ],
)
def test_wrong_values_and_names(name, value, message):
    with pytest.raises(PreferenceError, match=message):
        prefs[name] = value
    with pytest.raises(PreferenceError, match=message):
        _set_attribute(name, value)
    assert prefs.changed() == {}


def _set_attribute(name, value):
    target = prefs
    *sections, last = name.split(".")
    for section in sections:
        target = getattr(target, section)
    setattr(target, last, value)


@pytest.mark.parametrize("value", [np.float64, float, "float64", np.dtype(float)])
def test_double_precision_has_many_names(value):
    prefs.core.default_float_dtype = value
    assert prefs.core.default_float_dtype == "float64"
    assert np.zeros(1, prefs.core.default_float_dtype).dtype == float


def test_files_are_read_at_first_use_the_local_one_last(own, tmp_path):
    (tmp_path / "user").write_text("[farm]\ncows = 5\ncolour = 'white'\n")
    (tmp_path / "spikefarm_preferences").write_text(
        "# ours\nfarm.cows = 6  # six\n\n[farm.house]\ndoor = False\n"
    )
    assert (own.farm.cows, own.farm.colour, own.farm.house.door) == (6, "white", False)
    own.farm.cows = 7
    assert own.farm.cows == 7
    own.load_preferences()
    assert own.farm.cows == 6
    own.reset_to_defaults()
    assert own.farm.cows == 3


def test_what_the_script_sets_comes_before_files(own, tmp_path):
    (tmp_path / "spikefarm_preferences").write_text("farm.cows = 6\n")
    own.farm.cows = 9
    assert own.farm.cows == 9


def test_all_problems_of_a_file_are_told_and_nothing_is_taken(own, tmp_path):
    path = tmp_path / "mine"
    path.write_text("[farm]\ncows = 8\ncolour = white\nsheep = 1\nnonsense\ncrops = 3\n")
    with pytest.raises(PreferenceError) as caught:
        own.read_preference_file(path)
    message = str(caught.value)
    assert message.startswith(f"{path} has 4 problem(s):")
    for part in (
        "line 3: 'white' is no value; strings need quotes",
        "line 5, 'nonsense', is neither name = value nor [section]",
        "There is no preference 'farm.sheep'",
        "farm.crops = 3 is not possible",
    ):
        assert part in message
    assert own.farm.cows == 3


def test_as_file_can_be_read_again(own, tmp_path):
    own.farm.cows = 4
    own.farm.crops = ["oats"]
    text = own.as_file
    assert "# How many cows.\ncows = 4" in text
    assert "[farm.house]\n# The house" in text
    assert "cows = 3" in own.defaults_as_file
    (tmp_path / "saved").write_text(text)
    own.reset_to_defaults()
    with open(tmp_path / "saved") as file:
        own.read_preference_file(file)
    assert own.changed() == {"farm.cows": 4, "farm.crops": ["oats"]}


def test_all_preferences_are_documented_and_their_defaults_can_be_read():
    values, problems = module.parse_text(prefs.defaults_as_file)
    assert problems == []
    assert values == {name: prefs[name] for name in prefs}
    assert prefs.defaults_as_file == prefs.as_file
    assert prefs.get_documentation("codegen.cpp").startswith("[codegen.cpp]")
    assert "openmp" not in prefs.get_documentation("codegen")
    assert all(preference.docs.strip() for preference in prefs._known.values())


def test_override_lasts_for_the_block(own):
    own.farm.cows = 4
    with own.override({"farm.cows": 10, "farm.colour": "WHITE"}):
        assert (own.farm.cows, own.farm.colour) == (10, "white")
        own.farm.cows = 11
        assert own.farm.cows == 11
        with own.override({"farm.cows": 12}):
            assert own.farm.cows == 12
        assert own.farm.cows == 11
        assert own.changed() == {"farm.cows": 11, "farm.colour": "white"}
    assert own.changed() == {"farm.cows": 4}


def test_override_is_for_one_thread(own):
    seen = []
    with own.override({"farm.cows": 10}):
        thread = threading.Thread(target=lambda: seen.append(own.farm.cows))
        thread.start()
        thread.join()
    assert seen == [3]


def test_wrong_overrides_are_told_together(own):
    with (
        pytest.raises(PreferenceError, match=r"(?s)override\(\) has 2 problem.*farm.cows.*farm.pigs"),
        own.override({"farm.cows": -1, "farm.pigs": 3}),
    ):
        pass


def test_registering_checks_names_and_defaults(own):
    with pytest.raises(PreferenceError, match=r"'farm.cows' is taken"):
        own.register_preferences("farm", "Again", cows=Preference(1, "Cows."))
    with pytest.raises(PreferenceError, match=r"farm.pigs = -1 is not possible"):
        own.register_preferences("farm", "Again", pigs=Preference(-1, "Pigs.", whole_number()))


def test_environments():
    assert environment({"A": "1"}) == {"A": "1"}
    with pytest.raises(ValueError, match="dictionary from strings to strings"):
        environment({"A": 1})


def test_no_attributes_of_python():
    assert not hasattr(prefs, "__array__")
    assert not hasattr(prefs.codegen, "__array__")
    with pytest.raises(PreferenceError):
        prefs.nothing


def test_changes_travel():
    prefs.codegen.target = "numpy"
    assert pickle.loads(pickle.dumps(prefs.changed())) == {"codegen.target": "numpy"}
