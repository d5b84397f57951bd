// A model written by spikefarm: one context is one run, nothing is global.
// Model 41a981b40ff0ffcbe941f4759d936f215499bcab6ca061950bdd0bf4701458fc
#if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC target("prefer-vector-width=512")
#endif
#include "engine/model.h"

#include <new>

#include "engine/ahead.h"
#include "engine/buffer.h"
#include "engine/discrete.h"
#include "engine/lanes.h"
#include "engine/linalg.h"
#include "engine/mathx.h"
#include "engine/random.h"
#include "engine/support.h"

static const sf_entry input_table[] = {
    {"v_rest", "v_rest", "volt", SF_F64, SF_REQUIRED, 1, 0},
    {"neurongroup.drive:value", "neurongroup.drive", "volt", SF_F64, SF_REQUIRED, 1, 1},
    {"tau", "tau", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"v_rest@1", "v_rest", "volt", SF_F64, SF_REQUIRED, 1, 0},
    {"v_threshold", "v_threshold", "volt", SF_F64, SF_REQUIRED, 1, 0},
    {"neurongroup:refractory", "neurongroup.refractory", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"defaultclock.dt", "defaultclock.dt", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"run.duration", "run.duration", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"neurongroup.v:override", "neurongroup.v", "volt", SF_F64, SF_OPTIONAL, 1, 1},
    {"neurongroup.drive:override", "neurongroup.drive", "volt", SF_F64, SF_OPTIONAL, 1, 1},
    {"seed", "seed", "1", SF_U64, SF_REQUIRED, 1, 1},
};
static const sf_entry output_table[] = {
    {"neurongroup.v", "neurongroup.v", "volt", SF_F64, SF_REQUIRED, 1, 0},
    {"neurongroup.drive", "neurongroup.drive", "volt", SF_F64, SF_REQUIRED, 1, 0},
    {"neurongroup.lastspike", "neurongroup.lastspike", "second", SF_F64, SF_REQUIRED, 1, 0},
    {"neurongroup.not_refractory", "neurongroup.not_refractory", "1", SF_BOOL, SF_REQUIRED, 1, 0},
    {"spikes.i", "spikes.i", "1", SF_I32, SF_REQUIRED, -1, 0},
    {"spikes.t", "spikes.t", "second", SF_F64, SF_REQUIRED, -1, 0},
    {"spikes.count", "spikes.count", "1", SF_I32, SF_REQUIRED, 1, 0},
    {"t", "t", "second", SF_F64, SF_REQUIRED, 1, 0},
};
static const int32_t input_count = 11, output_count = 8;

// Runs that go through the time loop together. What neurons have lies side by side: element i of run l at
// i * LANES + l. Everything else each run has to itself.
enum : int64_t { LANES = 16 };

struct sf_gang {
  sf_context* lane[LANES] = {};
  double* neurongroup__v = nullptr;
  double* neurongroup__drive = nullptr;
  double* neurongroup__lastspike = nullptr;
  int64_t* neurongroup__not_refractory = nullptr;
  sf_clock clock_defaultclock;
  alignas(64) double k0[LANES] = {};
  alignas(64) double k1[LANES] = {};
  alignas(64) double k2[LANES] = {};
  alignas(64) double k3[LANES] = {};
  alignas(64) double k4[LANES] = {};
  alignas(64) double slot_v_threshold[LANES] = {};
  int64_t neurongroup_spike_total = 0;  // events of all runs
};

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
  void* plain[output_count] = {};  // copies of what lies between the elements of other runs
  sf_gang* gang;

  // state
  double* neurongroup__v = nullptr;
  double* neurongroup__drive = nullptr;
  double* neurongroup__lastspike = nullptr;
  int64_t* neurongroup__not_refractory = nullptr;
  int32_t* spikes__count = nullptr;
  int32_t* neurongroup_spikes = nullptr;
  int64_t neurongroup_spike_count = 0;

  // recordings
  sf_buffer<int32_t> spikes__i;
  sf_buffer<double> spikes__t;

  // clocks, constants of the namespace and what follows from them once a run starts
  sf_clock& clock_defaultclock;
  double slot_neurongroup__0refractory = 0;
  double slot_tau = 0;
  double slot_v_rest = 0;
  double slot_v_threshold = 0;
  double k0 = 0;
  double k1 = 0;
  double k2 = 0;
  double k3 = 0;
  double k4 = 0;

  explicit sf_context(sf_gang* _g) : gang(_g), clock_defaultclock(_g->clock_defaultclock) {}
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

