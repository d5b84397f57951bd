// A model written by spikefarm: one context is one run, nothing is global.
// Model 9d470134a3db6cb02bfe27a78203b85551adfaeb8b0378e7abef653012c4e91d
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
    {"statemonitor.record", "statemonitor.record", "1", SF_I64, SF_REQUIRED, 0, 0},
    {"defaultclock.dt", "defaultclock.dt", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"run.duration", "run.duration", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"neurongroup.q:override", "neurongroup.q", "1", SF_BOOL, SF_OPTIONAL, 5, 1},
    {"neurongroup.x:override", "neurongroup.x", "1", SF_F64, SF_OPTIONAL, 5, 1},
    {"neurongroup.n:override", "neurongroup.n", "1", SF_I32, SF_OPTIONAL, 5, 1},
    {"seed", "seed", "1", SF_U64, SF_REQUIRED, 1, 1},
};
static const sf_entry output_table[] = {
    {"neurongroup.q", "neurongroup.q", "1", SF_BOOL, SF_REQUIRED, 5, 0},
    {"neurongroup.x", "neurongroup.x", "1", SF_F64, SF_REQUIRED, 5, 0},
    {"neurongroup.n", "neurongroup.n", "1", SF_I32, SF_REQUIRED, 5, 0},
    {"statemonitor.t", "statemonitor.t", "second", SF_F64, SF_REQUIRED, -1, 0},
    {"statemonitor.a", "statemonitor.a", "1", SF_F64, SF_REQUIRED, -1, 0},
    {"statemonitor.b", "statemonitor.b", "1", SF_F64, SF_REQUIRED, -1, 0},
    {"statemonitor.c", "statemonitor.c", "1", SF_F64, SF_REQUIRED, -1, 0},
    {"statemonitor.d", "statemonitor.d", "1", SF_F64, SF_REQUIRED, -1, 0},
    {"statemonitor.k", "statemonitor.k", "1", SF_I32, SF_REQUIRED, -1, 0},
    {"statemonitor.p", "statemonitor.p", "1", SF_BOOL, SF_REQUIRED, -1, 0},
    {"statemonitor.N", "statemonitor.N", "1", SF_I32, SF_REQUIRED, -1, 0},
    {"statemonitor.dt", "statemonitor.dt", "second", SF_F64, SF_REQUIRED, -1, 0},
    {"t", "t", "second", SF_F64, SF_REQUIRED, 1, 0},
};
static const int32_t input_count = 7, output_count = 13;

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
  bool* neurongroup__q = nullptr;
  double* neurongroup__x = nullptr;
  int32_t* neurongroup__n = nullptr;
  sf_ahead<SF_UNIFORM> draw48905889;
  int32_t* neurongroup_spikes = nullptr;
  int64_t neurongroup_spike_count = 0;

  // recordings
  sf_buffer<double> statemonitor__t;
  sf_buffer<double> statemonitor__a;
  sf_buffer<double> statemonitor__b;
  sf_buffer<double> statemonitor__c;
  sf_buffer<double> statemonitor__d;
  sf_buffer<int32_t> statemonitor__k;
  sf_buffer<bool> statemonitor__p;
  sf_buffer<int32_t> statemonitor__N;
  sf_buffer<double> statemonitor__dt;

  // clocks, constants of the namespace and what follows from them once a run starts
  sf_clock clock_defaultclock;
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

static int statemonitor_states(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 5 };
  (void)_clock;
  const double t = _clock.t;
  const double dt = _clock.dt;
  const int64_t t_in_timesteps = _clock.step;
  const uint8_t* __restrict__ q = (const uint8_t*)_c->neurongroup__q;
  const double* __restrict__ x = _c->neurongroup__x;
  const int32_t* __restrict__ n = _c->neurongroup__n;
  bool _fits = _c->statemonitor__t.append(_clock.t);
  const int64_t* _record = (const int64_t*)_c->inputs[0].data;
  const int64_t _rows = _c->inputs[0].count;
  for (int64_t _k = 0; _k < _rows; ++_k) {
    const int64_t i = _record[_k];
    _fits = _fits && _c->statemonitor__a.append((double)(((((sin(x[i]) + cos(x[i])) + tan(x[i])) + asin((x[i] / 10))) + acos((x[i] / 10))) + atan(x[i])));
  }
  for (int64_t _k = 0; _k < _rows; ++_k) {
    const int64_t i = _record[_k];
    _fits = _fits && _c->statemonitor__b.append((double)((((((((sinh(x[i]) + cosh(x[i])) + tanh(x[i])) + sf_exp(x[i])) + sf_log((1 + x[i]))) + log10((1 + x[i]))) + log1p(x[i])) + sf_expm1(x[i])) + sf_exprel(x[i])));
  }
  for (int64_t _k = 0; _k < _rows; ++_k) {
    const int64_t i = _record[_k];
    _fits = _fits && _c->statemonitor__c.append((double)(((((((sqrt(x[i]) + fabs(x[i])) + sf_sign(x[i])) + ceil(x[i])) + floor(x[i])) + sf_clip(x[i], 0, (int64_t)n[i])) + (int64_t)(x[i] > 1)) + sf_timestep(t, dt)));
  }
  for (int64_t _k = 0; _k < _rows; ++_k) {
    const int64_t i = _record[_k];
    _fits = _fits && _c->statemonitor__d.append((double)((((((((sf_int_pow<2>((double)x[i]) + sf_int_pow<-1>((double)x[i])) + sqrt(x[i])) + pow((double)2, (double)(int64_t)n[i])) + sf_mod(x[i], 2)) + sf_floordiv(x[i], 2)) + sf_mod((int64_t)n[i], 3)) + sf_floordiv((int64_t)n[i], 2)) + ((double)(int64_t)n[i] / 2)));
  }
  for (int64_t _k = 0; _k < _rows; ++_k) {
    const int64_t i = _record[_k];
    _fits = _fits && _c->statemonitor__k.append((int32_t)(((((int64_t)n[i] * 2) + i) - N) + t_in_timesteps));
  }
  for (int64_t _k = 0; _k < _rows; ++_k) {
    const int64_t i = _record[_k];
    _fits = _fits && _c->statemonitor__p.append((bool)(((x[i] < 1) | ((x[i] >= 2) & (!q[i]))) != ((int64_t)n[i] == 3)));
  }
  {
    const int64_t i = 0;
    (void)i;
    _fits = _fits && _c->statemonitor__N.append((int32_t)N);
  }
  {
    const int64_t i = 0;
    (void)i;
    _fits = _fits && _c->statemonitor__dt.append((double)dt);
  }
  return _fits ? 0 : fail(_c, memory_is_short);
}

