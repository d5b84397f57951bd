"""Preferences: what a user sets for all simulations rather than for one, under Brian 2's names.

A value comes from, in this order: `Preferences.override`, the script, the file ``spikefarm_preferences`` in the
working directory, the file ``preferences`` in the user's configuration directory, the default. The files are
read when a preference is first looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent
from types import MappingProxyType
from typing import Any, Final

from .preference_text import literal, parse_text
from .preference_values import Validator, anything, data_type

#: The file that is looked for in the working directory.
LOCAL_FILE: Final = "spikefarm_preferences"
#: Its name in the user's configuration directory.
USER_FILE: Final = "preferences"


class PreferenceError(ValueError, AttributeError):
    """A preference that there is not, or a value that it cannot have."""


@dataclass(frozen=True)
class Preference:
    """One preference: its default, what it means, and how values are checked.

    Parameters
    ----------
    default : object
    docs : str
        What it means; the first line stands alone.
    validator : callable, optional
        Returns a given value as it is to be kept, or raises ``ValueError`` saying what values there are.
    """

    default: Any
    docs: str
    validator: Validator = anything


#: Brian 2's preferences, or whole sections of them, that have no meaning here, and why.
_ELSEWHERE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "GSL": "there are no GSL methods; choose another integrator.",
        "legacy": "refractoriness is counted in time steps, as Brian 2 does by default.",
        "codegen.loop_invariant_optimisations": "what is constant is always computed once.",
        "codegen.string_expression_target": "strings that assign values are evaluated where the device is.",
        "codegen.runtime": "builds keep their sources and are locked against each other; codegen.cache_dir says where.",
        "codegen.generators": "the generated C++ needs no such option.",
        "codegen.cpp.msvc_architecture": "Microsoft's compiler is not supported.",
        "codegen.cpp.msvc_vars_location": "Microsoft's compiler is not supported.",
        "codegen.cpp.extra_compile_args_msvc": "Microsoft's compiler is not supported.",
        "core.outdated_dependency_error": "pip checks the versions of what spikefarm needs.",
        "core.stop_on_keyboard_interrupt": "Ctrl-C ends a run with KeyboardInterrupt.",
        "core.network": "give objects their when and order.",
        "devices.cpp_standalone.make_cmd_unix": "builds need no make.",
        "devices.cpp_standalone.run_cmd_unix": "device.run starts the simulation by itself.",
        "devices.cpp_standalone.extra_make_args_windows": "Windows is not supported.",
        "devices.cpp_standalone.openmp_spatialneuron_strategy": "it has had no effect in Brian 2 either.",
        "logging.std_redirection": "what the compiler prints is part of the error, if it fails.",
        "logging.std_redirection_to_file": "what the compiler prints is part of the error, if it fails.",
        "logging.save_script": "scripts are not copied.",
        "logging.display_brian_error_message": "errors are shown as they are.",
    }
)


class Preferences(MutableMapping[str, Any]):
    """All preferences: ``prefs['codegen.target']``, or ``prefs.codegen.target``."""

    def __init__(self, files: bool = True) -> None:
        self._known: dict[str, Preference] = {}
        self._sections: dict[str, str] = {}
        self._values: dict[str, Any] = {}
        self._overridden: ContextVar[Mapping[str, Any]] = ContextVar(
            "spikefarm_preferences", default=MappingProxyType({})
        )
        self._unread = files

    # -- declaring ----------------------------------------------------------------------------------------

    def register_preferences(self, basename: str, docs: str, **preferences: Preference) -> None:
        """Declare the preferences of a section.

        Parameters
        ----------
        basename : str
            Such as ``'codegen.cpp'``.
        docs : str
            What the section is about.
        **preferences : Preference
            By name within the section.

        Raises
        ------
        PreferenceError
            For a name that is taken, or a default that the preference's own validator refuses.
        """
        for name, preference in preferences.items():
            full = f"{basename}.{name}"
            if full in self._known or hasattr(Section, name):
                raise PreferenceError(f"The name of the preference {full!r} is taken.")
            self._known[full] = preference
            _checked(full, preference, preference.default)
        self._sections[basename] = docs

    # -- reading and setting --------------------------------------------------------------------------------

    def __getitem__(self, name: str) -> Any:
        self._read_files()
        preference = self._find(name)
        overridden = self._overridden.get()
        if name in overridden:
            return overridden[name]
        if name not in self._values and isinstance(preference.default, list | dict):
            self._values[name] = preference.default.copy()  # may be changed in place
        return self._values.get(name, preference.default)

    def __setitem__(self, name: str, value: Any) -> None:
        self._read_files()
        checked = _checked(name, self._find(name), value)
        overridden = self._overridden.get()
        if name in overridden:
            self._overridden.set({**overridden, name: checked})
        else:
            self._values[name] = checked

    def __delitem__(self, name: str) -> None:
        """Let a preference have its default again."""
        self._find(name)
        self._values.pop(name, None)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._known))

    def __len__(self) -> int:
        return len(self._known)

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._within("", name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
        else:
            self[name] = value

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *{name.partition(".")[0] for name in self._known}]

    def _within(self, section: str, name: str) -> Any:
        full = f"{section}.{name}" if section else name
        if any(known.startswith(f"{full}.") for known in self._known):
            return Section(self, full)
        return self[full]

    def _find(self, name: str) -> Preference:
        if name in self._known:
            return self._known[name]
        raise PreferenceError(_unknown(name, self._known))

    # -- for a while --------------------------------------------------------------------------------------

    @contextmanager
    def override(self, values: Mapping[str, Any]) -> Iterator[None]:
        """Give preferences other values within a ``with`` block, in this thread only.

        Raises
        ------
        PreferenceError
            Listing everything that is wrong.
        """
        checked = self._check_all(values, "override()")
        token = self._overridden.set({**self._overridden.get(), **checked})
        try:
            yield
        finally:
            self._overridden.reset(token)

    def changed(self) -> dict[str, Any]:
        """Return what differs from the defaults: all that another process needs to know."""
        return {name: self[name] for name in self if self[name] != self._known[name].default}

    def reset_to_defaults(self) -> None:
        """Forget what the script and the files have set."""
        self._unread = False
        self._values.clear()

    # -- files ----------------------------------------------------------------------------------------------

    def read_preference_file(self, file: Any) -> None:
        """Take values from a file.

        Parameters
        ----------
        file : path, or open text file
            Lines ``codegen.target = 'numpy'``, or ``target = 'numpy'`` below ``[codegen]``; values are Python
            literals, ``#`` begins a comment.

        Raises
        ------
        PreferenceError
            Listing everything that is wrong with the file, of which nothing is taken then.
        OSError
            When it cannot be read.
        """
        self._read_files()
        if isinstance(file, str | Path):
            self._take(Path(file).read_text(), str(file))
        else:
            self._take(file.read(), str(getattr(file, "name", "the preference file")))

    def load_preferences(self) -> None:
        """Read the user's file and that of the working directory, as is done without asking at first use."""
        self._unread = True
        self._read_files()

    def _read_files(self) -> None:
        if not self._unread:
            return
        self._unread = False
        for path in (user_file(), Path.cwd() / LOCAL_FILE):
            if path.is_file():
                self._take(path.read_text(), str(path))

    def _take(self, text: str, source: str) -> None:
        given, problems = parse_text(text)
        values = self._check_all(given, source, problems)
        self._values |= values

    def _check_all(
        self, given: Mapping[str, Any], source: str, problems: list[str] | None = None
    ) -> dict[str, Any]:
        found, wrong = {}, list(problems or [])
        for name, value in given.items():
            try:
                found[name] = _checked(name, self._find(name), value)
            except PreferenceError as error:
                wrong.append(str(error))
        if wrong:
            raise PreferenceError(
                f"{source} has {len(wrong)} problem(s):\n" + "\n".join(f"- {w}" for w in wrong)
            )
        return found

    @property
    def as_file(self) -> str:
        """All preferences with their values and what they mean, as the text of a preference file."""
        return self._text({name: self[name] for name in self})

    @property
    def defaults_as_file(self) -> str:
        """The same with the defaults."""
        return self._text({name: preference.default for name, preference in self._known.items()})

    def _text(self, values: Mapping[str, Any], under: str = "") -> str:
        parts = []
        for section in sorted(self._sections):
            names = [n for n in sorted(values) if n.rpartition(".")[0] == section and n.startswith(under)]
            if names:
                parts.append(f"[{section}]\n# {self._sections[section]}\n")
                parts += [self._entry(name, values[name]) for name in names]
        return "\n".join(parts)

    def _entry(self, name: str, value: Any) -> str:
        docs = indent(dedent(self._known[name].docs).strip(), "# ", lambda line: True)
        return f"{docs}\n{name.rpartition('.')[2]} = {literal(value)}\n"

    def get_documentation(self, basename: str | None = None) -> str:
        """Return what the preferences of a section (or all of them) mean, with their values."""
        return self._text({name: self[name] for name in self}, f"{basename}." if basename else "")

    def __repr__(self) -> str:
        return "\n".join(f"{name} = {literal(self[name])}" for name in self)