static int spikes_events(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 1 };
  (void)_clock;
  const double t = _clock.t;
  const int32_t* _events = _c->neurongroup_spikes;
  const int64_t _found = _c->neurongroup_spike_count;
  bool _fits = true;
  for (int64_t _k = 0; _k < _found; ++_k) {
    const int64_t i = _events[_k];
    ++_c->spikes__count[i];
    _fits = _fits && _c->spikes__i.append((int32_t)i);
    _fits = _fits && _c->spikes__t.append((double)t);
  }
  return _fits ? 0 : fail(_c, memory_is_short);
}

static void neurongroup_reset(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 1 };
  (void)_clock;
  double* __restrict__ v = _c->neurongroup__v;
  const double _p_v_rest = _c->slot_v_rest;
  const int32_t* _events = _c->neurongroup_spikes;
  for (int64_t _k = 0; _k < _c->neurongroup_spike_count; ++_k) {
    const int64_t i = _events[_k];
    v[i * LANES] = _p_v_rest;
  }
}

// ---- runs together ----

// The first run speaks for all.
static int fails(sf_context* _c) {
  sf_context* first = _c->gang->lane[0];
  if (first != _c) memcpy(first->error, _c->error, sizeof first->error);
  return 1;
}

static bool any_cancelled(const sf_gang* _g) {
  int _cancelled = 0;
  for (const sf_context* _c : _g->lane) _cancelled |= _c->cancelled;
  return _cancelled != 0;
}

static void gather(sf_gang* _g) {
  _g->neurongroup_spike_total = 0;
  for (int64_t _l = 0; _l < LANES; ++_l) {
    const sf_context* _c = _g->lane[_l];
    (void)_c;
    _g->k0[_l] = _c->k0;
    _g->k1[_l] = _c->k1;
    _g->k2[_l] = _c->k2;
    _g->k3[_l] = _c->k3;
    _g->k4[_l] = _c->k4;
    _g->slot_v_threshold[_l] = _c->slot_v_threshold;
    _g->neurongroup_spike_total += _c->neurongroup_spike_count;
  }
}

static void all_neurongroup_update(sf_gang* _g, const sf_clock& _clock) {
  enum : int64_t { N = 1 };
  (void)_clock;
  const double t = _clock.t;
  double* __restrict__ v = _g->neurongroup__v;
  const double* __restrict__ lastspike = _g->neurongroup__lastspike;
  int64_t* __restrict__ not_refractory = _g->neurongroup__not_refractory;
  const double* __restrict__ _k0 = _g->k0;
  const double* __restrict__ _k1 = _g->k1;
  const double* __restrict__ _k2 = _g->k2;
  const double* __restrict__ _k3 = _g->k3;
  const double* __restrict__ _k4 = _g->k4;
  for (int64_t i = 0; i < N; ++i) {
    SF_TOGETHER
    for (int64_t _l = 0; _l < LANES; ++_l) {
      const int64_t _n = i * LANES + _l;
      (void)_n;
      not_refractory[_n] = ((floor((((t - lastspike[_n]) * _k0[_l]) + 0.001)) >= _k1[_l]) | (lastspike[_n] <= (-10000.0)));
      v[_n] = (not_refractory[_n] ? (v[_n] + (((_k3[_l] - v[_n]) * _k2[_l]) * _k4[_l])) : v[_n]);
    }
  }
}

static void after_neurongroup_threshold(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 1 };
  (void)_clock;
  const double t = _clock.t;
  double* __restrict__ lastspike = _c->neurongroup__lastspike;
  int64_t* __restrict__ not_refractory = _c->neurongroup__not_refractory;
  const int32_t* _events = _c->neurongroup_spikes;
  for (int64_t _k = 0; _k < _c->neurongroup_spike_count; ++_k) {
    const int64_t i = _events[_k];
    lastspike[i * LANES] = t;
    not_refractory[i * LANES] = false;
  }
}

