// A model written by spikefarm: one context is one run, nothing is global.
// Model 63fcb3553391f3eccc0e3e22010a248d66e334c7fb8dc6f2aa65a6451652bd39
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
#include "engine/synapses.h"
#include "engine/support.h"

static const sf_entry input_table[] = {
    {"statemonitor.record", "statemonitor.record", "1", SF_I64, SF_REQUIRED, 2, 0},
    {"inputs.rates:value", "inputs.rates", "hertz", SF_F64, SF_REQUIRED, 50, 1},
    {"learned.slow.delay:value", "learned.slow.delay", "second", SF_F64, SF_REQUIRED, 1, 1},
    {"chance", "chance", "1", SF_F64, SF_REQUIRED, 1, 0},
    {"gaps.g:value", "gaps.g", "1", SF_F64, SF_REQUIRED, 1, 1},
    {"gate.i", "gate.i", "1", SF_I64, SF_REQUIRED, -1, 0},
    {"gate.j", "gate.j", "1", SF_I64, SF_REQUIRED, -1, 0},
    {"tau", "tau", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"cells:refractory", "cells.refractory", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"defaultclock.dt", "defaultclock.dt", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"statemonitor.clock.dt", "statemonitor.dt", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"run.duration", "run.duration", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"inputs.rates:override", "inputs.rates", "hertz", SF_F64, SF_OPTIONAL, 50, 1},
    {"cells.v:override", "cells.v", "1", SF_F64, SF_OPTIONAL, 10, 1},
    {"cells.drive:override", "cells.drive", "1", SF_F64, SF_OPTIONAL, 10, 1},
    {"cells.gap:override", "cells.gap", "1", SF_F64, SF_OPTIONAL, 10, 1},
    {"learned.w:override", "learned.w", "1", SF_F64, SF_OPTIONAL, -1, 1},
    {"learned.x:override", "learned.x", "1", SF_F64, SF_OPTIONAL, -1, 1},
    {"learned.y:override", "learned.y", "1", SF_F64, SF_OPTIONAL, -1, 1},
    {"learned.lastupdate:override", "learned.lastupdate", "second", SF_F64, SF_OPTIONAL, -1, 1},
    {"learned.pre.delay:override", "learned.pre.delay", "second", SF_F64, SF_OPTIONAL, -1, 1},
    {"learned.slow.delay:override", "learned.slow.delay", "second", SF_F64, SF_OPTIONAL, 1, 1},
    {"learned.post.delay:override", "learned.post.delay", "second", SF_F64, SF_OPTIONAL, 1, 1},
    {"gaps.g:override", "gaps.g", "1", SF_F64, SF_OPTIONAL, 1, 1},
    {"gate.pre.delay:override", "gate.pre.delay", "second", SF_F64, SF_OPTIONAL, 1, 1},
    {"seed", "seed", "1", SF_U64, SF_REQUIRED, 1, 1},
};
static const sf_entry output_table[] = {
    {"inputs.rates", "inputs.rates", "hertz", SF_F64, SF_REQUIRED, 50, 0},
    {"cells.v", "cells.v", "1", SF_F64, SF_REQUIRED, 10, 0},
    {"cells.drive", "cells.drive", "1", SF_F64, SF_REQUIRED, 10, 0},
    {"cells.gap", "cells.gap", "1", SF_F64, SF_REQUIRED, 10, 0},
    {"cells.lastspike", "cells.lastspike", "second", SF_F64, SF_REQUIRED, 10, 0},
    {"cells.not_refractory", "cells.not_refractory", "1", SF_BOOL, SF_REQUIRED, 10, 0},
    {"learned.i", "learned.i", "1", SF_I32, SF_REQUIRED, -1, 0},
    {"learned.j", "learned.j", "1", SF_I32, SF_REQUIRED, -1, 0},
    {"learned.w", "learned.w", "1", SF_F64, SF_REQUIRED, -1, 0},
    {"learned.x", "learned.x", "1", SF_F64, SF_REQUIRED, -1, 0},
    {"learned.y", "learned.y", "1", SF_F64, SF_REQUIRED, -1, 0},
    {"learned.lastupdate", "learned.lastupdate", "second", SF_F64, SF_REQUIRED, -1, 0},
    {"learned.pre.delay", "learned.pre.delay", "second", SF_F64, SF_REQUIRED, -1, 0},
    {"learned.slow.delay", "learned.slow.delay", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"learned.post.delay", "learned.post.delay", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"learned.pre.pending", "learned.pre.pending", "1", SF_I32, SF_REQUIRED, -1, 0},
    {"learned.pre.due", "learned.pre.due", "second", SF_F64, SF_REQUIRED, -1, 0},
    {"learned.slow.pending", "learned.slow.pending", "1", SF_I32, SF_REQUIRED, -1, 0},
    {"learned.slow.due", "learned.slow.due", "second", SF_F64, SF_REQUIRED, -1, 0},
    {"learned.post.pending", "learned.post.pending", "1", SF_I32, SF_REQUIRED, -1, 0},
    {"learned.post.due", "learned.post.due", "second", SF_F64, SF_REQUIRED, -1, 0},
    {"gaps.i", "gaps.i", "1", SF_I32, SF_REQUIRED, -1, 0},
    {"gaps.j", "gaps.j", "1", SF_I32, SF_REQUIRED, -1, 0},
    {"gaps.g", "gaps.g", "1", SF_F64, SF_REQUIRED, 1, 0},
    {"gate.i", "gate.i", "1", SF_I32, SF_REQUIRED, -1, 0},
    {"gate.j", "gate.j", "1", SF_I32, SF_REQUIRED, -1, 0},
    {"gate.pre.delay", "gate.pre.delay", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"gate.pre.pending", "gate.pre.pending", "1", SF_I32, SF_REQUIRED, -1, 0},
    {"gate.pre.due", "gate.pre.due", "second", SF_F64, SF_REQUIRED, -1, 0},
    {"statemonitor.t", "statemonitor.t", "second", SF_F64, SF_REQUIRED, -1, 0},
    {"statemonitor.w", "statemonitor.w", "1", SF_F64, SF_REQUIRED, -1, 0},
    {"statemonitor.v_post", "statemonitor.v_post", "1", SF_F64, SF_REQUIRED, -1, 0},
    {"t", "t", "second", SF_F64, SF_REQUIRED, 1, 0},
};
static const int32_t input_count = 26, output_count = 33;

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
  double* inputs__rates = nullptr;
  double* cells__v = nullptr;
  double* cells__drive = nullptr;
  double* cells__gap = nullptr;
  double* cells__lastspike = nullptr;
  bool* cells__not_refractory = nullptr;
  double* learned__slow__delay = nullptr;
  double* learned__post__delay = nullptr;
  double* gaps__g = nullptr;
  double* gate__pre__delay = nullptr;
  sf_synapses learned_synapses;
  sf_buffer<double> learned__w;
  sf_buffer<double> learned__x;
  sf_buffer<double> learned__y;
  sf_buffer<double> learned__lastupdate;
  sf_buffer<double> learned__pre__delay;
  sf_pathway learned__pre_pathway;
  sf_pathway learned__slow_pathway;
  sf_pathway learned__post_pathway;
  sf_buffer<int32_t> learned_synapses_places;
  sf_synapses gaps_synapses;
  sf_synapses gate_synapses;
  sf_pathway gate__pre_pathway;
  sf_ahead<SF_UNIFORM> draw2860529479;
  int32_t* inputs_spikes = nullptr;
  int64_t inputs_spike_count = 0;
  int32_t* cells_spikes = nullptr;
  int64_t cells_spike_count = 0;

  // recordings
  sf_buffer<double> statemonitor__t;
  sf_buffer<double> statemonitor__w;
  sf_buffer<double> statemonitor__v_post;

  // clocks, constants of the namespace and what follows from them once a run starts
  sf_clock clock_defaultclock;
  sf_clock clock_statemonitor__clock;
  double slot_cells__0refractory = 0;
  double slot_tau = 0;
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

