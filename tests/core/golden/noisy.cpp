// A model written by spikefarm: one context is one run, nothing is global.
// Model 5b9e92b76c8efb2e2cf18ad1965d323738230768f78dfed97ba84ddb3f8faa20
#if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("prefer-vector-width=512")
#endif
#include "engine/model.h"

#include <stdio.h>

#include <new>

#include "engine/ahead.h"
#include "engine/buffer.h"
#include "engine/discrete.h"
#include "engine/linalg.h"
#include "engine/mathx.h"
#include "engine/random.h"
#include "engine/support.h"

static const sf_entry input_table[] = {
    {"neurongroup.column:value", "neurongroup.column", "1", SF_I32, SF_REQUIRED, 10, 1},
    {"neurongroup.column:index", "neurongroup.column", "1", SF_I64, SF_REQUIRED, 10, 0},
    {"neurongroup.quiet:value", "neurongroup.quiet", "1", SF_BOOL, SF_REQUIRED, 2, 1},
    {"neurongroup.quiet:index", "neurongroup.quiet", "1", SF_I64, SF_REQUIRED, 2, 0},
    {"on", "on", "1", SF_BOOL, SF_REQUIRED, 1, 0},
    {"patterns", "patterns", "volt", SF_F64, SF_REQUIRED, 4, 0},
    {"patterns.dt", "patterns.dt", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"sigma", "sigma", "volt", SF_F64, SF_REQUIRED, 1, 0},
    {"step", "step", "1", SF_I64, SF_REQUIRED, 1, 0},
    {"stimulus", "stimulus", "volt", SF_F64, SF_REQUIRED, 3, 0},
    {"stimulus.dt", "stimulus.dt", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"tau", "tau", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"defaultclock.dt", "defaultclock.dt", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"run.duration", "run.duration", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"neurongroup.v:value", "neurongroup.v", "volt", SF_F64, SF_REQUIRED, 20, 1},
    {"on@1", "on", "1", SF_BOOL, SF_REQUIRED, 1, 0},
    {"sigma@1", "sigma", "volt", SF_F64, SF_REQUIRED, 1, 0},
    {"step@1", "step", "1", SF_I64, SF_REQUIRED, 1, 0},
    {"tau@1", "tau", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"defaultclock.dt@1", "defaultclock.dt", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"run.duration@1", "run.duration", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"neurongroup.v:override", "neurongroup.v", "volt", SF_F64, SF_OPTIONAL, 20, 1},
    {"neurongroup.theta:override", "neurongroup.theta", "volt", SF_F64, SF_OPTIONAL, 20, 1},
    {"neurongroup.column:override", "neurongroup.column", "1", SF_I32, SF_OPTIONAL, 20, 1},
    {"neurongroup.quiet:override", "neurongroup.quiet", "1", SF_BOOL, SF_OPTIONAL, 20, 1},
    {"neurongroup.total:override", "neurongroup.total", "1", SF_I32, SF_OPTIONAL, 20, 1},
    {"seed", "seed", "1", SF_U64, SF_REQUIRED, 3, 1},
};
static const sf_entry output_table[] = {
    {"neurongroup.v", "neurongroup.v", "volt", SF_F64, SF_REQUIRED, 20, 0},
    {"neurongroup.theta", "neurongroup.theta", "volt", SF_F64, SF_REQUIRED, 20, 0},
    {"neurongroup.column", "neurongroup.column", "1", SF_I32, SF_REQUIRED, 20, 0},
    {"neurongroup.quiet", "neurongroup.quiet", "1", SF_BOOL, SF_REQUIRED, 20, 0},
    {"neurongroup.total", "neurongroup.total", "1", SF_I32, SF_REQUIRED, 20, 0},
    {"neurongroup.lastspike", "neurongroup.lastspike", "second", SF_F64, SF_REQUIRED, 20, 0},
    {"neurongroup.not_refractory", "neurongroup.not_refractory", "1", SF_BOOL, SF_REQUIRED, 20, 0},
    {"spikemonitor.i", "spikemonitor.i", "1", SF_I32, SF_REQUIRED, -1, 0},
    {"spikemonitor.t", "spikemonitor.t", "second", SF_F64, SF_REQUIRED, -1, 0},
    {"spikemonitor.count", "spikemonitor.count", "1", SF_I32, SF_REQUIRED, 20, 0},
    {"counts.count", "counts.count", "1", SF_I32, SF_REQUIRED, 20, 0},
    {"t", "t", "second", SF_F64, SF_REQUIRED, 1, 0},
};
static const int32_t input_count = 27, output_count = 12;