static void all_neurongroup_threshold(sf_gang* _g, const sf_clock& _clock) {
  enum : int64_t { N = 1 };
  (void)_clock;
  const double* __restrict__ v = _g->neurongroup__v;
  const int64_t* __restrict__ not_refractory = _g->neurongroup__not_refractory;
  const double* __restrict__ _p_v_threshold = _g->slot_v_threshold;
  if (_g->neurongroup_spike_total) {
    for (sf_context* _c : _g->lane) _c->neurongroup_spike_count = 0;
  }
  int64_t _total = 0;
  for (int64_t i = 0; i < N; ++i) {
    sf_lane_flags<LANES> _found;
    SF_TOGETHER
    for (int64_t _l = 0; _l < LANES; ++_l) {
      const int64_t _n = i * LANES + _l;
      (void)_n;
      _found.flag[_l] = ((v[_n] > _p_v_threshold[_l]) & not_refractory[_n]);
    }
    if (!_found.any()) continue;
    for (int64_t _l = 0; _l < LANES; ++_l) {
      if (!_found.flag[_l]) continue;
      sf_context* const _c = _g->lane[_l];
      _c->neurongroup_spikes[_c->neurongroup_spike_count++] = (int32_t)i;
      ++_total;
    }
  }
  _g->neurongroup_spike_total = _total;
  if (!_total) return;
  for (sf_context* _c : _g->lane) {
    if (_c->neurongroup_spike_count) after_neurongroup_threshold(_c, _clock);
  }
}

static int all_spikes_events(sf_gang* _g, const sf_clock& _clock) {
  if (!_g->neurongroup_spike_total) return 0;
  for (sf_context* _c : _g->lane) {
    if (!_c->neurongroup_spike_count) continue;
    if (spikes_events(_c, _clock)) return fails(_c);
  }
  return 0;
}

static void all_neurongroup_reset(sf_gang* _g, const sf_clock& _clock) {
  if (!_g->neurongroup_spike_total) return;
  for (sf_context* _c : _g->lane) {
    if (!_c->neurongroup_spike_count) continue;
    neurongroup_reset(_c, _clock);
  }
}

// ---- the program ----

static int assign_0(sf_context* _c) {
  // assign neurongroup.v = $v_rest
  enum : int64_t { N = 1 };
  double* __restrict__ v = _c->neurongroup__v;
  for (int64_t i = 0; i < 1; ++i) {
    v[i * LANES] = sf_scalar<double>(_c, 0);
  }
  return 0;
}

static int assign_1(sf_context* _c) {
  // assign neurongroup.drive = $neurongroup.drive:value[]
  enum : int64_t { N = 1 };
  double* __restrict__ drive = _c->neurongroup__drive;
  const double* _value = (const double*)_c->inputs[1].data;
  const int64_t _count = _c->inputs[1].count;
  for (int64_t i = 0; i < 1; ++i) {
    drive[0] = _value[_count == 1 ? 0 : i];
  }
  return 0;
}

static int apply_run_arguments(sf_context* _c) {
  sf_apply_apart<double, LANES>(_c->neurongroup__v, 1, _c->inputs[8]);
  sf_apply_apart<double, LANES>(_c->neurongroup__drive, 1, _c->inputs[9]);
  (void)_c;
  return 0;
}

static int begin_0(sf_context* _c) {
  const double start = _c->time, stop = start + sf_scalar<double>(_c, 7);
  if (!sf_set_clock(_c->clock_defaultclock, sf_scalar<double>(_c, 6), start, stop)) {
    return fail(_c, "dt of defaultclock changes at a time that is no multiple of the new dt; end the run before it on the new grid");
  }
  _c->slot_neurongroup__0refractory = sf_scalar<double>(_c, 5);
  _c->slot_tau = sf_scalar<double>(_c, 2);
  _c->slot_v_rest = sf_scalar<double>(_c, 3);
  _c->slot_v_threshold = sf_scalar<double>(_c, 4);
  _c->k0 = (1.0 / _c->clock_defaultclock.dt);
  _c->k1 = floor(((_c->slot_neurongroup__0refractory * (1.0 / _c->clock_defaultclock.dt)) + 0.001));
  _c->k2 = (1.0 / _c->slot_tau);
  _c->k3 = (_c->slot_v_rest + _c->neurongroup__drive[0]);
  _c->k4 = (_c->clock_defaultclock.dt * sf_exprel((((-1.0) / _c->slot_tau) * _c->clock_defaultclock.dt)));
  return 0;
}