static int fail_count(sf_context* _c, const char* what, int64_t given, int64_t synapses) {
  if (!_c->error[0]) snprintf(_c->error, sizeof _c->error, "%s: values for %lld synapse(s), but there are %lld", what, (long long)given, (long long)synapses);
  return 1;
}

static int fail_pair(sf_context* _c, const char* what, int64_t i, int64_t j, int64_t sources, int64_t targets) {
  if (!_c->error[0]) snprintf(_c->error, sizeof _c->error, "%s.connect: the pair (i=%lld, j=%lld) lies outside the %lld source(s) and %lld target(s); leave it out by a condition or by skip_if_invalid=True", what, (long long)i, (long long)j, (long long)sources, (long long)targets);
  return 1;
}

// ---- synapses ----

static bool move_learned_synapses(sf_context* _c, bool back) {
  sf_synapses& _synapses = _c->learned_synapses;
  bool _fits = (_synapses.by_source || _synapses.move(_synapses.pre.data, back)) && _synapses.move(_synapses.post.data, back);
  _fits = _fits && _synapses.move(_c->learned__w.data, back);
  _fits = _fits && _synapses.move(_c->learned__x.data, back);
  _fits = _fits && _synapses.move(_c->learned__y.data, back);
  _fits = _fits && _synapses.move(_c->learned__lastupdate.data, back);
  _fits = _fits && _synapses.move(_c->learned__pre__delay.data, back);
  _synapses.scratch.release();
  return _fits;
}

// Into the order of numbers, in which a script sees them.
static bool number_learned_synapses(sf_context* _c) {
  sf_synapses& _synapses = _c->learned_synapses;
  if (!_synapses.arranged) return true;
  if (!_c->learned__pre_pathway.dump(_synapses)) return !fail(_c, memory_is_short);
  if (!_c->learned__slow_pathway.dump(_synapses)) return !fail(_c, memory_is_short);
  if (!_c->learned__post_pathway.dump(_synapses)) return !fail(_c, memory_is_short);
  if (!move_learned_synapses(_c, true)) return !fail(_c, memory_is_short);
  _synapses.origin.release();
  _synapses.arranged = false;
  return true;
}

// Into the order of sources and delays, in which events work through them.
static bool arrange_learned_synapses(sf_context* _c) {
  sf_synapses& _synapses = _c->learned_synapses;
  if (_synapses.arranged) return true;
  const int64_t _sources = 50, _targets = 10;
  (void)_sources, (void)_targets;
  if (!sf_delays_are_times(_c->learned__pre__delay.data, _c->learned__pre__delay.size, _c->clock_defaultclock.dt)) {
    return !fail(_c, "learned.pre.delay holds a delay that is negative, no number, or longer than ten million steps");
  }
  if (!sf_delays_are_times(_c->learned__slow__delay, 1, _c->clock_defaultclock.dt)) {
    return !fail(_c, "learned.slow.delay holds a delay that is negative, no number, or longer than ten million steps");
  }
  if (!sf_delays_are_times(_c->learned__post__delay, 1, _c->clock_defaultclock.dt)) {
    return !fail(_c, "learned.post.delay holds a delay that is negative, no number, or longer than ten million steps");
  }
  sf_buffer<int32_t> _row;
  if (!sf_sort_synapses(_c->learned_synapses.pre.data, _synapses.count(), _sources, _c->learned__pre__delay.data, _c->clock_defaultclock.dt, _c->learned__pre_pathway.list, _row)) return !fail(_c, memory_is_short);
  if (!_c->learned__pre_pathway.prepare(_synapses, _c->learned_synapses.pre.data, _sources, _c->learned__pre__delay.data, 0, _c->clock_defaultclock) ||
      !_c->learned__pre_pathway.load(_synapses)) {
    return !fail(_c, memory_is_short);
  }
  if (!sf_sort_synapses(_c->learned_synapses.pre.data, _synapses.count(), _sources, nullptr, _c->clock_defaultclock.dt, _c->learned__slow_pathway.list, _row)) return !fail(_c, memory_is_short);
  if (!_c->learned__slow_pathway.prepare(_synapses, _c->learned_synapses.pre.data, _sources, nullptr, _c->learned__slow__delay[0], _c->clock_defaultclock) ||
      !_c->learned__slow_pathway.load(_synapses)) {
    return !fail(_c, memory_is_short);
  }
  if (!sf_sort_synapses(_c->learned_synapses.post.data, _synapses.count(), _targets, nullptr, _c->clock_defaultclock.dt, _c->learned__post_pathway.list, _row)) return !fail(_c, memory_is_short);
  if (!_c->learned__post_pathway.prepare(_synapses, _c->learned_synapses.post.data, _targets, nullptr, _c->learned__post__delay[0], _c->clock_defaultclock) ||
      !_c->learned__post_pathway.load(_synapses)) {
    return !fail(_c, memory_is_short);
  }
  if (!_synapses.count_ends(_sources, _targets)) return !fail(_c, memory_is_short);
  if (!_synapses.places(_c->learned_synapses_places)) return !fail(_c, memory_is_short);
  _synapses.arranged = true;
  return true;
}

static bool move_gaps_synapses(sf_context* _c, bool back) {
  sf_synapses& _synapses = _c->gaps_synapses;
  bool _fits = (_synapses.by_source || _synapses.move(_synapses.pre.data, back)) && _synapses.move(_synapses.post.data, back);
  _synapses.scratch.release();
  return _fits;
}

// Into the order of numbers, in which a script sees them.
static bool number_gaps_synapses(sf_context* _c) {
  sf_synapses& _synapses = _c->gaps_synapses;
  if (!_synapses.arranged) return true;
  if (!move_gaps_synapses(_c, true)) return !fail(_c, memory_is_short);
  _synapses.origin.release();
  _synapses.arranged = false;
  return true;
}