static void neurongroup_threshold(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 5 };
  (void)_clock;
  const uint8_t* __restrict__ q = (const uint8_t*)_c->neurongroup__q;
  const double* __restrict__ x = _c->neurongroup__x;
  const int32_t* __restrict__ n = _c->neurongroup__n;
  const double* __restrict__ _draw48905889 = _c->draw48905889.at(_clock.tick());
  int32_t* __restrict__ _events = _c->neurongroup_spikes;
  int64_t _found = 0;
  for (int64_t i = 0; i < N; ++i) {
    if (((((x[i] < 1) | ((x[i] >= 2) & (!q[i]))) != ((int64_t)n[i] == 3)) | (_draw48905889[i] < 0.001))) _events[_found++] = (int32_t)i;
  }
  _c->neurongroup_spike_count = _found;
}

static void neurongroup_reset(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 5 };
  (void)_clock;
  uint8_t* __restrict__ q = (uint8_t*)_c->neurongroup__q;
  double* __restrict__ x = _c->neurongroup__x;
  const int32_t* __restrict__ n = _c->neurongroup__n;
  const int32_t* _events = _c->neurongroup_spikes;
  for (int64_t _k = 0; _k < _c->neurongroup_spike_count; ++_k) {
    const int64_t i = _events[_k];
    x[i] = (sf_uniform(i, N, _c->seed, 1079059686u, _clock.tick()) + sf_normal(i, N, _c->seed, 3050281930u, _clock.tick()));
    int64_t n_old = (int64_t)n[i];
    q[i] = (n_old > 2);
    double _x0 = (x[i] / 10);
    x[i] = (x[i] + (((((((sin(x[i]) + cos(x[i])) + tan(x[i])) + asin(_x0)) + acos(_x0)) + atan(x[i])) * 2.718281828459045) - 3.141592653589793));
  }
}

// ---- the program ----

static int assign_0(sf_context* _c) {
  // assign neurongroup.x = uniform#3503443026
  enum : int64_t { N = 5 };
  double* __restrict__ x = _c->neurongroup__x;
  for (int64_t i = 0; i < 5; ++i) {
    x[i] = sf_uniform(i, N, _c->seed, 3503443026u, 0);
  }
  return 0;
}

static int apply_run_arguments(sf_context* _c) {
  sf_apply<bool>(_c->neurongroup__q, 5, _c->inputs[3]);
  sf_apply<double>(_c->neurongroup__x, 5, _c->inputs[4]);
  sf_apply<int32_t>(_c->neurongroup__n, 5, _c->inputs[5]);
  (void)_c;
  return 0;
}

static int begin_0(sf_context* _c) {
  const double start = _c->time, stop = start + sf_scalar<double>(_c, 2);
  if (!sf_set_clock(_c->clock_defaultclock, sf_scalar<double>(_c, 1), start, stop)) {
    return fail(_c, "dt of defaultclock changes at a time that is no multiple of the new dt; end the run before it on the new grid");
  }
  if (!_c->draw48905889.prepare(5, _c->seed, 48905889u)) return fail(_c, memory_is_short);
  return 0;
}

static int run_0(sf_context* _c) {
  const double start = _c->time, stop = start + sf_scalar<double>(_c, 2);
  if (begin_0(_c)) return 1;
  sf_clock& clock = _c->clock_defaultclock;
  while (clock.step < clock.end) {
    if (_c->cancelled) return fail(_c, "cancelled");
    _c->progress = (_c->done + clock.t - start) / _c->duration;
    if (_c->callback && _c->callback(_c->user, SF_POLL)) return fail(_c, "stopped by Python");
    const int64_t pause = clock.end - clock.step < 256 ? clock.end : clock.step + 256;
    for (; clock.step < pause; ++clock.step) {
      clock.t = (double)clock.step * clock.dt;
      if (statemonitor_states(_c, clock)) return 1;
      neurongroup_threshold(_c, clock);
      neurongroup_reset(_c, clock);
    }
  }
  clock.t = (double)clock.step * clock.dt;
  _c->time = stop;
  return 0;
}

