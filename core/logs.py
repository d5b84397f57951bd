"""Messages to the user: on the console, and in a file where one is asked for.

`SpikefarmLogger` stands on Python's `logging`, under the logger ``spikefarm``. What is shown where, preferences say;
they are looked at for every message.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from .preference_values import boolean, one_of, optional, string, whole_number
from .preferences import Preference, prefs

DIAGNOSTIC: Final = 5
_LEVELS: Final = {
    "CRITICAL": logging.CRITICAL,
    "ERROR": logging.ERROR,
    "WARNING": logging.WARNING,
    "INFO": logging.INFO,
    "DEBUG": logging.DEBUG,
    "DIAGNOSTIC": DIAGNOSTIC,
}
_ROOT: Final = "spikefarm"
_level = one_of(*_LEVELS)

prefs.register_preferences(
    "logging",
    "Messages",
    console_log_level=Preference(
        "INFO",
        "From which level on messages are shown: CRITICAL, ERROR, WARNING, INFO, DEBUG or DIAGNOSTIC.",
        _level,
    ),
    file_log=Preference(False, "Whether messages are also written to a file.", boolean),
    file_log_path=Preference(
        None,
        "The file, to which messages are added; None for one in the directory for temporary files.",
        optional(string),
    ),
    file_log_level=Preference("DEBUG", "From which level on messages are written to the file.", _level),
    file_log_max_size=Preference(
        10_000_000,
        "Size in bytes at which the file is renamed to end in .1, and a new one begun; 0 for never.",
        whole_number(),
    ),
    delete_log_on_exit=Preference(
        True,
        "Whether a log file among the temporary files is deleted when the script ends without an error.",
        boolean,
    ),
)


@dataclass
class _State:
    """What has been set up and said in this process."""

    said: set[tuple[str, str]] = field(default_factory=set)
    suppressed: list[tuple[str, bool, bool]] = field(
        default_factory=list
    )  # name, whole hierarchy, in the file too
    file: logging.Handler | None = None
    path: Path | None = None
    failed: bool = False


_state = _State()


class SpikefarmLogger:
    """Messages of one part of the package; what `get_logger` returns.

    Parameters
    ----------
    name : str
        Dotted, such as ``'spikefarm.core.network'``.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def _log(self, level: int, message: str, name_suffix: str | None, once: bool) -> None:
        name = f"{self.name}.{name_suffix}" if name_suffix else self.name
        if once and (name, message) in _state.said:
            return
        _state.said.add((name, message))
        _root()
        logging.getLogger(name).log(level, "%s", message)

    def diagnostic(self, msg: str, name_suffix: str | None = None, once: bool = False) -> None:
        """Say something very detailed; ``once`` for only the first time in this process."""
        self._log(DIAGNOSTIC, msg, name_suffix, once)

    def debug(self, msg: str, name_suffix: str | None = None, once: bool = False) -> None:
        """Say something for those who look for an error."""
        self._log(logging.DEBUG, msg, name_suffix, once)

    def info(self, msg: str, name_suffix: str | None = None, once: bool = False) -> None:
        """Say something worth knowing."""
        self._log(logging.INFO, msg, name_suffix, once)

    def warning(self, msg: str, name_suffix: str | None = None, once: bool = False) -> None:
        """Say something that may be a mistake."""
        self._log(logging.WARNING, msg, name_suffix, once)

    warn = warning

    def error(self, msg: str, name_suffix: str | None = None, once: bool = False) -> None:
        """Say what went wrong."""
        self._log(logging.ERROR, msg, name_suffix, once)

    # -- what is shown ------------------------------------------------------------------------------------

    @staticmethod
    def log_level_diagnostic() -> None:
        """Show everything."""
        prefs["logging.console_log_level"] = "DIAGNOSTIC"

    @staticmethod
    def log_level_debug() -> None:
        """Show messages for those who look for an error, and all more important ones."""
        prefs["logging.console_log_level"] = "DEBUG"

    @staticmethod
    def log_level_info() -> None:
        """Show what is worth knowing, and all more important messages. This is so without asking."""
        prefs["logging.console_log_level"] = "INFO"

    @staticmethod
    def log_level_warn() -> None:
        """Show warnings and errors only."""
        prefs["logging.console_log_level"] = "WARNING"

    @staticmethod
    def log_level_error() -> None:
        """Show errors only."""
        prefs["logging.console_log_level"] = "ERROR"

    @staticmethod
    def suppress_hierarchy(name: str, filter_log_file: bool = False) -> None:
        """Show no messages of a name or of what lies below it, such as ``'spikefarm.core'``.

        Parameters
        ----------
        name : str
            What stands in brackets after messages, or its beginning.
        filter_log_file : bool
            Keep them out of the file too.
        """
        _state.suppressed.append((name, True, filter_log_file))

    @staticmethod
    def suppress_name(name: str, filter_log_file: bool = False) -> None:
        """Show no messages whose name ends in this, such as ``'method_choice'``."""
        _state.suppressed.append((name, False, filter_log_file))

    @staticmethod
    def log_file() -> Path | None:
        """Return where messages have been written to, if anywhere."""
        return _state.path