struct sf_context {
  sf_input inputs[input_count];
  char error[512] = "";
  uint64_t seed = 0;
  double time = 0;                          // of the network that runs, or ran last
  double times[1] = {0};
  double duration = 0, done = 0;
  volatile double progress = 0;
  volatile int cancelled = 0;
  sf_callback callback = nullptr;
  void* user = nullptr;
  volatile int stopping = 0;

  // state
  double* neurongroup__v = nullptr;
  double* neurongroup__theta = nullptr;
  int32_t* neurongroup__column = nullptr;
  bool* neurongroup__quiet = nullptr;
  int32_t* neurongroup__total = nullptr;
  double* neurongroup__lastspike = nullptr;
  bool* neurongroup__not_refractory = nullptr;
  int32_t* spikemonitor__count = nullptr;
  int32_t* counts__count = nullptr;
  sf_ahead<SF_NORMAL> draw3325298564;
  int32_t* neurongroup_spikes = nullptr;
  int64_t neurongroup_spike_count = 0;

  // recordings
  sf_buffer<int32_t> spikemonitor__i;
  sf_buffer<double> spikemonitor__t;

  // clocks, constants of the namespace and what follows from them once a run starts
  sf_clock clock_defaultclock;
  bool slot_on = 0;
  double slot_sigma = 0;
  int64_t slot_step = 0;
  double slot_tau = 0;
  sf_timed given_patterns;
  sf_timed given_stimulus;
  sf_timed timed_patterns;
  sf_timed timed_stimulus;
  double k0 = 0;
  double k1 = 0;
  double k2 = 0;
  double k3 = 0;
};

template <typename T>
static inline T sf_scalar(const sf_context* _c, int32_t slot) {
  return ((const T*)_c->inputs[slot].data)[0];
}

static int fail(sf_context* _c, const char* message) {
  if (!_c->error[0]) strncpy(_c->error, message, sizeof _c->error - 1);
  return 1;
}

// An index, or 0 where there is no such value: then the run ends with an error.
static inline int64_t within(sf_context* _c, int64_t index, int64_t size, const char* what) {
  if ((uint64_t)index < (uint64_t)size) return index;
  if (!_c->error[0]) {
    snprintf(_c->error, sizeof _c->error, "%s: the index %lld lies outside its %lld value(s)", what, (long long)index, (long long)size);
  }
  _c->cancelled = 1;
  return 0;
}

static int stumbled(sf_context* _c) { return _c->error[0] != 0; }

static const char* const memory_is_short = "out of memory; record less, or less often";

// ---- kernels ----

static void neurongroup_update(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 20 };
  (void)_clock;
  const double t = _clock.t;
  const double dt = _clock.dt;
  double* __restrict__ v = _c->neurongroup__v;
  const double* __restrict__ theta = _c->neurongroup__theta;
  const int32_t* __restrict__ column = _c->neurongroup__column;
  const double* __restrict__ lastspike = _c->neurongroup__lastspike;
  uint8_t* __restrict__ not_refractory = (uint8_t*)_c->neurongroup__not_refractory;
  const double _k0 = _c->k0;
  const double _k1 = _c->k1;
  const double _k2 = _c->k2;
  const double _k3 = _c->k3;
  const double* __restrict__ _draw3325298564 = _c->draw3325298564.at(_clock.tick());
  const double _s0 = sf_timed_at(_c->timed_stimulus, t, 0);
  SF_INDEPENDENT
  for (int64_t i = 0; i < N; ++i) {
    not_refractory[i] = ((floor((((t - lastspike[i]) * _k0) + 0.001)) >= floor(((((theta[i] / 0.001) * 0.001) * _k0) + 0.001))) | (lastspike[i] <= (-10000.0)));
    double _dW_xi = (_k1 * _draw3325298564[i]);
    double _next_v = (v[i] + (((not_refractory[i] ? (((_s0 + sf_timed_at(_c->timed_patterns, t, within(_c, (int64_t)(int64_t)column[i], _c->timed_patterns.columns, "patterns"))) - v[i]) * _k2) : 0.0) * dt) + ((not_refractory[i] ? _k3 : 0.0) * _dW_xi)));
    v[i] = _next_v;
  }
}

