// A model written by spikefarm: one context is one run, nothing is global.
// Model 9e9400203fd444951a551659a798c51ad783c1bd1ab60068456d48a048da4def
#if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("prefer-vector-width=512")
#endif
#include "engine/model.h"

#include <new>

#include "engine/ahead.h"
#include "engine/buffer.h"
#include "engine/discrete.h"
#include "engine/linalg.h"
#include "engine/mathx.h"
#include "engine/random.h"
#include "engine/support.h"

static const sf_entry input_table[] = {
    {"differing.own:value", "differing.own", "second", SF_F64, SF_REQUIRED, 4, 1},
    {"tau", "tau", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"tau_g", "tau_g", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"alike:refractory", "alike.refractory", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"differing.tau_g", "tau_g", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"defaultclock.dt", "defaultclock.dt", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"run.duration", "run.duration", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"alike.v:override", "alike.v", "1", SF_F64, SF_OPTIONAL, 4, 1},
    {"alike.g:override", "alike.g", "1", SF_F64, SF_OPTIONAL, 4, 1},
    {"differing.v:override", "differing.v", "1", SF_F64, SF_OPTIONAL, 4, 1},
    {"differing.g:override", "differing.g", "1", SF_F64, SF_OPTIONAL, 4, 1},
    {"differing.own:override", "differing.own", "second", SF_F64, SF_OPTIONAL, 4, 1},
    {"seed", "seed", "1", SF_U64, SF_REQUIRED, 1, 1},
};
static const sf_entry output_table[] = {
    {"alike.v", "alike.v", "1", SF_F64, SF_REQUIRED, 4, 0},
    {"alike.g", "alike.g", "1", SF_F64, SF_REQUIRED, 4, 0},
    {"alike.lastspike", "alike.lastspike", "second", SF_F64, SF_REQUIRED, 4, 0},
    {"alike.not_refractory", "alike.not_refractory", "1", SF_BOOL, SF_REQUIRED, 4, 0},
    {"differing.v", "differing.v", "1", SF_F64, SF_REQUIRED, 4, 0},
    {"differing.g", "differing.g", "1", SF_F64, SF_REQUIRED, 4, 0},
    {"differing.own", "differing.own", "second", SF_F64, SF_REQUIRED, 4, 0},
    {"statemonitor.t", "statemonitor.t", "second", SF_F64, SF_REQUIRED, -1, 0},
    {"statemonitor.v", "statemonitor.v", "1", SF_F64, SF_REQUIRED, -1, 0},
    {"statemonitor.g", "statemonitor.g", "1", SF_F64, SF_REQUIRED, -1, 0},
    {"t", "t", "second", SF_F64, SF_REQUIRED, 1, 0},
};
static const int32_t input_count = 13, output_count = 11;

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
  double* alike__v = nullptr;
  double* alike__g = nullptr;
  double* alike__lastspike = nullptr;
  bool* alike__not_refractory = nullptr;
  double* differing__v = nullptr;
  double* differing__g = nullptr;
  double* differing__own = nullptr;
  int32_t* alike_spikes = nullptr;
  int64_t alike_spike_count = 0;

  // recordings
  sf_buffer<double> statemonitor__t;
  sf_buffer<double> statemonitor__v;
  sf_buffer<double> statemonitor__g;

  // clocks, constants of the namespace and what follows from them once a run starts
  sf_clock clock_defaultclock;
  double slot_alike__0refractory = 0;
  double slot_differing__tau_g = 0;
  double slot_tau = 0;
  double slot_tau_g = 0;
  double alike__M__Q_0_0 = 0;
  double alike__M__Q_0_1 = 0;
  double alike__M__Q_1_1 = 0;
  double alike__R__Q_1_1 = 0;
  double* differing__M__Q_0_0 = nullptr;
  double* differing__M__Q_0_1 = nullptr;
  double* differing__M__Q_1_1 = nullptr;
  double k0 = 0;
  double k1 = 0;
  double k2 = 0;
  double k3 = 0;
  double k4 = 0;
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

