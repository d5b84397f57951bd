"""The standalone device as users see it: set_device, build, run."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...core.declared import Declared
from ...core.expr import Expr
from ...core.freeze import freeze
from ...core.model import SLOTS
from ...core.monitors import Monitor
from ...core.namespace import Resolved
from ...core.notices import tell_methods
from ...core.profiling import totals
from ...core.report import Report, Reporter
from ...core.session import ApplyEntry, InsertEntry, RunEntry, Session, current_session
from .. import known
from ..base import PROFILE, Array, DeviceError, Runner
from ..simulation import Simulation
from ..user import UserDevice, refuse_python
from .backend import CPPBackend
from .directory import check_directory, delete_project, export_project
from .emit_entries import time_of
from .explain import Explanation, explain
from .options import preferred_compiler, preferred_options


class CPPStandaloneDevice(UserDevice):
    """Writes the script's simulation as a C++ program, builds it once and runs it as often as asked.

    Parameters
    ----------
    build_on_run : bool
        Build and run as soon as the script calls ``run()``; for scripts with a single one.
    directory : str or None
        Where the project's sources and results go; ``None`` for a temporary directory.
    debug : bool
        Compile without optimisation and with symbols.
    compiler : str, optional
        Which compiler to use, instead of ``$CXX`` or the first one found.
    profile : bool
        Measure how long each part takes; also if a ``run(…, profile=True)`` asks for it. See `profiling_summary`.
    """

    name = "cpp_standalone"

    def __init__(
        self,
        build_on_run: bool = True,
        directory: str | Path | None = "output",
        debug: bool = False,
        compiler: str | None = None,
        profile: bool = False,
    ) -> None:
        self.build_on_run = build_on_run
        self._profile = bool(profile)
        self._report: Report | None = None  # the first that a run asks for; it is about the whole program
        self._debug = debug
        self._compiler = compiler
        self._directory = directory
        self._project: Path | None = None
        self._simulation: Simulation | None = None
        self._runner: Runner | None = None
        self._results: dict[str, Array] | None = None
        self._has_run = False
        self._saved: list[Path] = []
        self.last_seed: int | None = None

    # -- what the session asks ----------------------------------------------------------------------------

    def check_run(self, session: Session, entry: RunEntry) -> None:
        refuse_python(entry)

    def after_run(self, session: Session, entry: RunEntry) -> None:
        self._profile |= entry.profile
        if self._report is None and entry.report.tell is not None:
            self._report = entry.report
        if not self.build_on_run:
            return
        runs = sum(isinstance(entry, RunEntry) for entry in session.program)
        if runs > 1:
            raise DeviceError(
                "run() has been called again, but the simulation was built and run at the first call. For "
                "several run() calls use set_device('cpp_standalone', build_on_run=False) and call "
                "device.build() after the last one; for a new simulation call device.reinit() and "
                "device.activate() first."
            )
        self.build(run=True)

    def why_unavailable(self) -> str:
        if self._simulation is None:
            return "call device.build() after the last run()" if not self.build_on_run else "call run() first"
        return "call device.run() first"

    def connections(self, session: Session, synapses: Declared) -> tuple[Array, Array] | None:
        return known.connections(session, synapses, self if self._has_run else None)

    def evaluate(
        self, session: Session, owner: Declared, expr: Expr, constants: Mapping[str, Resolved], rows: range
    ) -> Array | None:
        return known.value(owner, expr, constants)

    def read(self, session: Session, owner: Declared, variable: str) -> Array | None:
        if not self._has_run or self._simulation is None:
            return None
        id = self._simulation.frozen.names.get(owner.name)
        if id is None:
            return None
        if not isinstance(owner, Monitor) and variable == "t":
            return self._array(time_of(self._simulation.frozen.networks.get(owner._network or "", 0)))
        return self._array(f"{id}.{variable}")

    def profile(self, session: Session, network: str) -> Sequence[tuple[str, float]] | None:
        """Names and seconds of the parts of the whole program."""
        if not self._has_run or self._simulation is None:
            return None
        seconds = self._array(PROFILE)
        if seconds is None:
            return None
        labels = self._built().build().manifest.provenance["kernels"].splitlines()
        return totals(labels, list(seconds), self._simulation.frozen.names)

    def _array(self, id: str) -> Array | None:
        """An output of the last run; ``None`` for what is computed whenever it is needed."""
        assert self._results is not None
        if id not in self._results:
            assert self._runner is not None
            known = {o.id for o in self._built().build().manifest.outputs}
            if id not in known:
                return None
            (self._results[id],) = self._runner.read([id])
        return self._results[id]

    @property
    def backend(self) -> CPPBackend:
        """How models are built: as ``set_device`` says, and for the rest the preferences as they are now."""
        options = replace(preferred_options(self._debug), profile=self._profile)
        return CPPBackend(options, self._compiler or preferred_compiler())

    # -- building -------------------------------------------------------------------------------------------

    @property
    def project_dir(self) -> Path:
        """Where sources and results go."""
        if self._project is None:
            if self._directory is None:
                self._project = Path(tempfile.mkdtemp(prefix="spikefarm-"))
            else:
                self._project = Path(self._directory).absolute()
        return self._project

    def simulation(self, session: Session | None = None) -> Simulation:
        """What has been declared so far, as the farm takes it."""
        return Simulation(freeze(session or current_session()), self.backend)

    def build(
        self,
        directory: str | Path | None = None,
        run: bool = True,
        debug: bool | None = None,
        compile: bool = True,
        results_directory: str | Path = "results",
        run_args: Mapping[Any, Any] | None = None,
        profile: bool | None = None,
    ) -> None:
        """Write the project, compile it unless the cache has it, and run it.

        Parameters
        ----------
        directory : path, optional
            Where the project goes, instead of the directory given to ``set_device``.
        run : bool
            Whether to run it too.
        debug : bool, optional
            Compile without optimisation and with symbols.
        compile : bool
            With ``False``, only write the sources.
        results_directory, run_args
            As for `run`.
        profile : bool, optional
            Measure how long each part takes.

        Raises
        ------
        FreezeError
            If the script has not called ``run()``.
        ProjectError
            If the directory cannot be written.
        CompilerNotFoundError, BuildError
            If there is no compiler, or it refuses the code.
        """
        if debug is not None:
            self._debug = debug
        if profile is not None:
            self._profile = profile
        if directory is not None:
            self._directory, self._project = directory, None
        simulation = self.simulation()
        if self._directory is not None:
            check_directory(self.project_dir)
        build = simulation.build()
        tell_methods(simulation.model, build.manifest.provenance["integrators"])
        values = {**simulation.base, **simulation.script_seeds(_fresh_seed())}
        export_project(self.project_dir, build, simulation.model, values)
        self._close_runner()
        self._simulation, self._results, self._has_run = simulation, None, False
        if run and compile:
            self.run(results_directory=results_directory, run_args=run_args)

    def explain(self) -> Explanation:
        """Tell what the compiler makes of the loops of what has been declared so far.

        Returns
        -------
        Explanation
            By kernel, which loops work on many neurons at a time, and why others do not; to be printed.

        Raises
        ------
        FreezeError
            If the script has not called ``run()``.
        CompilerNotFoundError, BuildError
            If there is no compiler, or it refuses the code.
        """
        simulation = self.simulation()
        return explain(simulation.model, self.backend.options, self.backend.compiler)

    def _built(self) -> Simulation:
        if self._simulation is None:
            raise DeviceError(
                "There is no build to run: call device.build(run=False) after the last run() of the script."
            )
        return self._simulation

    # -- running --------------------------------------------------------------------------------------------

    def run(
        self,
        results_directory: str | Path = "results",
        run_args: Mapping[Any, Any] | None = None,
        seed: int | None = None,
        time_limit: float | None = None,
    ) -> None:
        """Run the simulation from its start.

        Parameters
        ----------
        results_directory : path
            Where ``results.npz`` is written; relative to the project's directory, or absolute.
        run_args : dict, optional
            What to change for this run: variables of groups (``group.v``), TimedArrays, or names of constants.
        seed : int, optional
            Seed of this run; otherwise that of ``seed()``, or one drawn and kept as ``device.last_seed``.
        time_limit : float, optional
            Seconds after which the run is ended.

        Raises
        ------
        RunArgumentError
            Listing every run argument that is unknown or has a value that cannot be.
        ProjectError
            If the results cannot be written there; nothing is run then.
        SimulationError
            If the run fails.
        """
        simulation = self._built()
        inputs = simulation.resolve_all(run_args or {})
        target = self.project_dir / results_directory
        check_directory(target)
        drawn = _fresh_seed() if seed is None else seed
        inputs |= simulation.script_seeds(drawn) if seed is None else simulation.seed_inputs(seed)
        if self._runner is None:
            self._runner = simulation.runner()
        self._has_run = False
        if self._report is None:
            self._runner.run(inputs, time_limit)
        else:
            total = sum(e.duration for e in current_session().program if isinstance(e, RunEntry))
            told = Reporter(self._report, total)
            told.start()
            self._runner.run(inputs, time_limit, lambda done: told.tell_if_due(done * total))
            told.finish()
        self.last_seed = drawn
        target.mkdir(parents=True, exist_ok=True)
        self._runner.save(target / "results.npz")
        self._saved.append(target / "results.npz")
        self._results, self._has_run = {}, True

    def apply_run_args(self) -> None:
        """Apply the run arguments of variables here, instead of right before the first ``run()``."""
        current_session().program.append(ApplyEntry())

    def insert_code(self, slot: str, code: str) -> None:
        """Insert C++ of your own into the program.

        Parameters
        ----------
        slot : str
            Where: ``'main'``, between what the script does before and after this call; ``'before_start'``,
            ``'after_start'`` (of the simulation, when the inputs have been read), ``'before_network_run'``,
            ``'after_network_run'`` (of each), ``'before_end'`` or ``'after_end'``.
        code : str
            Statements. ``_c`` is the state of the simulation, ``_c->cells__v`` the array of ``cells.v`` in base units:
            see the exported ``model.cpp``. ``return fail(_c, "why");`` ends the run with an error.

        Raises
        ------
        ValueError, TypeError
            For a place that there is not, or code that is no string.
        """
        if slot not in SLOTS:
            raise ValueError(
                f"insert_code({slot!r}): there is no such place; choose one of {', '.join(SLOTS)}."
            )
        if not isinstance(code, str):
            raise TypeError(f"insert_code({slot!r}): the code is {type(code).__name__}; give a string.")
        current_session().program.append(InsertEntry(slot, code))

    # -- housekeeping ---------------------------------------------------------------------------------------

    def delete(self, code: bool = True, data: bool = True, force: bool = False) -> None:
        """Remove the project's sources (``code``), the results (``data``), or the directory as it is (``force``).

        Files that are not of our making stay unless ``force`` is given. Builds stay in the cache: see
        ``clear_cache``.
        """
        if self._project is None:
            return
        if data or force:
            self._results, self._has_run = None, False
        delete_project(self._project, code, data, self._saved, force)
        if data or force:
            self._saved = []

    def reinit(self) -> None:
        """Forget the script's objects and program, ready for another simulation."""
        current_session().reset()
        self._close_runner()
        self._simulation, self._results, self._has_run = None, None, False
        self._report = None

    def _close_runner(self) -> None:
        if self._runner is not None:
            self._runner.close()
        self._runner = None

    def __getstate__(self) -> dict[str, Any]:
        """A device that travels to another process starts its own runner there."""
        return {**self.__dict__, "_runner": None, "_results": None, "_has_run": False, "_report": None}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} in {self._directory or 'a temporary directory'}>"


def _fresh_seed() -> int:
    return secrets.randbits(63)