static void neurongroup_threshold(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 20 };
  (void)_clock;
  const double t = _clock.t;
  const double* __restrict__ v = _c->neurongroup__v;
  const double* __restrict__ theta = _c->neurongroup__theta;
  const uint8_t* __restrict__ quiet = (const uint8_t*)_c->neurongroup__quiet;
  double* __restrict__ lastspike = _c->neurongroup__lastspike;
  uint8_t* __restrict__ not_refractory = (uint8_t*)_c->neurongroup__not_refractory;
  const bool _p_on = _c->slot_on;
  int32_t* __restrict__ _events = _c->neurongroup_spikes;
  int64_t _found = 0;
  for (int64_t i = 0; i < N; ++i) {
    if (((((v[i] > theta[i]) & (!quiet[i])) & _p_on) & not_refractory[i])) _events[_found++] = (int32_t)i;
  }
  _c->neurongroup_spike_count = _found;
  for (int64_t _k = 0; _k < _found; ++_k) {
    const int64_t i = _events[_k];
    lastspike[i] = t;
    not_refractory[i] = false;
  }
}

static int spikemonitor_events(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 20 };
  (void)_clock;
  const double t = _clock.t;
  const int32_t* _events = _c->neurongroup_spikes;
  const int64_t _found = _c->neurongroup_spike_count;
  bool _fits = true;
  for (int64_t _k = 0; _k < _found; ++_k) {
    const int64_t i = _events[_k];
    ++_c->spikemonitor__count[i];
    _fits = _fits && _c->spikemonitor__i.append((int32_t)i);
    _fits = _fits && _c->spikemonitor__t.append((double)t);
  }
  return _fits ? 0 : fail(_c, memory_is_short);
}

static int counts_events(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 20 };
  (void)_clock;
  const int32_t* _events = _c->neurongroup_spikes;
  const int64_t _found = _c->neurongroup_spike_count;
  bool _fits = true;
  for (int64_t _k = 0; _k < _found; ++_k) {
    const int64_t i = _events[_k];
    ++_c->counts__count[i];
  }
  return _fits ? 0 : fail(_c, memory_is_short);
}

static void neurongroup_reset(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 20 };
  (void)_clock;
  double* __restrict__ v = _c->neurongroup__v;
  double* __restrict__ theta = _c->neurongroup__theta;
  int32_t* __restrict__ total = _c->neurongroup__total;
  const double _p_sigma = _c->slot_sigma;
  const int64_t _p_step = _c->slot_step;
  const int32_t* _events = _c->neurongroup_spikes;
  for (int64_t _k = 0; _k < _c->neurongroup_spike_count; ++_k) {
    const int64_t i = _events[_k];
    double jump = (sf_uniform(i, N, _c->seed, 1079059686u, _clock.tick()) * _p_sigma);
    v[i] = (v[i] - (0.003 + jump));
    theta[i] = (theta[i] + (jump / 2));
    total[i] = ((int64_t)total[i] + _p_step);
  }
}

// ---- the program ----

static int assign_0(sf_context* _c) {
  // assign neurongroup.theta = 0.01 + normal#300875046 * 0.001
  enum : int64_t { N = 20 };
  double* __restrict__ theta = _c->neurongroup__theta;
  for (int64_t i = 0; i < 20; ++i) {
    theta[i] = (0.01 + (sf_normal(i, N, _c->seed, 300875046u, 0) * 0.001));
  }
  return 0;
}