def get_logger(module_name: str = _ROOT) -> SpikefarmLogger:
    """Return the logger of a module; also for scripts and extensions."""
    own = module_name == _ROOT or module_name.startswith(f"{_ROOT}.")
    return SpikefarmLogger(module_name if own else f"{_ROOT}.{module_name}")


@contextmanager
def catch_logs(log_level: int = logging.WARNING) -> Iterator[list[tuple[str, str, str]]]:
    """Collect messages instead of showing them: tuples of level, name and text.

    Parameters
    ----------
    log_level : int
        Of Python's `logging`: from which level on.
    """
    found: list[tuple[str, str, str]] = []
    said, _state.said = _state.said, set()
    root = _root()
    handlers = root.handlers[:]
    root.handlers[:] = [_Collector(found, log_level)]
    try:
        yield found
    finally:
        root.handlers[:] = handlers
        _state.said = said


class _Collector(logging.Handler):
    def __init__(self, found: list[tuple[str, str, str]], level: int) -> None:
        super().__init__(level)
        self.found = found

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append((record.levelname, record.name, record.getMessage()))


class _Console(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if record.levelno >= _LEVELS[prefs["logging.console_log_level"]] and not _suppressed(
            record.name, False
        ):
            print(f"{record.levelname:10} {record.getMessage()} [{record.name}]", file=sys.stderr, flush=True)


class _File(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        if not prefs["logging.file_log"] or record.levelno < _LEVELS[prefs["logging.file_log_level"]]:
            return
        if not _suppressed(record.name, True):
            _open_file().emit(record)


def _suppressed(name: str, in_file: bool) -> bool:
    return any(
        (name == what or name.startswith(f"{what}.") if whole else name == what or name.endswith(f".{what}"))
        for what, whole, file_too in _state.suppressed
        if file_too or not in_file
    )


def _root() -> logging.Logger:
    """The package's logger, with its handlers."""
    root = logging.getLogger(_ROOT)
    if not root.handlers:
        logging.addLevelName(DIAGNOSTIC, "DIAGNOSTIC")
        root.setLevel(DIAGNOSTIC)
        root.propagate = False
        root.handlers[:] = [_Console(), _File()]
    return root


def _open_file() -> logging.Handler:
    if _state.file is None:
        from logging.handlers import RotatingFileHandler

        named = prefs["logging.file_log_path"]
        path = Path(named or Path(tempfile.gettempdir()) / f"spikefarm-{os.getpid()}.log").absolute()
        size = prefs["logging.file_log_max_size"]
        _state.file = RotatingFileHandler(path, maxBytes=size, backupCount=1 if size else 0)
        _state.file.setFormatter(logging.Formatter("%(asctime)s %(levelname)-10s %(name)s: %(message)s"))
        _state.path = path
        if named is None:
            _watch_for_errors()
            atexit.register(_close_file)
    return _state.file


def _watch_for_errors() -> None:
    shown = sys.excepthook

    def hook(*error: Any) -> None:
        _state.failed = True
        shown(*error)

    sys.excepthook = hook


def _close_file() -> None:
    """Delete a temporary log file, unless the script ended with an error, which it may explain."""
    if _state.file is None or _state.path is None:
        return
    _state.file.close()
    if prefs["logging.delete_log_on_exit"] and not _state.failed:
        _state.path.unlink(missing_ok=True)
        _state.path.with_name(_state.path.name + ".1").unlink(missing_ok=True)


__all__ = ["SpikefarmLogger", "catch_logs", "get_logger"]
