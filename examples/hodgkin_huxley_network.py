"""A gamma rhythm from two populations with Hodgkin–Huxley dynamics.

Excitatory cells (after Ermentrout and Kopell, 1998) drive inhibitory ones (after Wang and Buzsáki, 1996), whose
conductances then silence everybody until they have decayed: the time constant of inhibition sets the rhythm.
Sodium activation is taken as instantaneous, as in both models.

The figure shows the spikes, the membrane potential of a cell of each kind, and the conductances that an
excitatory cell receives.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from spikefarm import *

EXCITATORY, INHIBITORY = 160, 40
COLOURS = ["tab:red", "tab:blue"]

#: What both kinds of cell share, per area of membrane.
MEMBRANE = """
    dv/dt = (drive - leak - sodium - potassium - synaptic)/(1*uF/cm**2) : volt
    leak = (0.1*msiemens/cm**2)*(v - E_leak) : amp/meter**2
    sodium = g_Na*(alpha_m/(alpha_m + beta_m))**3*h*(v - E_Na) : amp/meter**2
    potassium = g_K*n**4*(v - E_K) : amp/meter**2
    synaptic = g_e*v + g_i*(v + 75*mV) : amp/meter**2
    dh/dt = speed*(alpha_h*(1 - h) - beta_h*h) : 1
    dn/dt = speed*(alpha_n*(1 - n) - beta_n*n) : 1
    dg_e/dt = -g_e/(3*ms) : siemens/meter**2
    dg_i/dt = -g_i/(9*ms) : siemens/meter**2
    drive : amp/meter**2 (constant)
"""
# x/(1 - exp(-x)) is 1/exprel(-x), which is as it should be at x = 0 too.
EXCITATORY_RATES = """
    alpha_m = 1.28/exprel(-(v + 54*mV)/(4*mV))/ms : Hz
    beta_m = 1.4/exprel((v + 27*mV)/(5*mV))/ms : Hz
    alpha_h = 0.128*exp(-(v + 50*mV)/(18*mV))/ms : Hz
    beta_h = 4/(1 + exp(-(v + 27*mV)/(5*mV)))/ms : Hz
    alpha_n = 0.16/exprel(-(v + 52*mV)/(5*mV))/ms : Hz
    beta_n = 0.5*exp(-(v + 57*mV)/(40*mV))/ms : Hz
"""
INHIBITORY_RATES = """
    alpha_m = 1/exprel(-(v + 35*mV)/(10*mV))/ms : Hz
    beta_m = 4*exp(-(v + 60*mV)/(18*mV))/ms : Hz
    alpha_h = 0.07*exp(-(v + 58*mV)/(20*mV))/ms : Hz
    beta_h = 1/(1 + exp(-(v + 28*mV)/(10*mV)))/ms : Hz
    alpha_n = 0.1/exprel(-(v + 34*mV)/(10*mV))/ms : Hz
    beta_n = 0.125*exp(-(v + 44*mV)/(80*mV))/ms : Hz
"""


def population(N, rates, drive, E_leak, E_Na, E_K, g_Na, g_K, speed):
    """Cells of one kind, without noise: what drives them is all that they differ in."""
    mS = msiemens / cm**2
    constants = {"E_leak": E_leak * mV, "E_Na": E_Na * mV, "E_K": E_K * mV}
    constants |= {"g_Na": g_Na * mS, "g_K": g_K * mS, "speed": speed}
    cells = NeuronGroup(
        N,
        MEMBRANE + rates,
        threshold="v > -20*mV",
        refractory="v > -20*mV",
        method="rk4",
        namespace=constants,
    )
    cells.v = "-70*mV + 20*mV*i/N"
    cells.h, cells.n = 0.8, 0.1
    cells.drive = drive * uamp / cm**2
    return cells


def simulate(duration=300 * ms):
    """Run the network; everything is determined, connections included."""
    defaultclock.dt = 0.025 * ms
    pyramids = population(
        EXCITATORY, EXCITATORY_RATES, np.linspace(1, 2.5, EXCITATORY), -67, 50, -100, 100, 80, 1
    )
    basket = population(INHIBITORY, INHIBITORY_RATES, np.linspace(0, 0.3, INHIBITORY), -65, 55, -90, 35, 9, 5)

    step = msiemens / cm**2
    to_basket = Synapses(pyramids, basket, on_pre="g_e_post += 0.25*step/N_pre", delay=1 * ms)
    to_basket.connect()
    to_pyramids = Synapses(basket, pyramids, on_pre="g_i_post += 1.0*step/N_pre", delay=0.5 * ms)
    to_pyramids.connect()
    among_basket = Synapses(basket, on_pre="g_i_post += 0.2*step/N_pre", delay=0.5 * ms)
    among_basket.connect("i != j")

    pyramid_spikes, basket_spikes = SpikeMonitor(pyramids), SpikeMonitor(basket)
    pyramid_traces = StateMonitor(pyramids, ["v", "g_i"], record=EXCITATORY // 2)
    basket_traces = StateMonitor(basket, ["v", "g_e"], record=0)
    run(duration)
    return pyramid_spikes, basket_spikes, pyramid_traces, basket_traces


def main(figure="hodgkin_huxley_network.png", duration=300 * ms):
    pyramid_spikes, basket_spikes, pyramid_traces, basket_traces = simulate(duration)
    rates = [
        pyramid_spikes.num_spikes / EXCITATORY / duration,
        basket_spikes.num_spikes / INHIBITORY / duration,
    ]
    print(f"mean rates: {rates[0]} excitatory, {rates[1]} inhibitory")

    fig, axes = plt.subplots(3, 1, figsize=(8, 7), sharex=True, layout="constrained", height_ratios=[3, 2, 2])
    axes[0].scatter(pyramid_spikes.t / ms, pyramid_spikes.i, s=3, color=COLOURS[0], label="excitatory")
    axes[0].scatter(
        basket_spikes.t / ms, EXCITATORY + basket_spikes.i, s=3, color=COLOURS[1], label="inhibitory"
    )
    axes[0].set(ylabel="cell, by its drive", xlim=(0, duration / ms))
    axes[1].plot(pyramid_traces.t / ms, pyramid_traces.v[0] / mV, color=COLOURS[0], label="excitatory")
    axes[1].plot(basket_traces.t / ms, basket_traces.v[0] / mV, color=COLOURS[1], label="inhibitory")
    axes[1].set(ylabel="potential of a cell (mV)")
    unit = msiemens / cm**2
    axes[2].plot(
        basket_traces.t / ms, basket_traces.g_e[0] / unit, color=COLOURS[0], label="in an inhibitory cell"
    )
    axes[2].plot(
        pyramid_traces.t / ms, pyramid_traces.g_i[0] / unit, color=COLOURS[1], label="in an excitatory cell"
    )
    axes[2].set(xlabel="time (ms)", ylabel="synaptic conductance\n(mS/cm²)")
    for each in axes:
        each.legend(loc="lower right", bbox_to_anchor=(1, 0.97), ncols=2, frameon=False, markerscale=3)
    fig.savefig(figure, dpi=80)
    plt.close(fig)
    return pyramid_spikes, basket_spikes


if __name__ == "__main__":
    main(*sys.argv[1:])