static int assign_1(sf_context* _c) {
  // assign neurongroup.theta[i < 5 and uniform#1364368700 < 0.5] = 0.012
  enum : int64_t { N = 20 };
  double* __restrict__ theta = _c->neurongroup__theta;
  for (int64_t i = 0; i < 20; ++i) {
    if (((i < 5) & (sf_uniform(i, N, _c->seed, 1364368700u, 0) < 0.5))) theta[i] = 0.012;
  }
  return 0;
}

static int assign_2(sf_context* _c) {
  // assign neurongroup.column[neurongroup.column:index] = $neurongroup.column:value[]
  enum : int64_t { N = 20 };
  int32_t* __restrict__ column = _c->neurongroup__column;
  const int32_t* _value = (const int32_t*)_c->inputs[0].data;
  const int64_t _count = _c->inputs[0].count;
  const int64_t* _indices = (const int64_t*)_c->inputs[1].data;
  for (int64_t _k = 0; _k < _c->inputs[1].count; ++_k) {
    const int64_t i = _indices[_k];
    column[i] = _value[_count == 1 ? 0 : _k];
  }
  return 0;
}

static int assign_3(sf_context* _c) {
  // assign neurongroup.column[i >= 10] = i % 2
  enum : int64_t { N = 20 };
  int32_t* __restrict__ column = _c->neurongroup__column;
  for (int64_t i = 0; i < 20; ++i) {
    if ((i >= 10)) column[i] = sf_mod(i, 2);
  }
  return 0;
}

static int assign_4(sf_context* _c) {
  // assign neurongroup.quiet[neurongroup.quiet:index] = $neurongroup.quiet:value[]
  enum : int64_t { N = 20 };
  uint8_t* __restrict__ quiet = (uint8_t*)_c->neurongroup__quiet;
  const bool* _value = (const bool*)_c->inputs[2].data;
  const int64_t _count = _c->inputs[2].count;
  const int64_t* _indices = (const int64_t*)_c->inputs[3].data;
  for (int64_t _k = 0; _k < _c->inputs[3].count; ++_k) {
    const int64_t i = _indices[_k];
    quiet[i] = _value[_count == 1 ? 0 : _k];
  }
  return 0;
}

static int assign_5(sf_context* _c) {
  // assign neurongroup.v = $neurongroup.v:value[]
  enum : int64_t { N = 20 };
  double* __restrict__ v = _c->neurongroup__v;
  const double* _value = (const double*)_c->inputs[14].data;
  const int64_t _count = _c->inputs[14].count;
  for (int64_t i = 0; i < 20; ++i) {
    v[i] = _value[_count == 1 ? 0 : i];
  }
  return 0;
}

static int apply_run_arguments(sf_context* _c) {
  sf_apply<double>(_c->neurongroup__v, 20, _c->inputs[21]);
  sf_apply<double>(_c->neurongroup__theta, 20, _c->inputs[22]);
  sf_apply<int32_t>(_c->neurongroup__column, 20, _c->inputs[23]);
  sf_apply<bool>(_c->neurongroup__quiet, 20, _c->inputs[24]);
  sf_apply<int32_t>(_c->neurongroup__total, 20, _c->inputs[25]);
  (void)_c;
  return 0;
}

static int begin_0(sf_context* _c) {
  const double start = _c->time, stop = start + sf_scalar<double>(_c, 13);
  if (!sf_set_clock(_c->clock_defaultclock, sf_scalar<double>(_c, 12), start, stop)) {
    return fail(_c, "dt of defaultclock changes at a time that is no multiple of the new dt; end the run before it on the new grid");
  }
  _c->slot_on = sf_scalar<bool>(_c, 4);
  _c->slot_sigma = sf_scalar<double>(_c, 7);
  _c->slot_step = sf_scalar<int64_t>(_c, 8);
  _c->slot_tau = sf_scalar<double>(_c, 11);
  _c->timed_patterns = _c->given_patterns;
  _c->timed_stimulus = _c->given_stimulus;
  if (!_c->draw3325298564.prepare(20, _c->seed, 3325298564u)) return fail(_c, memory_is_short);
  _c->k0 = (1.0 / _c->clock_defaultclock.dt);
  _c->k1 = sqrt(_c->clock_defaultclock.dt);
  _c->k2 = (1.0 / _c->slot_tau);
  _c->k3 = (_c->slot_sigma * pow((double)_c->slot_tau, (double)(-0.5)));
  return 0;
}