// Into the order of sources and delays, in which events work through them.
static bool arrange_gaps_synapses(sf_context* _c) {
  sf_synapses& _synapses = _c->gaps_synapses;
  if (_synapses.arranged) return true;
  const int64_t _sources = 10, _targets = 10;
  (void)_sources, (void)_targets;
  sf_buffer<int32_t> _row;
  _synapses.arranged = true;
  return true;
}

static bool move_gate_synapses(sf_context* _c, bool back) {
  sf_synapses& _synapses = _c->gate_synapses;
  bool _fits = (_synapses.by_source || _synapses.move(_synapses.pre.data, back)) && _synapses.move(_synapses.post.data, back);
  _synapses.scratch.release();
  return _fits;
}

// Into the order of numbers, in which a script sees them.
static bool number_gate_synapses(sf_context* _c) {
  sf_synapses& _synapses = _c->gate_synapses;
  if (!_synapses.arranged) return true;
  if (!_c->gate__pre_pathway.dump(_synapses)) return !fail(_c, memory_is_short);
  if (!move_gate_synapses(_c, true)) return !fail(_c, memory_is_short);
  _synapses.origin.release();
  _synapses.arranged = false;
  return true;
}

// Into the order of sources and delays, in which events work through them.
static bool arrange_gate_synapses(sf_context* _c) {
  sf_synapses& _synapses = _c->gate_synapses;
  if (_synapses.arranged) return true;
  const int64_t _sources = 2, _targets = _c->learned_synapses.count();
  (void)_sources, (void)_targets;
  if (!sf_delays_are_times(_c->gate__pre__delay, 1, _c->clock_defaultclock.dt)) {
    return !fail(_c, "gate.pre.delay holds a delay that is negative, no number, or longer than ten million steps");
  }
  sf_buffer<int32_t> _row;
  _synapses.by_source = std::is_sorted(_synapses.pre.data, _synapses.pre.data + _synapses.count());
  if (!sf_sort_synapses(_synapses.pre.data, _synapses.count(), _sources, nullptr, _c->clock_defaultclock.dt, _synapses.origin, _row)) return !fail(_c, memory_is_short);
  if (sf_in_order(_synapses.origin)) _synapses.origin.release();
  if (!move_gate_synapses(_c, false)) return !fail(_c, memory_is_short);
  if (!_c->gate__pre_pathway.prepare(_synapses, _c->gate_synapses.pre.data, _sources, nullptr, _c->gate__pre__delay[0], _c->clock_defaultclock) ||
      !_c->gate__pre_pathway.load(_synapses)) {
    return !fail(_c, memory_is_short);
  }
  _synapses.arranged = true;
  return true;
}

// Delays and events on their way are counted in steps: with another dt, all are arranged anew.
static bool new_grid(sf_context* _c, double before, double dt) {
  bool _fits = true;
  if (before > 0 && before != dt) _fits = number_learned_synapses(_c) && _fits;
  if (before > 0 && before != dt) _fits = number_gaps_synapses(_c) && _fits;
  if (before > 0 && before != dt) _fits = number_gate_synapses(_c) && _fits;
  return _fits;
}

static bool arrange_synapses(sf_context* _c) {
  bool _fits = true;
  _fits = (!_c->learned_synapses.running || arrange_learned_synapses(_c)) && _fits;
  _fits = (!_c->gaps_synapses.running || arrange_gaps_synapses(_c)) && _fits;
  _fits = (!_c->gate_synapses.running || arrange_gate_synapses(_c)) && _fits;
  return _fits;
}

static int connect_0(sf_context* _c) {
  // connect learned over pre j in 0:N_post:1 sample p=$chance to j where i % 10 != j times 1
  if (!number_learned_synapses(_c)) return 1;
  sf_synapses& _synapses = _c->learned_synapses;
  const int64_t _sources = 50, _targets = 10;
  sf_jumps _sampled;
  for (int64_t i = 0; i < _sources; ++i) {
    const int64_t _row = i;
    (void)_row;
    int64_t _start = 0, _stop = (int64_t)10;
    const int64_t _step = 1;
    if (_step == 0) return fail(_c, "learned.connect: the step of a range is zero");
    const int64_t _count = sf_range_length(_start, _stop, _step);
    _sampled.begin(_count, sf_scalar<double>(_c, 3), _c->seed, 4007676587u, (uint64_t)_row);
    for (int64_t _m; (_m = _sampled.next()) >= 0;) {
      const int64_t j = _start + _m * _step;
      if (j < 0 || j >= _targets) {
        return fail_pair(_c, "learned", i, j, _sources, _targets);
      }
      if (!((sf_mod(i, 10) != j))) continue;
      if (!sf_connect(_synapses, i, j, 1)) return fail(_c, memory_is_short);
    }
  }
  bool _fits = true;
  _fits = _fits && _c->learned__w.resize(_synapses.count());
  _fits = _fits && _c->learned__x.resize(_synapses.count());
  _fits = _fits && _c->learned__y.resize(_synapses.count());
  _fits = _fits && _c->learned__lastupdate.resize(_synapses.count());
  _fits = _fits && _c->learned__pre__delay.resize(_synapses.count());
  _fits = _fits && _synapses.count_ends(_sources, _targets);
  return _fits ? 0 : fail(_c, memory_is_short);
}

static int connect_1(sf_context* _c) {
  // connect gaps over pre k in i - 1:i + 2:1 to k where k != i times 1 skip
  if (!number_gaps_synapses(_c)) return 1;
  sf_synapses& _synapses = _c->gaps_synapses;
  const int64_t _sources = 10, _targets = 10;
  for (int64_t i = 0; i < _sources; ++i) {
    const int64_t _row = i;
    (void)_row;
    int64_t _start = (i - 1), _stop = (i + 2);
    const int64_t _step = 1;
    if (_step == 0) return fail(_c, "gaps.connect: the step of a range is zero");
    const int64_t _count = sf_range_length(_start, _stop, _step);
    for (int64_t _m = 0; _m < _count; ++_m) {
      const int64_t k = _start + _m * _step;
      if (!((k != i))) continue;
      const int64_t j = k;
      if (j < 0 || j >= _targets) {
        continue;
      }
      if (!sf_connect(_synapses, i, j, 1)) return fail(_c, memory_is_short);
    }
  }
  bool _fits = true;
  return _fits ? 0 : fail(_c, memory_is_short);
}

static int connect_2(sf_context* _c) {
  // connect gate pairs gate.i gate.j times 1
  if (!number_gate_synapses(_c)) return 1;
  sf_synapses& _synapses = _c->gate_synapses;
  const int64_t _sources = 2, _targets = _c->learned_synapses.count();
  const int64_t _row = 0;
  (void)_row;
  const sf_input& _pre = _c->inputs[5];
  const sf_input& _post = _c->inputs[6];
  if (_pre.count != _post.count) return fail(_c, "gate.connect: i and j have different numbers of elements");
  for (int64_t _m = 0; _m < _pre.count; ++_m) {
    const int64_t i = ((const int64_t*)_pre.data)[_m], j = ((const int64_t*)_post.data)[_m];
    if (i < 0 || i >= _sources || j < 0 || j >= _targets) return fail_pair(_c, "gate", i, j, _sources, _targets);
    if (!sf_connect(_synapses, i, j, 1)) return fail(_c, memory_is_short);
  }
  bool _fits = true;
  return _fits ? 0 : fail(_c, memory_is_short);
}

