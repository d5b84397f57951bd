// Spikes that are given in advance, put on a grid of time when a run starts.
#pragma once
#include <algorithm>

#include "buffer.h"
#include "mathx.h"
#include "support.h"

struct sf_generator {
  sf_buffer<int64_t> neurons, bins;  // of each spike, in order of time
  int64_t cycle = 0, next = 0;       // period in steps (0: none), the spike to come

  // Null, or why these spikes cannot be.
  const char* prepare(const sf_input& indices, const sf_input& times, double period, int64_t size, double dt) {
    const int64_t* neuron = (const int64_t*)indices.data;
    const double* time = (const double*)times.data;
    const int64_t count = times.count;
    cycle = (int64_t)round(period / dt);
    next = 0;
    if (period < 0) return "the period is negative";
    if (fabs(period / dt - (double)cycle) > 1e-4 || (period > 0 && cycle == 0)) {
      return "the period is not an integer multiple of dt";
    }
    sf_buffer<int64_t> order, last;
    neurons.clear();
    bins.clear();
    if (!order.resize(count) || !last.resize(size) || !neurons.resize(count) || !bins.resize(count)) {
      return "out of memory";
    }
    for (int64_t k = 0; k < count; ++k) {
      order.data[k] = k;
      if (neuron[k] < 0 || neuron[k] >= size) return "an index is not one of the group's neurons";
      if (!(time[k] >= 0 && time[k] < 1e15 * dt)) return "a spike time is negative, or too late";
      if (period > 0 && time[k] >= period) return "the period is not greater than all spike times";
    }
    std::sort(order.data, order.data + count, [=](int64_t a, int64_t b) {
      if (time[a] != time[b]) return time[a] < time[b];
      return neuron[a] != neuron[b] ? neuron[a] < neuron[b] : a < b;
    });
    for (int64_t k = 0; k < count; ++k) {
      const int64_t spike = order.data[k], bin = sf_timestep(time[spike], dt);
      if (last.data[neuron[spike]] == bin + 1) return "a neuron spikes more than once in a time step";
      last.data[neuron[spike]] = bin + 1;
      neurons.data[k] = neuron[spike];
      bins.data[k] = bin;
    }
    return nullptr;
  }

  // Who spikes in a step; steps come in order, the first may be any.
  int64_t emit(int64_t step, int32_t* spikes) {
    const int64_t bin = cycle ? step % cycle : step;
    if (cycle && bin == 0) next = 0;
    while (next < bins.size && bins.data[next] < bin) ++next;
    int64_t found = 0;
    while (next < bins.size && bins.data[next] == bin) spikes[found++] = (int32_t)neurons.data[next++];
    return found;
  }
};
