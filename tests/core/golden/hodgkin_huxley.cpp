// A model written by spikefarm: one context is one run, nothing is global.
// Model be49715811c5cc5aa44106ca4da5345e908872ccd7e8e3a8defd38afcdaed446
#if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("prefer-vector-width=512")
#endif
#include "engine/model.h"

#include <new>

#include "engine/ahead.h"
#include "engine/blocks.h"
#include "engine/buffer.h"
#include "engine/discrete.h"
#include "engine/linalg.h"
#include "engine/mathx.h"
#include "engine/random.h"
#include "engine/support.h"

static const sf_entry input_table[] = {
    {"states.record", "states.record", "1", SF_I64, SF_REQUIRED, 2, 0},
    {"neurongroup.v:value", "neurongroup.v", "volt", SF_F64, SF_REQUIRED, 3, 1},
    {"defaultclock.dt", "defaultclock.dt", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"states.clock.dt", "states.dt", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"run.duration", "run.duration", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"neurongroup.v:override", "neurongroup.v", "volt", SF_F64, SF_OPTIONAL, 3, 1},
    {"neurongroup.m:override", "neurongroup.m", "1", SF_F64, SF_OPTIONAL, 3, 1},
    {"neurongroup.h:override", "neurongroup.h", "1", SF_F64, SF_OPTIONAL, 3, 1},
    {"neurongroup.g_na:override", "neurongroup.g_na", "siemens / metre2", SF_F64, SF_OPTIONAL, 3, 1},
    {"neurongroup.g_l:override", "neurongroup.g_l", "siemens / metre2", SF_F64, SF_OPTIONAL, 1, 1},
    {"neurongroup.C:override", "neurongroup.C", "farad / metre2", SF_F64, SF_OPTIONAL, 3, 1},
    {"neurongroup.I:override", "neurongroup.I", "amp / metre2", SF_F64, SF_OPTIONAL, 3, 1},
    {"seed", "seed", "1", SF_U64, SF_REQUIRED, 1, 1},
};
static const sf_entry output_table[] = {
    {"neurongroup.v", "neurongroup.v", "volt", SF_F64, SF_REQUIRED, 3, 0},
    {"neurongroup.m", "neurongroup.m", "1", SF_F64, SF_REQUIRED, 3, 0},
    {"neurongroup.h", "neurongroup.h", "1", SF_F64, SF_REQUIRED, 3, 0},
    {"neurongroup.g_na", "neurongroup.g_na", "siemens / metre2", SF_F64, SF_REQUIRED, 3, 0},
    {"neurongroup.g_l", "neurongroup.g_l", "siemens / metre2", SF_F64, SF_REQUIRED, 1, 0},
    {"neurongroup.C", "neurongroup.C", "farad / metre2", SF_F64, SF_REQUIRED, 3, 0},
    {"neurongroup.I", "neurongroup.I", "amp / metre2", SF_F64, SF_REQUIRED, 3, 0},
    {"neurongroup.lastspike", "neurongroup.lastspike", "second", SF_F64, SF_REQUIRED, 3, 0},
    {"neurongroup.not_refractory", "neurongroup.not_refractory", "1", SF_BOOL, SF_REQUIRED, 3, 0},
    {"states.t", "states.t", "second", SF_F64, SF_REQUIRED, -1, 0},
    {"states.v", "states.v", "volt", SF_F64, SF_REQUIRED, -1, 0},
    {"states.alpha", "states.alpha", "hertz", SF_F64, SF_REQUIRED, -1, 0},
    {"states.g_l", "states.g_l", "siemens / metre2", SF_F64, SF_REQUIRED, -1, 0},
    {"states.i", "states.i", "1", SF_I32, SF_REQUIRED, -1, 0},
    {"spikemonitor.i", "spikemonitor.i", "1", SF_I32, SF_REQUIRED, -1, 0},
    {"spikemonitor.t", "spikemonitor.t", "second", SF_F64, SF_REQUIRED, -1, 0},
    {"spikemonitor.count", "spikemonitor.count", "1", SF_I32, SF_REQUIRED, 3, 0},
    {"t", "t", "second", SF_F64, SF_REQUIRED, 1, 0},
};
static const int32_t input_count = 13, output_count = 18;

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
  double* neurongroup__m = nullptr;
  double* neurongroup__h = nullptr;
  double* neurongroup__g_na = nullptr;
  double* neurongroup__g_l = nullptr;
  double* neurongroup__C = nullptr;
  double* neurongroup__I = nullptr;
  double* neurongroup__lastspike = nullptr;
  bool* neurongroup__not_refractory = nullptr;
  int32_t* spikemonitor__count = nullptr;
  int32_t* neurongroup_spikes = nullptr;
  int64_t neurongroup_spike_count = 0;

  // recordings
  sf_buffer<double> states__t;
  sf_buffer<double> states__v;
  sf_buffer<double> states__alpha;
  sf_buffer<double> states__g_l;
  sf_buffer<int32_t> states__i;
  sf_buffer<int32_t> spikemonitor__i;
  sf_buffer<double> spikemonitor__t;

  // clocks, constants of the namespace and what follows from them once a run starts
  sf_clock clock_defaultclock;
  sf_clock clock_states__clock;
  double k0 = 0;
};