// ---- kernels ----

SF_APART static int statemonitor_states(sf_context* _c, const sf_clock& _clock) {
  const int64_t N = _c->learned_synapses.count();
  (void)N;
  (void)_clock;
  const int32_t* __restrict__ _j = _c->learned_synapses.post.data;
  const double* __restrict__ w = _c->learned__w.data;
  const double* v_post = _c->cells__v;
  bool _fits = _c->statemonitor__t.append(_clock.t);
  const int64_t* _record = (const int64_t*)_c->inputs[0].data;
  const int64_t _rows = _c->inputs[0].count;
  for (int64_t _k = 0; _k < _rows; ++_k) {
    const int64_t _number = _record[_k];
    if (_number >= N) return fail(_c, "statemonitor records a synapse that there is not");
    const int64_t _s = _c->learned_synapses_places.data[_number];
    _fits = _fits && _c->statemonitor__w.append((double)w[_s]);
  }
  for (int64_t _k = 0; _k < _rows; ++_k) {
    const int64_t _number = _record[_k];
    if (_number >= N) return fail(_c, "statemonitor records a synapse that there is not");
    const int64_t _s = _c->learned_synapses_places.data[_number];
    _fits = _fits && _c->statemonitor__v_post.append((double)v_post[_j[_s]]);
  }
  return _fits ? 0 : fail(_c, memory_is_short);
}

SF_APART static void gaps_summed_gap_post(sf_context* _c, const sf_clock& _clock) {
  const int64_t N = _c->gaps_synapses.count();
  (void)N;
  (void)_clock;
  const int32_t* __restrict__ _i = _c->gaps_synapses.pre.data;
  const int32_t* __restrict__ _j = _c->gaps_synapses.post.data;
  const double* __restrict__ g = _c->gaps__g;
  const double* v_pre = _c->cells__v;
  const double* v_post = _c->cells__v;
  double* gap_post = _c->cells__gap;
  for (int64_t _k = 0; _k < 10; ++_k) gap_post[_k] = 0;
  for (int64_t _s = 0; _s < N; ++_s) {
    double _sum = (g[0] * (v_pre[_i[_s]] - v_post[_j[_s]]));
    gap_post[_j[_s]] += _sum;
  }
}

static void cells_update(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 10 };
  (void)_clock;
  const double t = _clock.t;
  const double dt = _clock.dt;
  double* __restrict__ v = _c->cells__v;
  const double* __restrict__ drive = _c->cells__drive;
  const double* __restrict__ gap = _c->cells__gap;
  const double* __restrict__ lastspike = _c->cells__lastspike;
  uint8_t* __restrict__ not_refractory = (uint8_t*)_c->cells__not_refractory;
  const double _k0 = _c->k0;
  const double _k1 = _c->k1;
  const double _k2 = _c->k2;
  SF_INDEPENDENT
  for (int64_t i = 0; i < N; ++i) {
    not_refractory[i] = ((floor((((t - lastspike[i]) * _k0) + 0.001)) >= _k1) | (lastspike[i] <= (-10000.0)));
    double _next_v = (v[i] + ((not_refractory[i] ? (((drive[i] + gap[i]) - v[i]) * _k2) : 0.0) * dt));
    v[i] = _next_v;
  }
}

SF_APART static void inputs_threshold(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 50 };
  (void)_clock;
  const double dt = _clock.dt;
  const double* __restrict__ rates = _c->inputs__rates;
  const double* __restrict__ _draw2860529479 = _c->draw2860529479.at(_clock.tick());
  int32_t* __restrict__ _events = _c->inputs_spikes;
  int64_t _found = 0;
  uint64_t _flags[SF_FLAGS / 8];
  for (int64_t _first = 0; _first < N; _first += SF_FLAGS) {
    const int64_t _last = _first + SF_FLAGS < N ? _first + SF_FLAGS : N;
    uint8_t* __restrict__ _flag = sf_flags(_flags, _last - _first);
    SF_INDEPENDENT
    for (int64_t i = _first; i < _last; ++i) _flag[i - _first] = (_draw2860529479[i] < (rates[i] * dt));
    _found = sf_collect(_flags, _first, _last, _events, _found);
  }
  _c->inputs_spike_count = _found;
}

static void cells_threshold(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 10 };
  (void)_clock;
  const double t = _clock.t;
  const double* __restrict__ v = _c->cells__v;
  double* __restrict__ lastspike = _c->cells__lastspike;
  uint8_t* __restrict__ not_refractory = (uint8_t*)_c->cells__not_refractory;
  int32_t* __restrict__ _events = _c->cells_spikes;
  int64_t _found = 0;
  for (int64_t i = 0; i < N; ++i) {
    if (((v[i] > 1) & not_refractory[i])) _events[_found++] = (int32_t)i;
  }
  _c->cells_spike_count = _found;
  for (int64_t _k = 0; _k < _found; ++_k) {
    const int64_t i = _events[_k];
    lastspike[i] = t;
    not_refractory[i] = false;
  }
}

SF_APART static int learned_pathway_pre(sf_context* _c, const sf_clock& _clock) {
  const int64_t N = _c->learned_synapses.count();
  (void)N;
  (void)_clock;
  const double t = _clock.t;
  const int32_t* __restrict__ _j = _c->learned_synapses.post.data;
  double* __restrict__ w = _c->learned__w.data;
  double* __restrict__ x = _c->learned__x.data;
  double* __restrict__ y = _c->learned__y.data;
  double* __restrict__ lastupdate = _c->learned__lastupdate.data;
  double* v_post = _c->cells__v;
  const bool* not_refractory_post = _c->cells__not_refractory;
  const double _k3 = _c->k3;
  sf_pathway& _path = _c->learned__pre_pathway;
  if (!_path.push(_clock.step, _c->inputs_spikes, _c->inputs_spike_count, 0, 50)) return fail(_c, memory_is_short);
  sf_buffer<sf_range>& _now = _path.due_now(_clock.step);
  const int32_t* __restrict__ _list = _path.list.size ? _path.list.data : nullptr;
  for (int64_t _r = 0; _r < _now.size; ++_r) {
    if (_r + SF_AHEAD < _now.size) {
      sf_prefetch(_list, _now.data[_r + SF_AHEAD]);
    }
    const int32_t _last = _now.data[_r].last;
    for (int32_t _k = _now.data[_r].first; _k < _last; ++_k) {
      const int64_t _s = _list ? _list[_k] : _k;
      double _elapsed = (t - lastupdate[_s]);
      x[_s] = (x[_s] * sf_exp((_k3 * _elapsed)));
      y[_s] = (y[_s] * sf_exp(((-33.333333333333336) * _elapsed)));
      v_post[_j[_s]] = sf_choose(not_refractory_post[_j[_s]], (v_post[_j[_s]] + w[_s]), v_post[_j[_s]]);
      x[_s] = (x[_s] + 0.1);
      w[_s] = sf_clip((w[_s] - y[_s]), 0, 1);
      lastupdate[_s] = t;
    }
  }
  _now.clear();
  return 0;
}

