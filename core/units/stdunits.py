# ruff: noqa: N816
"""The units that ``from spikefarm import *`` brings; all others are in `allunits`."""

from typing import Final

from .unit import UNITS, Unit

_PREFIXES: Final = ("p", "n", "u", "m", "", "k", "M", "G", "T")


def _family(name: str) -> tuple[Unit, Unit, Unit, Unit, Unit, Unit, Unit, Unit, Unit]:
    """Return a unit with the prefixes that are common in modelling."""
    p, n, u, m, one, k, mega, giga, tera = (UNITS[prefix + name] for prefix in _PREFIXES)
    return p, n, u, m, one, k, mega, giga, tera


def _named(names: str) -> list[Unit]:
    return [UNITS[name] for name in names.split()]


# Written out, so that editors and type checkers know the names.
kelvin, kilogram, cmetre, cmeter = _named("kelvin kilogram cmetre cmeter")
pamp, namp, uamp, mamp, amp, kamp, Mamp, Gamp, Tamp = _family("amp")
pmetre, nmetre, umetre, mmetre, metre, kmetre, Mmetre, Gmetre, Tmetre = _family("metre")
pmeter, nmeter, umeter, mmeter, meter, kmeter, Mmeter, Gmeter, Tmeter = _family("meter")
psecond, nsecond, usecond, msecond, second, ksecond, Msecond, Gsecond, Tsecond = _family("second")
pmole, nmole, umole, mmole, mole, kmole, Mmole, Gmole, Tmole = _family("mole")
pcoulomb, ncoulomb, ucoulomb, mcoulomb, coulomb, kcoulomb, Mcoulomb, Gcoulomb, Tcoulomb = _family("coulomb")
pfarad, nfarad, ufarad, mfarad, farad, kfarad, Mfarad, Gfarad, Tfarad = _family("farad")
pgram, ngram, ugram, mgram, gram, kgram, Mgram, Ggram, Tgram = _family("gram")
pgramme, ngramme, ugramme, mgramme, gramme, kgramme, Mgramme, Ggramme, Tgramme = _family("gramme")
phertz, nhertz, uhertz, mhertz, hertz, khertz, Mhertz, Ghertz, Thertz = _family("hertz")
pjoule, njoule, ujoule, mjoule, joule, kjoule, Mjoule, Gjoule, Tjoule = _family("joule")
pmolar, nmolar, umolar, mmolar, molar, kmolar, Mmolar, Gmolar, Tmolar = _family("molar")
pliter, nliter, uliter, mliter, liter, kliter, Mliter, Gliter, Tliter = _family("liter")
plitre, nlitre, ulitre, mlitre, litre, klitre, Mlitre, Glitre, Tlitre = _family("litre")
ppascal, npascal, upascal, mpascal, pascal, kpascal, Mpascal, Gpascal, Tpascal = _family("pascal")
pohm, nohm, uohm, mohm, ohm, kohm, Mohm, Gohm, Tohm = _family("ohm")
psiemens, nsiemens, usiemens, msiemens, siemens, ksiemens, Msiemens, Gsiemens, Tsiemens = _family("siemens")
pvolt, nvolt, uvolt, mvolt, volt, kvolt, Mvolt, Gvolt, Tvolt = _family("volt")
pwatt, nwatt, uwatt, mwatt, watt, kwatt, Mwatt, Gwatt, Twatt = _family("watt")
mV, mA, uA, nA, pA = _named("mvolt mamp uamp namp pamp")
pF, uF, nF = _named("pfarad ufarad nfarad")
nS, uS, mS = _named("nsiemens usiemens msiemens")
ms, us = _named("msecond usecond")
Hz, kHz, MHz = _named("hertz khertz Mhertz")
cm, cm2, cm3 = _named("cmetre cmetre2 cmetre3")
mm, mm2, mm3 = _named("mmetre mmetre2 mmetre3")
um, um2, um3 = _named("umetre umetre2 umetre3")
mM, uM, nM = _named("mmolar umolar nmolar")

__all__ = [name for name, value in list(globals().items()) if isinstance(value, Unit)]
