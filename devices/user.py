"""What every device offers to a script."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from ..core.operations import NetworkOperation
from ..core.session import RunEntry, Session, SessionDevice, current_session
from .base import DeviceError
from .simulation import Simulation


class UserDevice(SessionDevice):
    """A device that ``set_device`` can choose."""

    name: str

    @abstractmethod
    def simulation(self, session: Session | None = None) -> Simulation:
        """What has been declared so far, as the farm takes it."""

    @abstractmethod
    def reinit(self) -> None:
        """Forget what has been declared."""

    def activate(self, **options: Any) -> None:
        """Make this the current device again, with the options of ``set_device`` if any are given."""
        from . import device_module

        device = type(self)(**options) if options else self
        current_session().device = device
        device_module.active_device = device


def refuse_python(entry: RunEntry) -> None:
    """Refuse what needs Python during a run.

    Raises
    ------
    DeviceError
        Naming the objects and the way out.
    """
    names = [repr(obj.name) for obj in entry.objects if isinstance(obj, NetworkOperation)]
    if names:
        raise DeviceError(
            f"{', '.join(names)}: a network operation needs Python at every step, which a standalone program has "
            "not; call set_device('runtime'), or write the code as equations or run_regularly."
        )