SF_APART static int learned_pathway_slow(sf_context* _c, const sf_clock& _clock) {
  const int64_t N = _c->learned_synapses.count();
  (void)N;
  (void)_clock;
  const double t = _clock.t;
  const int32_t* __restrict__ _j = _c->learned_synapses.post.data;
  double* __restrict__ x = _c->learned__x.data;
  double* __restrict__ y = _c->learned__y.data;
  double* __restrict__ lastupdate = _c->learned__lastupdate.data;
  double* drive_post = _c->cells__drive;
  const double _k3 = _c->k3;
  sf_pathway& _path = _c->learned__slow_pathway;
  if (!_path.push(_clock.step, _c->inputs_spikes, _c->inputs_spike_count, 0, 50)) return fail(_c, memory_is_short);
  sf_buffer<sf_range>& _now = _path.due_now(_clock.step);
  const int32_t* __restrict__ _list = _path.list.size ? _path.list.data : nullptr;
  for (int64_t _r = 0; _r < _now.size; ++_r) {
    if (_r + SF_AHEAD < _now.size) {
      sf_prefetch(_list, _now.data[_r + SF_AHEAD]);
    }
    const int32_t _last = _now.data[_r].last;
    for (int32_t _k = _now.data[_r].first; _k < _last; ++_k) {
      const int64_t _s = _list ? _list[_k] : _k;
      const int64_t _n = sf_number(_c->learned_synapses, _s);
      double _elapsed = (t - lastupdate[_s]);
      x[_s] = (x[_s] * sf_exp((_k3 * _elapsed)));
      y[_s] = (y[_s] * sf_exp(((-33.333333333333336) * _elapsed)));
      drive_post[_j[_s]] = (drive_post[_j[_s]] + (0.01 * sf_uniform(_n, N, _c->seed, 3862965816u, _clock.tick())));
      lastupdate[_s] = t;
    }
  }
  _now.clear();
  return 0;
}

SF_APART static int gate_pathway_pre(sf_context* _c, const sf_clock& _clock) {
  const int64_t N = _c->gate_synapses.count();
  (void)N;
  (void)_clock;
  const int32_t* __restrict__ _j = _c->gate_synapses.post.data;
  double* w_post = _c->learned__w.data;
  sf_pathway& _path = _c->gate__pre_pathway;
  if (!_path.push(_clock.step, _c->cells_spikes, _c->cells_spike_count, 2, 4)) return fail(_c, memory_is_short);
  sf_buffer<sf_range>& _now = _path.due_now(_clock.step);
  for (int64_t _r = 0; _r < _now.size; ++_r) {
    if (_r + SF_AHEAD < _now.size) {
      sf_prefetch(_j, _now.data[_r + SF_AHEAD]);
    }
    const int32_t _last = _now.data[_r].last;
    for (int32_t _k = _now.data[_r].first; _k < _last; ++_k) {
      const int64_t _s = _k;
      w_post[_j[_s]] = (w_post[_j[_s]] * 0.9);
    }
  }
  _now.clear();
  return 0;
}

SF_APART static int learned_pathway_post(sf_context* _c, const sf_clock& _clock) {
  const int64_t N = _c->learned_synapses.count();
  (void)N;
  (void)_clock;
  const double t = _clock.t;
  double* __restrict__ w = _c->learned__w.data;
  double* __restrict__ x = _c->learned__x.data;
  double* __restrict__ y = _c->learned__y.data;
  double* __restrict__ lastupdate = _c->learned__lastupdate.data;
  const double _k3 = _c->k3;
  sf_pathway& _path = _c->learned__post_pathway;
  if (!_path.push(_clock.step, _c->cells_spikes, _c->cells_spike_count, 0, 10)) return fail(_c, memory_is_short);
  sf_buffer<sf_range>& _now = _path.due_now(_clock.step);
  const int32_t* __restrict__ _list = _path.list.size ? _path.list.data : nullptr;
  for (int64_t _r = 0; _r < _now.size; ++_r) {
    if (_r + SF_AHEAD < _now.size) {
      sf_prefetch(_list, _now.data[_r + SF_AHEAD]);
    }
    const int32_t _last = _now.data[_r].last;
    for (int32_t _k = _now.data[_r].first; _k < _last; ++_k) {
      const int64_t _s = _list ? _list[_k] : _k;
      double _elapsed = (t - lastupdate[_s]);
      x[_s] = (x[_s] * sf_exp((_k3 * _elapsed)));
      y[_s] = (y[_s] * sf_exp(((-33.333333333333336) * _elapsed)));
      y[_s] = (y[_s] + 0.1);
      w[_s] = sf_clip((w[_s] + x[_s]), 0, 1);
      lastupdate[_s] = t;
    }
  }
  _now.clear();
  return 0;
}

static void cells_reset(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 10 };
  (void)_clock;
  double* __restrict__ v = _c->cells__v;
  const int32_t* _events = _c->cells_spikes;
  for (int64_t _k = 0; _k < _c->cells_spike_count; ++_k) {
    const int64_t i = _events[_k];
    v[i] = 0;
  }
}

// ---- the program ----

static int assign_0(sf_context* _c) {
  // assign inputs.rates = $inputs.rates:value[]
  enum : int64_t { N = 50 };
  double* __restrict__ rates = _c->inputs__rates;
  const double* _value = (const double*)_c->inputs[1].data;
  const int64_t _count = _c->inputs[1].count;
  for (int64_t i = 0; i < 50; ++i) {
    rates[i] = _value[_count == 1 ? 0 : i];
  }
  return 0;
}

static int assign_1(sf_context* _c) {
  // assign learned.slow.delay = $learned.slow.delay:value[]
  if (!number_learned_synapses(_c)) return 1;
  const int64_t N = _c->learned_synapses.count();
  (void)N;
  double* __restrict__ slow__delay = _c->learned__slow__delay;
  const double* _value = (const double*)_c->inputs[2].data;
  const int64_t _count = _c->inputs[2].count;
  for (int64_t _s = 0; _s < 1; ++_s) {
    slow__delay[0] = _value[_count == 1 ? 0 : _s];
  }
  return 0;
}