static void differing_update(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 4 };
  (void)_clock;
  double* __restrict__ v = _c->differing__v;
  double* __restrict__ g = _c->differing__g;
  const double* __restrict__ own = _c->differing__own;
  const double _k4 = _c->k4;
  const double* __restrict__ differing__M__Q_0_0_each = _c->differing__M__Q_0_0;
  const double* __restrict__ differing__M__Q_0_1_each = _c->differing__M__Q_0_1;
  const double* __restrict__ differing__M__Q_1_1_each = _c->differing__M__Q_1_1;
  SF_INDEPENDENT
  for (int64_t i = 0; i < N; ++i) {
    const double differing__M__Q_0_0 = (double)differing__M__Q_0_0_each[i];
    const double differing__M__Q_0_1 = (double)differing__M__Q_0_1_each[i];
    const double differing__M__Q_1_1 = (double)differing__M__Q_1_1_each[i];
    double _rate_v = ((g[i] - v[i]) / own[i]);
    double _rate_g = ((-g[i]) * _k4);
    double _next_v = ((v[i] + (differing__M__Q_0_0 * _rate_v)) + (differing__M__Q_0_1 * _rate_g));
    double _next_g = (g[i] + (differing__M__Q_1_1 * _rate_g));
    v[i] = _next_v;
    g[i] = _next_g;
  }
}

static void alike_update(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 4 };
  (void)_clock;
  const double t = _clock.t;
  double* __restrict__ v = _c->alike__v;
  double* __restrict__ g = _c->alike__g;
  const double* __restrict__ lastspike = _c->alike__lastspike;
  uint8_t* __restrict__ not_refractory = (uint8_t*)_c->alike__not_refractory;
  const double _k0 = _c->k0;
  const double _k1 = _c->k1;
  const double _k2 = _c->k2;
  const double _k3 = _c->k3;
  const double alike__M__Q_0_0 = _c->alike__M__Q_0_0;
  const double alike__M__Q_0_1 = _c->alike__M__Q_0_1;
  const double alike__M__Q_1_1 = _c->alike__M__Q_1_1;
  const double alike__R__Q_1_1 = _c->alike__R__Q_1_1;
  SF_INDEPENDENT
  for (int64_t i = 0; i < N; ++i) {
    not_refractory[i] = ((floor((((t - lastspike[i]) * _k0) + 0.001)) >= _k1) | (lastspike[i] <= (-10000.0)));
    double _rate_v = ((g[i] - v[i]) * _k2);
    double _rate_g = ((-g[i]) * _k3);
    double _next_v = (not_refractory[i] ? ((v[i] + (alike__M__Q_0_0 * _rate_v)) + (alike__M__Q_0_1 * _rate_g)) : v[i]);
    double _next_g = (not_refractory[i] ? (g[i] + (alike__M__Q_1_1 * _rate_g)) : (g[i] + (alike__R__Q_1_1 * _rate_g)));
    v[i] = _next_v;
    g[i] = _next_g;
  }
}

static void alike_threshold(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 4 };
  (void)_clock;
  const double t = _clock.t;
  const double* __restrict__ v = _c->alike__v;
  double* __restrict__ lastspike = _c->alike__lastspike;
  uint8_t* __restrict__ not_refractory = (uint8_t*)_c->alike__not_refractory;
  int32_t* __restrict__ _events = _c->alike_spikes;
  int64_t _found = 0;
  for (int64_t i = 0; i < N; ++i) {
    if (((v[i] > 1) & not_refractory[i])) _events[_found++] = (int32_t)i;
  }
  _c->alike_spike_count = _found;
  for (int64_t _k = 0; _k < _found; ++_k) {
    const int64_t i = _events[_k];
    lastspike[i] = t;
    not_refractory[i] = false;
  }
}

static void alike_reset(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 4 };
  (void)_clock;
  double* __restrict__ v = _c->alike__v;
  double* __restrict__ g = _c->alike__g;
  const int32_t* _events = _c->alike_spikes;
  for (int64_t _k = 0; _k < _c->alike_spike_count; ++_k) {
    const int64_t i = _events[_k];
    v[i] = 0;
    g[i] = (g[i] + 1);
  }
}

static int statemonitor_states(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 4 };
  (void)_clock;
  const double* __restrict__ v = _c->alike__v;
  const double* __restrict__ g = _c->alike__g;
  bool _fits = _c->statemonitor__t.append(_clock.t);
  const int64_t _rows = N;
  for (int64_t _k = 0; _k < _rows; ++_k) {
    const int64_t i = _k;
    _fits = _fits && _c->statemonitor__v.append((double)v[i]);
  }
  for (int64_t _k = 0; _k < _rows; ++_k) {
    const int64_t i = _k;
    _fits = _fits && _c->statemonitor__g.append((double)g[i]);
  }
  return _fits ? 0 : fail(_c, memory_is_short);
}

// ---- the program ----