class Section:
    """Preferences that share the beginning of their names: ``prefs.codegen``."""

    def __init__(self, preferences: Preferences, name: str) -> None:
        self.__dict__.update(_preferences=preferences, _name=name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self._preferences._within(self._name, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._preferences[f"{self._name}.{name}"] = value

    __getitem__ = __getattr__
    __setitem__ = __setattr__

    def __dir__(self) -> list[str]:
        start = f"{self._name}."
        return sorted(
            {n.removeprefix(start).partition(".")[0] for n in self._preferences if n.startswith(start)}
        )

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dir__())

    def __repr__(self) -> str:
        return str(self._preferences.get_documentation(self._name))


def user_file() -> Path:
    """Where the user's preferences are kept."""
    import platformdirs

    return Path(platformdirs.user_config_dir("spikefarm", appauthor=False)) / USER_FILE


def _checked(name: str, preference: Preference, value: Any) -> Any:
    try:
        return preference.validator(value)
    except (ValueError, TypeError) as error:
        raise PreferenceError(f"{name} = {literal(value):.80} is not possible: {error}") from None


def _unknown(name: str, known: Mapping[str, Preference]) -> str:
    sections = [name.rsplit(".", k)[0] for k in range(name.count(".") + 1)]
    for section in sections:
        if section in _ELSEWHERE:
            return f"spikefarm has no preference {name!r}, which Brian 2 has: {_ELSEWHERE[section]}"
    if any(full.startswith(f"{name}.") for full in known):
        return f"{name!r} is a section of preferences and has no value of its own."
    import difflib

    close = difflib.get_close_matches(name, known, n=1) or [n for n in known if n.endswith(f".{name}")]
    hint = f" Did you mean {close[0]!r}?" if close else " print(prefs) shows those there are."
    return f"There is no preference {name!r}.{hint}"


prefs: Final = Preferences()

prefs.register_preferences(
    "core",
    "Simulations in general",
    default_float_dtype=Preference(
        "float64",
        "Type of real variables, and of what is calculated with them: 'float64' or 'float32'. Read when a group or "
        "synapses are made. Times, delays and what a run is given stay in double precision.",
        data_type("float64", "float32"),
    ),
    default_integer_dtype=Preference(
        "int32", "Type of integer variables. There is no other one.", data_type("int32")
    ),
)