static int assign_2(sf_context* _c) {
  // assign learned.w = 0.1 * uniform#2996044284 + 0.01 * N_incoming
  if (!number_learned_synapses(_c)) return 1;
  const int64_t N = _c->learned_synapses.count();
  (void)N;
  const int32_t* __restrict__ _j = _c->learned_synapses.post.data;
  const int32_t* _incoming = _c->learned_synapses.incoming.data;
  double* __restrict__ w = _c->learned__w.data;
  for (int64_t _s = 0; _s < N; ++_s) {
    w[_s] = ((0.1 * sf_uniform(_s, N, _c->seed, 2996044284u, 0)) + (0.01 * (int64_t)_incoming[_j[_s]]));
  }
  return 0;
}

static int assign_3(sf_context* _c) {
  // assign learned.pre.delay = 0.001 + uniform#3928628959 * 0.001
  if (!number_learned_synapses(_c)) return 1;
  const int64_t N = _c->learned_synapses.count();
  (void)N;
  double* __restrict__ pre__delay = _c->learned__pre__delay.data;
  for (int64_t _s = 0; _s < N; ++_s) {
    pre__delay[_s] = (0.001 + (sf_uniform(_s, N, _c->seed, 3928628959u, 0) * 0.001));
  }
  return 0;
}

static int assign_4(sf_context* _c) {
  // assign gaps.g = $gaps.g:value[]
  if (!number_gaps_synapses(_c)) return 1;
  const int64_t N = _c->gaps_synapses.count();
  (void)N;
  double* __restrict__ g = _c->gaps__g;
  const double* _value = (const double*)_c->inputs[4].data;
  const int64_t _count = _c->inputs[4].count;
  for (int64_t _s = 0; _s < 1; ++_s) {
    g[0] = _value[_count == 1 ? 0 : _s];
  }
  return 0;
}

static int apply_run_arguments(sf_context* _c) {
  if (!number_learned_synapses(_c)) return 1;
  if (!number_gaps_synapses(_c)) return 1;
  if (!number_gate_synapses(_c)) return 1;
  if (!sf_fits(_c->inputs[16], _c->learned__w.size)) return fail_count(_c, "learned.w", _c->inputs[16].count, _c->learned__w.size);
  sf_apply<double>(_c->learned__w.data, _c->learned__w.size, _c->inputs[16]);
  if (!sf_fits(_c->inputs[17], _c->learned__x.size)) return fail_count(_c, "learned.x", _c->inputs[17].count, _c->learned__x.size);
  sf_apply<double>(_c->learned__x.data, _c->learned__x.size, _c->inputs[17]);
  if (!sf_fits(_c->inputs[18], _c->learned__y.size)) return fail_count(_c, "learned.y", _c->inputs[18].count, _c->learned__y.size);
  sf_apply<double>(_c->learned__y.data, _c->learned__y.size, _c->inputs[18]);
  if (!sf_fits(_c->inputs[19], _c->learned__lastupdate.size)) return fail_count(_c, "learned.lastupdate", _c->inputs[19].count, _c->learned__lastupdate.size);
  sf_apply<double>(_c->learned__lastupdate.data, _c->learned__lastupdate.size, _c->inputs[19]);
  if (!sf_fits(_c->inputs[20], _c->learned__pre__delay.size)) return fail_count(_c, "learned.pre.delay", _c->inputs[20].count, _c->learned__pre__delay.size);
  sf_apply<double>(_c->learned__pre__delay.data, _c->learned__pre__delay.size, _c->inputs[20]);
  sf_apply<double>(_c->inputs__rates, 50, _c->inputs[12]);
  sf_apply<double>(_c->cells__v, 10, _c->inputs[13]);
  sf_apply<double>(_c->cells__drive, 10, _c->inputs[14]);
  sf_apply<double>(_c->cells__gap, 10, _c->inputs[15]);
  sf_apply<double>(_c->learned__slow__delay, 1, _c->inputs[21]);
  sf_apply<double>(_c->learned__post__delay, 1, _c->inputs[22]);
  sf_apply<double>(_c->gaps__g, 1, _c->inputs[23]);
  sf_apply<double>(_c->gate__pre__delay, 1, _c->inputs[24]);
  (void)_c;
  return 0;
}

static int regrid_0(sf_context* _c) {
  if (!new_grid(_c, _c->clock_defaultclock.dt, sf_scalar<double>(_c, 9))) return 1;
  if (!new_grid(_c, _c->clock_statemonitor__clock.dt, sf_scalar<double>(_c, 10))) return 1;
  return 0;
}

static int begin_0(sf_context* _c) {
  const double start = _c->time, stop = start + sf_scalar<double>(_c, 11);
  if (!sf_set_clock(_c->clock_defaultclock, sf_scalar<double>(_c, 9), start, stop)) {
    return fail(_c, "dt of defaultclock changes at a time that is no multiple of the new dt; end the run before it on the new grid");
  }
  if (!sf_set_clock(_c->clock_statemonitor__clock, sf_scalar<double>(_c, 10), start, stop)) {
    return fail(_c, "dt of statemonitor.clock changes at a time that is no multiple of the new dt; end the run before it on the new grid");
  }
  _c->slot_cells__0refractory = sf_scalar<double>(_c, 8);
  _c->slot_tau = sf_scalar<double>(_c, 7);
  _c->learned_synapses.running = true;
  _c->gaps_synapses.running = true;
  _c->gate_synapses.running = true;
  if (!arrange_synapses(_c)) return 1;
  if (!_c->draw2860529479.prepare(50, _c->seed, 2860529479u)) return fail(_c, memory_is_short);
  _c->k0 = (1.0 / _c->clock_defaultclock.dt);
  _c->k1 = floor(((_c->slot_cells__0refractory * (1.0 / _c->clock_defaultclock.dt)) + 0.001));
  _c->k2 = (1.0 / _c->slot_tau);
  _c->k3 = ((-1.0) / _c->slot_tau);
  return 0;
}

static int run_0(sf_context* _c) {
  const double start = _c->time, stop = start + sf_scalar<double>(_c, 11);
  if (regrid_0(_c)) return 1;
  if (begin_0(_c)) return 1;
  sf_clock* const clocks[] = {&_c->clock_defaultclock, &_c->clock_statemonitor__clock, };
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
    if (ticks[1] && statemonitor_states(_c, *clocks[1])) return 1;
    if (ticks[0]) gaps_summed_gap_post(_c, *clocks[0]);
    if (ticks[0]) cells_update(_c, *clocks[0]);
    if (ticks[0]) inputs_threshold(_c, *clocks[0]);
    if (ticks[0]) cells_threshold(_c, *clocks[0]);
    if (ticks[0] && learned_pathway_pre(_c, *clocks[0])) return 1;
    if (ticks[0] && learned_pathway_slow(_c, *clocks[0])) return 1;
    if (ticks[0] && gate_pathway_pre(_c, *clocks[0])) return 1;
    if (ticks[0] && learned_pathway_post(_c, *clocks[0])) return 1;
    if (ticks[0]) cells_reset(_c, *clocks[0]);
    for (int k = 0; k < count; ++k) {
      if (ticks[k]) clocks[k]->t = (double)++clocks[k]->step * clocks[k]->dt;
    }
  }
  _c->time = stop;
  return 0;
}

