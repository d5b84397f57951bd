"""Standalone C++: one program per model, compiled once and kept in a cache."""

from .device import CPPStandaloneDevice

__all__ = ["CPPStandaloneDevice"]