template <typename T>
static inline T sf_scalar(const sf_context* _c, int32_t slot) {
  return ((const T*)_c->inputs[slot].data)[0];
}

static int fail(sf_context* _c, const char* message) {
  if (!_c->error[0]) strncpy(_c->error, message, sizeof _c->error - 1);
  return 1;
}

static const char* const memory_is_short = "out of memory; record less, or less often";

// ---- kernels ----

static int states_states(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 3 };
  (void)_clock;
  const double* __restrict__ v = _c->neurongroup__v;
  const double g_l = _c->neurongroup__g_l[0];
  bool _fits = _c->states__t.append(_clock.t);
  const int64_t* _record = (const int64_t*)_c->inputs[0].data;
  const int64_t _rows = _c->inputs[0].count;
  for (int64_t _k = 0; _k < _rows; ++_k) {
    const int64_t i = _record[_k];
    _fits = _fits && _c->states__v.append((double)v[i]);
  }
  for (int64_t _k = 0; _k < _rows; ++_k) {
    const int64_t i = _record[_k];
    _fits = _fits && _c->states__alpha.append((double)((0.1 * sf_exprel((-sf_clip(((v[i] + 0.04) / 0.001), -100, 100)))) / 0.001));
  }
  {
    const int64_t i = 0;
    (void)i;
    _fits = _fits && _c->states__g_l.append((double)g_l);
  }
  for (int64_t _k = 0; _k < _rows; ++_k) {
    const int64_t i = _record[_k];
    _fits = _fits && _c->states__i.append((int32_t)i);
  }
  return _fits ? 0 : fail(_c, memory_is_short);
}

static void neurongroup_update(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 3 };
  (void)_clock;
  const double dt = _clock.dt;
  double* __restrict__ v = _c->neurongroup__v;
  double* __restrict__ m = _c->neurongroup__m;
  double* __restrict__ h = _c->neurongroup__h;
  const double* __restrict__ g_na = _c->neurongroup__g_na;
  const double g_l = _c->neurongroup__g_l[0];
  const double* __restrict__ C = _c->neurongroup__C;
  const double* __restrict__ I = _c->neurongroup__I;
  uint8_t* __restrict__ not_refractory = (uint8_t*)_c->neurongroup__not_refractory;
  const double _k0 = _c->k0;
  for (int64_t _first = 0; _first < N; _first += SF_BLOCK) {
    const int64_t _last = _first + SF_BLOCK < N ? _first + SF_BLOCK : N;
    double _x0[SF_BLOCK];
    double _x2[SF_BLOCK];
    double _x3[SF_BLOCK];
    double _y0[SF_BLOCK];
    double _y1[SF_BLOCK];
    double _y2[SF_BLOCK];
    double _y3[SF_BLOCK];
    SF_INDEPENDENT
    for (int64_t i = _first; i < _last; ++i) {
      _x0[i - _first] = ((g_na[i] * sf_int_pow<3>((double)m[i])) * h[i]);
      _y0[i - _first] = ((((-_x0[i - _first]) - g_l) / C[i]) * dt);
      double _x1 = (-sf_clip(((v[i] + 0.04) * 1000.0), -100, 100));
      _y1[i - _first] = _x1;
      _y2[i - _first] = (_x1 * 0.05555555555555555);
      double _next_h = (h[i] + (((0.5 - h[i]) * 500.0) * _k0));
      h[i] = _next_h;
    }
    sf_over<sf_exprel>(_y0, _last - _first);
    sf_over<sf_exprel>(_y1, _last - _first);
    sf_over<sf_exp>(_y2, _last - _first);
    SF_INDEPENDENT
    for (int64_t i = _first; i < _last; ++i) {
      not_refractory[i] = (not_refractory[i] | (!(v[i] > 0.0)));
      double _next_v = (v[i] + ((((I[i] - (_x0[i - _first] * (v[i] - 0.05))) - (g_l * (v[i] + 0.07))) / C[i]) * (dt * _y0[i - _first])));
      _x2[i - _first] = ((0.1 * _y1[i - _first]) * 1000.0);
      _x3[i - _first] = ((4 * _y2[i - _first]) * 1000.0);
      _y3[i - _first] = (((_x2[i - _first] * (-1.0)) - _x3[i - _first]) * dt);
      v[i] = _next_v;
    }
    sf_over<sf_exprel>(_y3, _last - _first);
    SF_INDEPENDENT
    for (int64_t i = _first; i < _last; ++i) {
      double _next_m = (m[i] + (((_x2[i - _first] * (1 - m[i])) - (_x3[i - _first] * m[i])) * (dt * _y3[i - _first])));
      m[i] = _next_m;
    }
  }
}