static int run_0(sf_context* _c) {
  const double start = _c->time, stop = start + sf_scalar<double>(_c, 13);
  if (begin_0(_c)) return 1;
  sf_clock& clock = _c->clock_defaultclock;
  while (clock.step < clock.end) {
    if (_c->cancelled) return fail(_c, "cancelled");
    _c->progress = (_c->done + clock.t - start) / _c->duration;
    if (_c->callback && _c->callback(_c->user, SF_POLL)) return fail(_c, "stopped by Python");
    const int64_t pause = clock.end - clock.step < 256 ? clock.end : clock.step + 256;
    for (; clock.step < pause; ++clock.step) {
      clock.t = (double)clock.step * clock.dt;
      neurongroup_update(_c, clock);
      neurongroup_threshold(_c, clock);
      if (spikemonitor_events(_c, clock)) return 1;
      if (counts_events(_c, clock)) return 1;
      neurongroup_reset(_c, clock);
    }
  }
  clock.t = (double)clock.step * clock.dt;
  if (stumbled(_c)) return 1;
  _c->time = stop;
  return 0;
}

static int begin_1(sf_context* _c) {
  const double start = _c->time, stop = start + sf_scalar<double>(_c, 20);
  if (!sf_set_clock(_c->clock_defaultclock, sf_scalar<double>(_c, 19), start, stop)) {
    return fail(_c, "dt of defaultclock changes at a time that is no multiple of the new dt; end the run before it on the new grid");
  }
  _c->slot_on = sf_scalar<bool>(_c, 15);
  _c->slot_sigma = sf_scalar<double>(_c, 16);
  _c->slot_step = sf_scalar<int64_t>(_c, 17);
  _c->slot_tau = sf_scalar<double>(_c, 18);
  _c->timed_patterns = _c->given_patterns;
  _c->timed_stimulus = _c->given_stimulus;
  if (!_c->draw3325298564.prepare(20, _c->seed, 3325298564u)) return fail(_c, memory_is_short);
  _c->k0 = (1.0 / _c->clock_defaultclock.dt);
  _c->k1 = sqrt(_c->clock_defaultclock.dt);
  _c->k2 = (1.0 / _c->slot_tau);
  _c->k3 = (_c->slot_sigma * pow((double)_c->slot_tau, (double)(-0.5)));
  return 0;
}

static int run_1(sf_context* _c) {
  const double start = _c->time, stop = start + sf_scalar<double>(_c, 20);
  if (begin_1(_c)) return 1;
  sf_clock& clock = _c->clock_defaultclock;
  while (clock.step < clock.end) {
    if (_c->cancelled) return fail(_c, "cancelled");
    _c->progress = (_c->done + clock.t - start) / _c->duration;
    if (_c->callback && _c->callback(_c->user, SF_POLL)) return fail(_c, "stopped by Python");
    const int64_t pause = clock.end - clock.step < 256 ? clock.end : clock.step + 256;
    for (; clock.step < pause; ++clock.step) {
      clock.t = (double)clock.step * clock.dt;
      neurongroup_update(_c, clock);
      neurongroup_threshold(_c, clock);
      if (spikemonitor_events(_c, clock)) return 1;
      if (counts_events(_c, clock)) return 1;
      neurongroup_reset(_c, clock);
    }
  }
  clock.t = (double)clock.step * clock.dt;
  if (stumbled(_c)) return 1;
  _c->time = stop;
  return 0;
}