static int run_0(sf_context* _c) {
  const double start = _c->time, stop = start + sf_scalar<double>(_c, 7);
  for (sf_context* _c : _c->gang->lane) if (begin_0(_c)) return fails(_c);
  sf_gang* const _g = _c->gang;
  gather(_g);
  sf_clock& clock = _c->clock_defaultclock;
  while (clock.step < clock.end) {
    if (any_cancelled(_g)) return fail(_c, "cancelled");
    _c->progress = (_c->done + clock.t - start) / _c->duration;
    if (_c->callback && _c->callback(_c->user, SF_POLL)) return fail(_c, "stopped by Python");
    const int64_t pause = clock.end - clock.step < 256 ? clock.end : clock.step + 256;
    for (; clock.step < pause; ++clock.step) {
      clock.t = (double)clock.step * clock.dt;
      all_neurongroup_update(_g, clock);
      all_neurongroup_threshold(_g, clock);
      if (all_spikes_events(_g, clock)) return 1;
      all_neurongroup_reset(_g, clock);
    }
  }
  clock.t = (double)clock.step * clock.dt;
  for (sf_context* _c : _c->gang->lane) _c->time = stop;
  return 0;
}

// ---- the interface ----

uint32_t sf_abi_version(void) { return SF_ABI_VERSION; }

const char* sf_model_hash(void) { return "41a981b40ff0ffcbe941f4759d936f215499bcab6ca061950bdd0bf4701458fc"; }

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
  for (void* copy : _c->plain) free(copy);
  free(_c->spikes__count);
  free(_c->neurongroup_spikes);
  delete _c;
}

SF_RARE static bool furnish(sf_context* _c) {
  bool fits = true;
  fits = (_c->spikes__count = sf_new_array<int32_t>(1, 0)) && fits;
  fits = (_c->neurongroup_spikes = sf_new_array<int32_t>(1 + 1, 0)) && fits;  // one more, written to and not counted
  return fits;
}

static bool same_grid(const sf_gang* _g) {
  for (const sf_context* _c : _g->lane) {
    if (sf_scalar<double>(_c, 6) != sf_scalar<double>(_g->lane[0], 6)) return false;
    if (sf_scalar<double>(_c, 7) != sf_scalar<double>(_g->lane[0], 7)) return false;
    (void)_c;
  }
  return true;
}

template <typename T, typename STORED>
static const void* alone(sf_context* _c, int32_t slot, const STORED* first, int64_t size) {
  T* copy = (T*)realloc(_c->plain[slot], (size_t)size * sizeof(T));
  if (!copy) return nullptr;
  _c->plain[slot] = copy;
  for (int64_t i = 0; i < size; ++i) copy[i] = (T)first[i * LANES];
  return copy;
}

int32_t sf_lane_count(void) { return LANES; }

sf_context* sf_lane(sf_context* _c, int32_t lane) { return _c->gang->lane[lane]; }

void sf_destroy(sf_context* _c) {
  if (!_c) return;
  sf_gang* _g = _c->gang;
  for (sf_context* _lane : _g->lane) {
    if (_lane) discard(_lane);
  }
  free(_g->neurongroup__v);
  free(_g->neurongroup__drive);
  free(_g->neurongroup__lastspike);
  free(_g->neurongroup__not_refractory);
  delete _g;
}