static int assign_0(sf_context* _c) {
  // assign differing.own = $differing.own:value[]
  enum : int64_t { N = 4 };
  double* __restrict__ own = _c->differing__own;
  const double* _value = (const double*)_c->inputs[0].data;
  const int64_t _count = _c->inputs[0].count;
  for (int64_t i = 0; i < 4; ++i) {
    own[i] = _value[_count == 1 ? 0 : i];
  }
  return 0;
}

static int apply_run_arguments(sf_context* _c) {
  sf_apply<double>(_c->alike__v, 4, _c->inputs[7]);
  sf_apply<double>(_c->alike__g, 4, _c->inputs[8]);
  sf_apply<double>(_c->differing__v, 4, _c->inputs[9]);
  sf_apply<double>(_c->differing__g, 4, _c->inputs[10]);
  sf_apply<double>(_c->differing__own, 4, _c->inputs[11]);
  (void)_c;
  return 0;
}

static int begin_0(sf_context* _c) {
  const double start = _c->time, stop = start + sf_scalar<double>(_c, 6);
  if (!sf_set_clock(_c->clock_defaultclock, sf_scalar<double>(_c, 5), start, stop)) {
    return fail(_c, "dt of defaultclock changes at a time that is no multiple of the new dt; end the run before it on the new grid");
  }
  _c->slot_alike__0refractory = sf_scalar<double>(_c, 3);
  _c->slot_differing__tau_g = sf_scalar<double>(_c, 4);
  _c->slot_tau = sf_scalar<double>(_c, 1);
  _c->slot_tau_g = sf_scalar<double>(_c, 2);
  {
    const double alike__M_A[4] = {((-1.0) / _c->slot_tau), (1.0 / _c->slot_tau), 0.0, ((-1.0) / _c->slot_tau_g)};
    double alike__M_P[4], alike__M_Q[4];
    sf_phi1<2>(alike__M_A, _c->clock_defaultclock.dt, alike__M_P, alike__M_Q);
    _c->alike__M__Q_0_0 = alike__M_Q[0];
    _c->alike__M__Q_0_1 = alike__M_Q[1];
    _c->alike__M__Q_1_1 = alike__M_Q[3];
  }
  {
    const double alike__R_A[4] = {0.0, 0.0, 0.0, ((-1.0) / _c->slot_tau_g)};
    double alike__R_P[4], alike__R_Q[4];
    sf_phi1<2>(alike__R_A, _c->clock_defaultclock.dt, alike__R_P, alike__R_Q);
    _c->alike__R__Q_1_1 = alike__R_Q[3];
  }
  for (int64_t i = 0; i < 4; ++i) {
    const double differing__M_A[4] = {((-1.0) / _c->differing__own[i]), (1.0 / _c->differing__own[i]), 0.0, ((-1.0) / _c->slot_differing__tau_g)};
    double differing__M_P[4], differing__M_Q[4];
    sf_phi1<2>(differing__M_A, _c->clock_defaultclock.dt, differing__M_P, differing__M_Q);
    _c->differing__M__Q_0_0[i] = differing__M_Q[0];
    _c->differing__M__Q_0_1[i] = differing__M_Q[1];
    _c->differing__M__Q_1_1[i] = differing__M_Q[3];
  }
  _c->k0 = (1.0 / _c->clock_defaultclock.dt);
  _c->k1 = floor(((_c->slot_alike__0refractory * (1.0 / _c->clock_defaultclock.dt)) + 0.001));
  _c->k2 = (1.0 / _c->slot_tau);
  _c->k3 = (1.0 / _c->slot_tau_g);
  _c->k4 = (1.0 / _c->slot_differing__tau_g);
  return 0;
}

static int run_0(sf_context* _c) {
  const double start = _c->time, stop = start + sf_scalar<double>(_c, 6);
  if (begin_0(_c)) return 1;
  sf_clock& clock = _c->clock_defaultclock;
  while (clock.step < clock.end) {
    if (_c->cancelled) return fail(_c, "cancelled");
    _c->progress = (_c->done + clock.t - start) / _c->duration;
    if (_c->callback && _c->callback(_c->user, SF_POLL)) return fail(_c, "stopped by Python");
    const int64_t pause = clock.end - clock.step < 256 ? clock.end : clock.step + 256;
    for (; clock.step < pause; ++clock.step) {
      clock.t = (double)clock.step * clock.dt;
      differing_update(_c, clock);
      alike_update(_c, clock);
      alike_threshold(_c, clock);
      alike_reset(_c, clock);
      if (statemonitor_states(_c, clock)) return 1;
    }
  }
  clock.t = (double)clock.step * clock.dt;
  _c->time = stop;
  return 0;
}

