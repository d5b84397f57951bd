"""What every device offers to a script."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from ..core.session import Session, SessionDevice, current_session
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
