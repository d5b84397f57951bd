// A model written by spikefarm: one context is one run, nothing is global.
// Model b46193e78601a62ab14249e5e1b11b0a86fe6bbb31c625f2da58ad63d68dc48a
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
    {"statemonitor.record", "statemonitor.record", "1", SF_I64, SF_REQUIRED, 2, 0},
    {"heun.x:value", "heun.x", "1", SF_F64, SF_REQUIRED, 30, 1},
    {"neurongroup.x:value", "neurongroup.x", "1", SF_F64, SF_REQUIRED, 3, 1},
    {"heun.clock.dt", "heun.dt", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"neurongroup.clock.dt", "neurongroup.dt", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"run.duration", "run.duration", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"heun.x:override", "heun.x", "1", SF_F64, SF_OPTIONAL, 30, 1},
    {"heun.y:override", "heun.y", "1", SF_F64, SF_OPTIONAL, 30, 1},
    {"neurongroup.x:override", "neurongroup.x", "1", SF_F64, SF_OPTIONAL, 3, 1},
    {"neurongroup_1.x:override", "neurongroup_1.x", "1", SF_F64, SF_OPTIONAL, 3, 1},
    {"neurongroup_1.y:override", "neurongroup_1.y", "1", SF_F64, SF_OPTIONAL, 3, 1},
    {"seed", "seed", "1", SF_U64, SF_REQUIRED, 1, 1},
};
static const sf_entry output_table[] = {
    {"heun.x", "heun.x", "1", SF_F64, SF_REQUIRED, 30, 0},
    {"heun.y", "heun.y", "1", SF_F64, SF_REQUIRED, 30, 0},
    {"neurongroup.x", "neurongroup.x", "1", SF_F64, SF_REQUIRED, 3, 0},
    {"neurongroup_1.x", "neurongroup_1.x", "1", SF_F64, SF_REQUIRED, 3, 0},
    {"neurongroup_1.y", "neurongroup_1.y", "1", SF_F64, SF_REQUIRED, 3, 0},
    {"statemonitor.t", "statemonitor.t", "second", SF_F64, SF_REQUIRED, -1, 0},
    {"statemonitor.x", "statemonitor.x", "1", SF_F64, SF_REQUIRED, -1, 0},
    {"t", "t", "second", SF_F64, SF_REQUIRED, 1, 0},
};
static const int32_t input_count = 12, output_count = 8;

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
  double* heun__x = nullptr;
  double* heun__y = nullptr;
  double* neurongroup__x = nullptr;
  double* neurongroup_1__x = nullptr;
  double* neurongroup_1__y = nullptr;
  sf_ahead<SF_NORMAL> draw2538743916;
  sf_ahead<SF_NORMAL> draw3765148776;
  sf_ahead<SF_NORMAL> draw3325298564;

  // recordings
  sf_buffer<double> statemonitor__t;
  sf_buffer<double> statemonitor__x;

  // clocks, constants of the namespace and what follows from them once a run starts
  sf_clock clock_heun__clock;
  sf_clock clock_neurongroup__clock;
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

static const char* const memory_is_short = "out of memory; record less, or less often";

// ---- kernels ----

static int statemonitor_states(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 30 };
  (void)_clock;
  const double* __restrict__ x = _c->heun__x;
  bool _fits = _c->statemonitor__t.append(_clock.t);
  const int64_t* _record = (const int64_t*)_c->inputs[0].data;
  const int64_t _rows = _c->inputs[0].count;
  for (int64_t _k = 0; _k < _rows; ++_k) {
    const int64_t i = _record[_k];
    _fits = _fits && _c->statemonitor__x.append((double)x[i]);
  }
  return _fits ? 0 : fail(_c, memory_is_short);
}

static void heun_update(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 30 };
  (void)_clock;
  const double dt = _clock.dt;
  double* __restrict__ x = _c->heun__x;
  const double* __restrict__ y = _c->heun__y;
  const double _k0 = _c->k0;
  const double* __restrict__ _draw2538743916 = _c->draw2538743916.at(_clock.tick());
  const double* __restrict__ _draw3765148776 = _c->draw3765148776.at(_clock.tick());
  SF_INDEPENDENT
  for (int64_t i = 0; i < N; ++i) {
    double _dW_xi_1 = (_k0 * _draw2538743916[i]);
    double _dW_xi_2 = (_k0 * _draw3765148776[i]);
    double _f_x = ((-x[i]) * x[i]);
    double _g_x = (((0.1 * x[i]) * _dW_xi_1) + ((0.2 * y[i]) * _dW_xi_2));
    double _ahead_x = (x[i] + ((_f_x * dt) + _g_x));
    double _next_x = (x[i] + (0.5 * (((_f_x + ((-_ahead_x) * _ahead_x)) * dt) + (_g_x + (((0.1 * _ahead_x) * _dW_xi_1) + ((0.2 * y[i]) * _dW_xi_2))))));
    x[i] = _next_x;
  }
}

static void neurongroup_update(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 3 };
  (void)_clock;
  const double dt = _clock.dt;
  double* __restrict__ x = _c->neurongroup__x;
  const double _k1 = _c->k1;
  const double _k2 = _c->k2;
  const double* __restrict__ _draw3325298564 = _c->draw3325298564.at(_clock.tick());
  SF_INDEPENDENT
  for (int64_t i = 0; i < N; ++i) {
    double _dW_xi = (_k1 * _draw3325298564[i]);
    double _f_x = (-x[i]);
    double _g_x = sqrt(x[i]);
    double _support_x = (x[i] + (_g_x * _k1));
    double _noise_x = ((_g_x * _dW_xi) + (((sqrt(_support_x) - _g_x) * _k2) * (_dW_xi * _dW_xi)));
    double _next_x = (x[i] + ((_f_x * dt) + _noise_x));
    x[i] = _next_x;
  }
}

