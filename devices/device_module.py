"""The current device. A process that was handed a device object can make it current by setting it here."""

from __future__ import annotations

from .user import UserDevice

active_device: UserDevice | None = None