static void neurongroup_threshold(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 3 };
  (void)_clock;
  const double t = _clock.t;
  const double* __restrict__ v = _c->neurongroup__v;
  double* __restrict__ lastspike = _c->neurongroup__lastspike;
  uint8_t* __restrict__ not_refractory = (uint8_t*)_c->neurongroup__not_refractory;
  int32_t* __restrict__ _events = _c->neurongroup_spikes;
  int64_t _found = 0;
  for (int64_t i = 0; i < N; ++i) {
    if (((v[i] > 0.0) & not_refractory[i])) _events[_found++] = (int32_t)i;
  }
  _c->neurongroup_spike_count = _found;
  for (int64_t _k = 0; _k < _found; ++_k) {
    const int64_t i = _events[_k];
    lastspike[i] = t;
    not_refractory[i] = false;
  }
}

static int spikemonitor_events(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 3 };
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

// ---- the program ----

static int assign_0(sf_context* _c) {
  // assign neurongroup.v = $neurongroup.v:value[]
  enum : int64_t { N = 3 };
  double* __restrict__ v = _c->neurongroup__v;
  const double* _value = (const double*)_c->inputs[1].data;
  const int64_t _count = _c->inputs[1].count;
  for (int64_t i = 0; i < 3; ++i) {
    v[i] = _value[_count == 1 ? 0 : i];
  }
  return 0;
}

static int assign_1(sf_context* _c) {
  // assign neurongroup.I = i
  enum : int64_t { N = 3 };
  double* __restrict__ I = _c->neurongroup__I;
  for (int64_t i = 0; i < 3; ++i) {
    I[i] = i;
  }
  return 0;
}

static int apply_run_arguments(sf_context* _c) {
  sf_apply<double>(_c->neurongroup__v, 3, _c->inputs[5]);
  sf_apply<double>(_c->neurongroup__m, 3, _c->inputs[6]);
  sf_apply<double>(_c->neurongroup__h, 3, _c->inputs[7]);
  sf_apply<double>(_c->neurongroup__g_na, 3, _c->inputs[8]);
  sf_apply<double>(_c->neurongroup__g_l, 1, _c->inputs[9]);
  sf_apply<double>(_c->neurongroup__C, 3, _c->inputs[10]);
  sf_apply<double>(_c->neurongroup__I, 3, _c->inputs[11]);
  (void)_c;
  return 0;
}

static int begin_0(sf_context* _c) {
  const double start = _c->time, stop = start + sf_scalar<double>(_c, 4);
  if (!sf_set_clock(_c->clock_defaultclock, sf_scalar<double>(_c, 2), start, stop)) {
    return fail(_c, "dt of defaultclock changes at a time that is no multiple of the new dt; end the run before it on the new grid");
  }
  if (!sf_set_clock(_c->clock_states__clock, sf_scalar<double>(_c, 3), start, stop)) {
    return fail(_c, "dt of states.clock changes at a time that is no multiple of the new dt; end the run before it on the new grid");
  }
  _c->k0 = (_c->clock_defaultclock.dt * sf_exprel(((-500.0) * _c->clock_defaultclock.dt)));
  return 0;
}

static int run_0(sf_context* _c) {
  const double start = _c->time, stop = start + sf_scalar<double>(_c, 4);
  if (begin_0(_c)) return 1;
  sf_clock* const clocks[] = {&_c->clock_defaultclock, &_c->clock_states__clock, };
  const int count = 2;
  for (;;) {
    double now = INFINITY, finest = INFINITY;
    for (int k = 0; k < count; ++k) {
      if (clocks[k]->step < clocks[k]->end && clocks[k]->t < now) now = clocks[k]->t;
      if (clocks[k]->dt < finest) finest = clocks[k]->dt;
    }
    if (now == INFINITY) break;
    if (_c->cancelled) return fail(_c, "cancelled");
    _c->progress = (_c->done + now - start) / _c->duration;
    if (_c->callback && _c->callback(_c->user, SF_POLL)) return fail(_c, "stopped by Python");
    bool ticks[count];
    for (int k = 0; k < count; ++k) {
      ticks[k] = clocks[k]->step < clocks[k]->end && clocks[k]->t - now <= 1e-4 * finest;
    }
    if (ticks[1] && states_states(_c, *clocks[1])) return 1;
    if (ticks[0]) neurongroup_update(_c, *clocks[0]);
    if (ticks[0]) neurongroup_threshold(_c, *clocks[0]);
    if (ticks[0] && spikemonitor_events(_c, *clocks[0])) return 1;
    for (int k = 0; k < count; ++k) {
      if (ticks[k]) clocks[k]->t = (double)++clocks[k]->step * clocks[k]->dt;
    }
  }
  _c->time = stop;
  return 0;
}

