"""Simulations in this process: compiled C++ or numpy, with Python in between where it is asked for."""

from .device import RuntimeDevice

__all__ = ["RuntimeDevice"]