// ---- the interface ----

uint32_t sf_abi_version(void) { return SF_ABI_VERSION; }

const char* sf_model_hash(void) { return "63fcb3553391f3eccc0e3e22010a248d66e334c7fb8dc6f2aa65a6451652bd39"; }

const sf_entry* sf_inputs(int32_t* count) {
  *count = input_count;
  return input_table;
}

const sf_entry* sf_outputs(int32_t* count) {
  *count = output_count;
  return output_table;
}

SF_RARE static void discard(sf_context* _c) {
  for (sf_input& input : _c->inputs) free(input.data);
  free(_c->inputs__rates);
  free(_c->cells__v);
  free(_c->cells__drive);
  free(_c->cells__gap);
  free(_c->cells__lastspike);
  free(_c->cells__not_refractory);
  free(_c->learned__slow__delay);
  free(_c->learned__post__delay);
  free(_c->gaps__g);
  free(_c->gate__pre__delay);
  free(_c->inputs_spikes);
  free(_c->cells_spikes);
  delete _c;
}

SF_RARE static bool furnish(sf_context* _c) {
  bool fits = true;
  fits = (_c->inputs__rates = sf_new_array<double>(50, 0.0)) && fits;
  fits = (_c->cells__v = sf_new_array<double>(10, 0.0)) && fits;
  fits = (_c->cells__drive = sf_new_array<double>(10, 0.0)) && fits;
  fits = (_c->cells__gap = sf_new_array<double>(10, 0.0)) && fits;
  fits = (_c->cells__lastspike = sf_new_array<double>(10, -10000.0)) && fits;
  fits = (_c->cells__not_refractory = sf_new_array<bool>(10, 1)) && fits;
  fits = (_c->learned__slow__delay = sf_new_array<double>(1, 0.0)) && fits;
  fits = (_c->learned__post__delay = sf_new_array<double>(1, 0.0)) && fits;
  fits = (_c->gaps__g = sf_new_array<double>(1, 0.0)) && fits;
  fits = (_c->gate__pre__delay = sf_new_array<double>(1, 0.0)) && fits;
  fits = (_c->inputs_spikes = sf_new_array<int32_t>(50 + 1, 0)) && fits;  // one more, written to and not counted
  fits = (_c->cells_spikes = sf_new_array<int32_t>(10 + 1, 0)) && fits;  // one more, written to and not counted
  return fits;
}

int32_t sf_lane_count(void) { return 1; }

sf_context* sf_lane(sf_context* _c, int32_t) { return _c; }

SF_RARE void sf_destroy(sf_context* _c) {
  if (_c) discard(_c);
}

SF_RARE sf_context* sf_create(void) {
  sf_context* _c = new (std::nothrow) sf_context();
  if (!_c || furnish(_c)) return _c;
  discard(_c);
  return nullptr;
}

SF_RARE int sf_set(sf_context* _c, int32_t slot, const void* data, int64_t count) {
  if (slot < 0 || slot >= input_count) return fail(_c, "there is no input in that slot");
  const sf_entry& entry = input_table[slot];
  if (entry.size >= 0 && count != entry.size && !(entry.broadcast && count == 1)) return fail(_c, "an input has the wrong number of elements");
  const size_t width = entry.dtype == SF_BOOL ? 1 : entry.dtype == SF_I32 ? 4 : 8;
  void* copy = malloc((size_t)count * width + 1);
  if (!copy) return fail(_c, "out of memory for an input");
  memcpy(copy, data, (size_t)count * width);
  free(_c->inputs[slot].data);
  _c->inputs[slot] = {copy, count};
  return 0;
}

static uint64_t seed_of(const sf_context* _c, int64_t index) {
  const sf_input& seeds = _c->inputs[25];
  return ((const uint64_t*)seeds.data)[seeds.count == 1 ? 0 : index];
}

void sf_set_callback(sf_context* _c, sf_callback callback, void* user) {
  _c->callback = callback;
  _c->user = user;
}

void sf_stop(sf_context* _c) { _c->stopping = 1; }

SF_RARE void sf_resume(sf_context* _c, double time, int32_t clock, double dt, int64_t ticks) {
  _c->time = _c->times[0] = time;
  sf_clock* const clocks[] = {&_c->clock_defaultclock, &_c->clock_statemonitor__clock, };
  sf_clock& resumed = *clocks[clock];
  resumed.dt = dt;
  resumed.step = dt > 0 ? sf_first_step(time, dt) : 0;
  resumed.before = ticks - resumed.step;
}

double sf_clock_state(const sf_context* _c, int32_t clock, double* dt, int64_t* ticks) {
  const sf_clock* const clocks[] = {&_c->clock_defaultclock, &_c->clock_statemonitor__clock, };
  *dt = clocks[clock]->dt;
  *ticks = (int64_t)clocks[clock]->tick();
  return clocks[clock]->t;
}

static int start(sf_context* _c) {
  _c->error[0] = 0;
  _c->cancelled = _c->stopping = 0;
  for (int32_t slot = 0; slot < input_count; ++slot) {
    if (input_table[slot].kind == SF_REQUIRED && input_table[slot].size && !_c->inputs[slot].data) return fail(_c, "an input has not been set");
  }
  _c->seed = seed_of(_c, 0);
  _c->duration = 1e-300;
  _c->done = 0;
  _c->duration += sf_scalar<double>(_c, 11);
  return 0;
}

int sf_run(sf_context* _c) {
  const sf_flush_subnormals flush;
  if (start(_c)) return 1;
  if (assign_0(_c)) return 1;
  if (assign_1(_c)) return 1;
  if (connect_0(_c)) return 1;
  if (assign_2(_c)) return 1;
  if (assign_3(_c)) return 1;
  if (connect_1(_c)) return 1;
  if (assign_4(_c)) return 1;
  if (connect_2(_c)) return 1;
  if (apply_run_arguments(_c)) return 1;
  _c->time = _c->times[0];
  if (run_0(_c)) return 1;
  _c->times[0] = _c->time;
  _c->done += sf_scalar<double>(_c, 11);
  _c->progress = 1;
  return 0;
}