sf_context* sf_create(void) {
  sf_gang* _g = new (std::nothrow) sf_gang();
  if (!_g) return nullptr;
  bool fits = true;
  fits = (_g->neurongroup__v = sf_new_array<double>(1 * LANES, 0.0)) && fits;
  fits = (_g->neurongroup__drive = sf_new_array<double>(1 * LANES, 0.0)) && fits;
  fits = (_g->neurongroup__lastspike = sf_new_array<double>(1 * LANES, -10000.0)) && fits;
  fits = (_g->neurongroup__not_refractory = sf_new_array<int64_t>(1 * LANES, 1)) && fits;
  for (int64_t l = 0; l < LANES && fits; ++l) {
    sf_context* _c = _g->lane[l] = new (std::nothrow) sf_context(_g);
    fits = _c && furnish(_c);
    if (!fits) break;
    _c->neurongroup__v = _g->neurongroup__v + l;
    _c->neurongroup__drive = _g->neurongroup__drive + l;
    _c->neurongroup__lastspike = _g->neurongroup__lastspike + l;
    _c->neurongroup__not_refractory = _g->neurongroup__not_refractory + l;
  }
  if (fits) return _g->lane[0];
  if (_g->lane[0]) {
    sf_destroy(_g->lane[0]);
  } else {
    free(_g->neurongroup__v);
    free(_g->neurongroup__drive);
    free(_g->neurongroup__lastspike);
    free(_g->neurongroup__not_refractory);
    delete _g;
  }
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
  const sf_input& seeds = _c->inputs[10];
  return ((const uint64_t*)seeds.data)[seeds.count == 1 ? 0 : index];
}

void sf_set_callback(sf_context* _c, sf_callback callback, void* user) {
  _c->callback = callback;
  _c->user = user;
}

void sf_stop(sf_context* _c) { _c->stopping = 1; }

SF_RARE void sf_resume(sf_context* _c, double time, int32_t clock, double dt, int64_t ticks) {
  _c->time = _c->times[0] = time;
  sf_clock* const clocks[] = {&_c->clock_defaultclock, };
  sf_clock& resumed = *clocks[clock];
  resumed.dt = dt;
  resumed.step = dt > 0 ? sf_first_step(time, dt) : 0;
  resumed.before = ticks - resumed.step;
}

double sf_clock_state(const sf_context* _c, int32_t clock, double* dt, int64_t* ticks) {
  const sf_clock* const clocks[] = {&_c->clock_defaultclock, };
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
  _c->duration += sf_scalar<double>(_c, 7);
  return 0;
}

int sf_run(sf_context* _c) {
  const sf_flush_subnormals flush;
  for (sf_context* _c : _c->gang->lane) if (start(_c)) return fails(_c);
  if (!same_grid(_c->gang)) return fail(_c, "runs that go together need the same durations and time steps");
  for (sf_context* _c : _c->gang->lane) if (assign_0(_c)) return fails(_c);
  for (sf_context* _c : _c->gang->lane) if (assign_1(_c)) return fails(_c);
  for (sf_context* _c : _c->gang->lane) if (apply_run_arguments(_c)) return fails(_c);
  for (sf_context* _c : _c->gang->lane) _c->time = _c->times[0];
  if (run_0(_c)) return 1;
  for (sf_context* _c : _c->gang->lane) _c->times[0] = _c->time;
  _c->done += sf_scalar<double>(_c, 7);
  _c->progress = 1;
  return 0;
}

SF_RARE const void* sf_read(sf_context* _c, int32_t slot, int64_t* count) {
  switch (slot) {
    case 0:
      *count = 1;
      return alone<double>(_c, 0, _c->neurongroup__v, 1);
    case 1:
      *count = 1;
      return alone<double>(_c, 1, _c->neurongroup__drive, 1);
    case 2:
      *count = 1;
      return alone<double>(_c, 2, _c->neurongroup__lastspike, 1);
    case 3:
      *count = 1;
      return alone<bool>(_c, 3, _c->neurongroup__not_refractory, 1);
    case 4:
      *count = _c->spikes__i.size;
      return _c->spikes__i.data;
    case 5:
      *count = _c->spikes__t.size;
      return _c->spikes__t.data;
    case 6:
      *count = 1;
      return _c->spikes__count;
    case 7:
      *count = 1;
      return &_c->times[0];
  }
  *count = 0;
  return nullptr;
}

SF_RARE int sf_resize(sf_context* _c, int32_t slot, int64_t count) {
  switch (slot) {
  }
  (void)_c, (void)count;
  return 1;
}

double sf_progress(const sf_context* _c) { return _c->progress; }

void sf_cancel(sf_context* _c) { _c->cancelled = 1; }

const char* sf_error(const sf_context* _c) { return _c->error; }
