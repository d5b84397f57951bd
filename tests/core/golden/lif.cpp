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
  double* neurongroup__drive = nullptr;
  double* neurongroup__lastspike = nullptr;
  bool* neurongroup__not_refractory = nullptr;
  int32_t* spikes__count = nullptr;
  int32_t* neurongroup_spikes = nullptr;
  int64_t neurongroup_spike_count = 0;

  // recordings
  sf_buffer<int32_t> spikes__i;
  sf_buffer<double> spikes__t;

  // clocks, constants of the namespace and what follows from them once a run starts
  sf_clock clock_defaultclock;
  double slot_neurongroup__0refractory = 0;
  double slot_tau = 0;
  double slot_v_rest = 0;
  double slot_v_threshold = 0;
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

static void neurongroup_update(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 1 };
  (void)_clock;
  const double t = _clock.t;
  double* __restrict__ v = _c->neurongroup__v;
  const double* __restrict__ lastspike = _c->neurongroup__lastspike;
  uint8_t* __restrict__ not_refractory = (uint8_t*)_c->neurongroup__not_refractory;
  const double _k0 = _c->k0;
  const double _k1 = _c->k1;
  const double _k2 = _c->k2;
  const double _k3 = _c->k3;
  const double _k4 = _c->k4;
  SF_INDEPENDENT
  for (int64_t i = 0; i < N; ++i) {
    not_refractory[i] = ((floor((((t - lastspike[i]) * _k0) + 0.001)) >= _k1) | (lastspike[i] <= (-10000.0)));
    v[i] = (not_refractory[i] ? (v[i] + (((_k3 - v[i]) * _k2) * _k4)) : v[i]);
  }
}

static void neurongroup_threshold(sf_context* _c, const sf_clock& _clock) {
  enum : int64_t { N = 1 };
  (void)_clock;
  const double t = _clock.t;
  const double* __restrict__ v = _c->neurongroup__v;
  double* __restrict__ lastspike = _c->neurongroup__lastspike;
  uint8_t* __restrict__ not_refractory = (uint8_t*)_c->neurongroup__not_refractory;
  const double _p_v_threshold = _c->slot_v_threshold;
  int32_t* __restrict__ _events = _c->neurongroup_spikes;
  int64_t _found = 0;
  for (int64_t i = 0; i < N; ++i) {
    if (((v[i] > _p_v_threshold) & not_refractory[i])) _events[_found++] = (int32_t)i;
  }
  _c->neurongroup_spike_count = _found;
  for (int64_t _k = 0; _k < _found; ++_k) {
    const int64_t i = _events[_k];
    lastspike[i] = t;
    not_refractory[i] = false;
  }
}

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
    v[i] = _p_v_rest;
  }
}

// ---- the program ----

static int assign_0(sf_context* _c) {
  // assign neurongroup.v = $v_rest
  enum : int64_t { N = 1 };
  double* __restrict__ v = _c->neurongroup__v;
  for (int64_t i = 0; i < 1; ++i) {
    v[i] = sf_scalar<double>(_c, 0);
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
  sf_apply<double>(_c->neurongroup__v, 1, _c->inputs[8]);
  sf_apply<double>(_c->neurongroup__drive, 1, _c->inputs[9]);
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
      if (spikes_events(_c, clock)) return 1;
      neurongroup_reset(_c, clock);
    }
  }
  clock.t = (double)clock.step * clock.dt;
  _c->time = stop;
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
  free(_c->neurongroup__v);
  free(_c->neurongroup__drive);
  free(_c->neurongroup__lastspike);
  free(_c->neurongroup__not_refractory);
  free(_c->spikes__count);
  free(_c->neurongroup_spikes);
  delete _c;
}

SF_RARE static bool furnish(sf_context* _c) {
  bool fits = true;
  fits = (_c->neurongroup__v = sf_new_array<double>(1, 0.0)) && fits;
  fits = (_c->neurongroup__drive = sf_new_array<double>(1, 0.0)) && fits;
  fits = (_c->neurongroup__lastspike = sf_new_array<double>(1, -10000.0)) && fits;
  fits = (_c->neurongroup__not_refractory = sf_new_array<bool>(1, 1)) && fits;
  fits = (_c->spikes__count = sf_new_array<int32_t>(1, 0)) && fits;
  fits = (_c->neurongroup_spikes = sf_new_array<int32_t>(1 + 1, 0)) && fits;  // one more, written to and not counted
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
  if (start(_c)) return 1;
  if (assign_0(_c)) return 1;
  if (assign_1(_c)) return 1;
  if (apply_run_arguments(_c)) return 1;
  _c->time = _c->times[0];
  if (run_0(_c)) return 1;
  _c->times[0] = _c->time;
  _c->done += sf_scalar<double>(_c, 7);
  _c->progress = 1;
  return 0;
}

SF_RARE const void* sf_read(sf_context* _c, int32_t slot, int64_t* count) {
  switch (slot) {
    case 0:
      *count = 1;
      return _c->neurongroup__v;
    case 1:
      *count = 1;
      return _c->neurongroup__drive;
    case 2:
      *count = 1;
      return _c->neurongroup__lastspike;
    case 3:
      *count = 1;
      return _c->neurongroup__not_refractory;
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