SF_RARE const void* sf_read(sf_context* _c, int32_t slot, int64_t* count) {
  switch (slot) {
    case 0:
      *count = 50;
      return _c->inputs__rates;
    case 1:
      *count = 10;
      return _c->cells__v;
    case 2:
      *count = 10;
      return _c->cells__drive;
    case 3:
      *count = 10;
      return _c->cells__gap;
    case 4:
      *count = 10;
      return _c->cells__lastspike;
    case 5:
      *count = 10;
      return _c->cells__not_refractory;
    case 6:
      if (!number_learned_synapses(_c)) return nullptr;
      *count = _c->learned_synapses.pre.size;
      return _c->learned_synapses.pre.data;
    case 7:
      if (!number_learned_synapses(_c)) return nullptr;
      *count = _c->learned_synapses.post.size;
      return _c->learned_synapses.post.data;
    case 8:
      if (!number_learned_synapses(_c)) return nullptr;
      *count = _c->learned__w.size;
      return _c->learned__w.data;
    case 9:
      if (!number_learned_synapses(_c)) return nullptr;
      *count = _c->learned__x.size;
      return _c->learned__x.data;
    case 10:
      if (!number_learned_synapses(_c)) return nullptr;
      *count = _c->learned__y.size;
      return _c->learned__y.data;
    case 11:
      if (!number_learned_synapses(_c)) return nullptr;
      *count = _c->learned__lastupdate.size;
      return _c->learned__lastupdate.data;
    case 12:
      if (!number_learned_synapses(_c)) return nullptr;
      *count = _c->learned__pre__delay.size;
      return _c->learned__pre__delay.data;
    case 13:
      *count = 1;
      return _c->learned__slow__delay;
    case 14:
      *count = 1;
      return _c->learned__post__delay;
    case 15:
      if (!number_learned_synapses(_c)) return nullptr;
      *count = _c->learned__pre_pathway.pending.size;
      return _c->learned__pre_pathway.pending.data;
    case 16:
      if (!number_learned_synapses(_c)) return nullptr;
      *count = _c->learned__pre_pathway.due.size;
      return _c->learned__pre_pathway.due.data;
    case 17:
      if (!number_learned_synapses(_c)) return nullptr;
      *count = _c->learned__slow_pathway.pending.size;
      return _c->learned__slow_pathway.pending.data;
    case 18:
      if (!number_learned_synapses(_c)) return nullptr;
      *count = _c->learned__slow_pathway.due.size;
      return _c->learned__slow_pathway.due.data;
    case 19:
      if (!number_learned_synapses(_c)) return nullptr;
      *count = _c->learned__post_pathway.pending.size;
      return _c->learned__post_pathway.pending.data;
    case 20:
      if (!number_learned_synapses(_c)) return nullptr;
      *count = _c->learned__post_pathway.due.size;
      return _c->learned__post_pathway.due.data;
    case 21:
      if (!number_gaps_synapses(_c)) return nullptr;
      *count = _c->gaps_synapses.pre.size;
      return _c->gaps_synapses.pre.data;
    case 22:
      if (!number_gaps_synapses(_c)) return nullptr;
      *count = _c->gaps_synapses.post.size;
      return _c->gaps_synapses.post.data;
    case 23:
      *count = 1;
      return _c->gaps__g;
    case 24:
      if (!number_gate_synapses(_c)) return nullptr;
      *count = _c->gate_synapses.pre.size;
      return _c->gate_synapses.pre.data;
    case 25:
      if (!number_gate_synapses(_c)) return nullptr;
      *count = _c->gate_synapses.post.size;
      return _c->gate_synapses.post.data;
    case 26:
      *count = 1;
      return _c->gate__pre__delay;
    case 27:
      if (!number_gate_synapses(_c)) return nullptr;
      *count = _c->gate__pre_pathway.pending.size;
      return _c->gate__pre_pathway.pending.data;
    case 28:
      if (!number_gate_synapses(_c)) return nullptr;
      *count = _c->gate__pre_pathway.due.size;
      return _c->gate__pre_pathway.due.data;
    case 29:
      *count = _c->statemonitor__t.size;
      return _c->statemonitor__t.data;
    case 30:
      *count = _c->statemonitor__w.size;
      return _c->statemonitor__w.data;
    case 31:
      *count = _c->statemonitor__v_post.size;
      return _c->statemonitor__v_post.data;
    case 32:
      *count = 1;
      return &_c->times[0];
  }
  *count = 0;
  return nullptr;
}

SF_RARE int sf_resize(sf_context* _c, int32_t slot, int64_t count) {
  switch (slot) {
    case 6:
      return number_learned_synapses(_c) && _c->learned_synapses.pre.resize(count) ? 0 : fail(_c, memory_is_short);
    case 7:
      return number_learned_synapses(_c) && _c->learned_synapses.post.resize(count) ? 0 : fail(_c, memory_is_short);
    case 8:
      return number_learned_synapses(_c) && _c->learned__w.resize(count) ? 0 : fail(_c, memory_is_short);
    case 9:
      return number_learned_synapses(_c) && _c->learned__x.resize(count) ? 0 : fail(_c, memory_is_short);
    case 10:
      return number_learned_synapses(_c) && _c->learned__y.resize(count) ? 0 : fail(_c, memory_is_short);
    case 11:
      return number_learned_synapses(_c) && _c->learned__lastupdate.resize(count) ? 0 : fail(_c, memory_is_short);
    case 12:
      return number_learned_synapses(_c) && _c->learned__pre__delay.resize(count) ? 0 : fail(_c, memory_is_short);
    case 15:
      return number_learned_synapses(_c) && _c->learned__pre_pathway.pending.resize(count) ? 0 : fail(_c, memory_is_short);
    case 16:
      return number_learned_synapses(_c) && _c->learned__pre_pathway.due.resize(count) ? 0 : fail(_c, memory_is_short);
    case 17:
      return number_learned_synapses(_c) && _c->learned__slow_pathway.pending.resize(count) ? 0 : fail(_c, memory_is_short);
    case 18:
      return number_learned_synapses(_c) && _c->learned__slow_pathway.due.resize(count) ? 0 : fail(_c, memory_is_short);
    case 19:
      return number_learned_synapses(_c) && _c->learned__post_pathway.pending.resize(count) ? 0 : fail(_c, memory_is_short);
    case 20:
      return number_learned_synapses(_c) && _c->learned__post_pathway.due.resize(count) ? 0 : fail(_c, memory_is_short);
    case 21:
      return number_gaps_synapses(_c) && _c->gaps_synapses.pre.resize(count) ? 0 : fail(_c, memory_is_short);
    case 22:
      return number_gaps_synapses(_c) && _c->gaps_synapses.post.resize(count) ? 0 : fail(_c, memory_is_short);
    case 24:
      return number_gate_synapses(_c) && _c->gate_synapses.pre.resize(count) ? 0 : fail(_c, memory_is_short);
    case 25:
      return number_gate_synapses(_c) && _c->gate_synapses.post.resize(count) ? 0 : fail(_c, memory_is_short);
    case 27:
      return number_gate_synapses(_c) && _c->gate__pre_pathway.pending.resize(count) ? 0 : fail(_c, memory_is_short);
    case 28:
      return number_gate_synapses(_c) && _c->gate__pre_pathway.due.resize(count) ? 0 : fail(_c, memory_is_short);
  }
  (void)_c, (void)count;
  return 1;
}

double sf_progress(const sf_context* _c) { return _c->progress; }

void sf_cancel(sf_context* _c) { _c->cancelled = 1; }

const char* sf_error(const sf_context* _c) { return _c->error; }