static void neurongroup_1_update(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 3 };
  (void)_clock;
  const double t = _clock.t;
  const double dt = _clock.dt;
  double* __restrict__ x = _c->neurongroup_1__x;
  double* __restrict__ y = _c->neurongroup_1__y;
  const double _k3 = _c->k3;
  const double _s0 = sin((6.283185307179586 * t));
  const double _s1 = sin((6.283185307179586 * (t + _k3)));
  const double _s2 = sin((6.283185307179586 * (t + dt)));
  SF_INDEPENDENT
  for (int64_t i = 0; i < N; ++i) {
    double _k0_x = (_s0 * y[i]);
    double _k0_y = (-x[i]);
    double _k1_x = (_s1 * (y[i] + (dt * (0.5 * _k0_y))));
    double _k1_y = (-(x[i] + (dt * (0.5 * _k0_x))));
    double _k2_x = (_s1 * (y[i] + (dt * (0.5 * _k1_y))));
    double _k2_y = (-(x[i] + (dt * (0.5 * _k1_x))));
    double _k3_x = (_s2 * (y[i] + (dt * _k2_y)));
    double _k3_y = (-(x[i] + (dt * _k2_x)));
    x[i] = (x[i] + (dt * ((((0.16666666666666666 * _k0_x) + (0.3333333333333333 * _k1_x)) + (0.3333333333333333 * _k2_x)) + (0.16666666666666666 * _k3_x))));
    y[i] = (y[i] + (dt * ((((0.16666666666666666 * _k0_y) + (0.3333333333333333 * _k1_y)) + (0.3333333333333333 * _k2_y)) + (0.16666666666666666 * _k3_y))));
  }
}

// ---- the program ----

static int assign_0(sf_context* _c) {
  // assign heun.x = $heun.x:value[]
  enum : int64_t { N = 30 };
  double* __restrict__ x = _c->heun__x;
  const double* _value = (const double*)_c->inputs[1].data;
  const int64_t _count = _c->inputs[1].count;
  for (int64_t i = 0; i < 30; ++i) {
    x[i] = _value[_count == 1 ? 0 : i];
  }
  return 0;
}

static int assign_1(sf_context* _c) {
  // assign neurongroup.x = $neurongroup.x:value[]
  enum : int64_t { N = 3 };
  double* __restrict__ x = _c->neurongroup__x;
  const double* _value = (const double*)_c->inputs[2].data;
  const int64_t _count = _c->inputs[2].count;
  for (int64_t i = 0; i < 3; ++i) {
    x[i] = _value[_count == 1 ? 0 : i];
  }
  return 0;
}

static int apply_run_arguments(sf_context* _c) {
  sf_apply<double>(_c->heun__x, 30, _c->inputs[6]);
  sf_apply<double>(_c->heun__y, 30, _c->inputs[7]);
  sf_apply<double>(_c->neurongroup__x, 3, _c->inputs[8]);
  sf_apply<double>(_c->neurongroup_1__x, 3, _c->inputs[9]);
  sf_apply<double>(_c->neurongroup_1__y, 3, _c->inputs[10]);
  (void)_c;
  return 0;
}

static int begin_0(sf_context* _c) {
  const double start = _c->time, stop = start + sf_scalar<double>(_c, 5);
  if (!sf_set_clock(_c->clock_heun__clock, sf_scalar<double>(_c, 3), start, stop)) {
    return fail(_c, "dt of heun.clock changes at a time that is no multiple of the new dt; end the run before it on the new grid");
  }
  if (!sf_set_clock(_c->clock_neurongroup__clock, sf_scalar<double>(_c, 4), start, stop)) {
    return fail(_c, "dt of neurongroup.clock changes at a time that is no multiple of the new dt; end the run before it on the new grid");
  }
  if (!_c->draw2538743916.prepare(30, _c->seed, 2538743916u)) return fail(_c, memory_is_short);
  if (!_c->draw3765148776.prepare(30, _c->seed, 3765148776u)) return fail(_c, memory_is_short);
  if (!_c->draw3325298564.prepare(3, _c->seed, 3325298564u)) return fail(_c, memory_is_short);
  _c->k0 = sqrt(_c->clock_heun__clock.dt);
  _c->k1 = sqrt(_c->clock_neurongroup__clock.dt);
  _c->k2 = (1.0 / (2.0 * sqrt(_c->clock_neurongroup__clock.dt)));
  _c->k3 = (0.5 * _c->clock_heun__clock.dt);
  return 0;
}

static int run_0(sf_context* _c) {
  const double start = _c->time, stop = start + sf_scalar<double>(_c, 5);
  if (begin_0(_c)) return 1;
  sf_clock* const clocks[] = {&_c->clock_heun__clock, &_c->clock_neurongroup__clock, };
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
    if (ticks[0] && statemonitor_states(_c, *clocks[0])) return 1;
    if (ticks[0]) heun_update(_c, *clocks[0]);
    if (ticks[1]) neurongroup_update(_c, *clocks[1]);
    if (ticks[0]) neurongroup_1_update(_c, *clocks[0]);
    for (int k = 0; k < count; ++k) {
      if (ticks[k]) clocks[k]->t = (double)++clocks[k]->step * clocks[k]->dt;
    }
  }
  _c->time = stop;
  return 0;
}

