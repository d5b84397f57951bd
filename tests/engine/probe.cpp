// A hand-written model that the tests run: a little of everything a generated one does, and on request
// everything that can go wrong.
#include "engine/buffer.h"
#include "engine/mathx.h"
#include "engine/model.h"
#include "engine/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace {

enum { TAU, V0, NOISE_SIZE, SEED, MODE, RATES, INPUTS };
enum { V, SPIKES, FLAGS, NOISE, COUNT32, SEEDS, OUTPUTS };
const int64_t N = 4;
const char* const ERRORS[] = {"", "not enough memory for the noise", "tau must be above 0"};

const sf_entry inputs[INPUTS] = {
    {"tau", "tau", "s", SF_F64, SF_REQUIRED, 1, 0},
    {"group.v:override", "v", "V", SF_F64, SF_OPTIONAL, N, 1},
    {"noise_size", "noise_size", "1", SF_I64, SF_REQUIRED, 1, 0},
    {"seed", "seed", "1", SF_U64, SF_REQUIRED, 1, 0},
    {"mode", "mode", "1", SF_I32, SF_REQUIRED, 1, 0},
    {"rates", "rates", "Hz", SF_F64, SF_REQUIRED, N, 0},
};
const sf_entry outputs[OUTPUTS] = {
    {"group.v", "v", "V", SF_F64, 0, N, 0},     {"spikes.i", "i", "1", SF_I64, 0, -1, 0},
    {"flags", "flags", "1", SF_BOOL, 0, 3, 0},  {"noise", "noise", "1", SF_F64, 0, -1, 0},
    {"count32", "count32", "1", SF_I32, 0, 3, 0}, {"seeds", "seeds", "1", SF_U64, 0, 1, 0},
};

}  // namespace

struct sf_context {
  double tau = 0, v[N] = {}, rates[N] = {};
  int64_t noise_size = 0;
  uint64_t seed = 0;
  int32_t mode = 0;
  bool flags[3] = {};
  int32_t counts[3] = {};
  int error = 0;
  double progress = 0;
  volatile bool cancelled = false;
  sf_buffer<int64_t> spikes;
  sf_buffer<double> noise;
};

#define EXPORT __attribute__((visibility("default")))
extern "C" {

EXPORT uint32_t sf_abi_version(void) { return SF_ABI_VERSION; }
EXPORT const char* sf_model_hash(void) { return "probe"; }
EXPORT const sf_entry* sf_inputs(int32_t* count) { return *count = INPUTS, inputs; }
EXPORT const sf_entry* sf_outputs(int32_t* count) { return *count = OUTPUTS, outputs; }
EXPORT sf_context* sf_create(void) { return new sf_context; }
EXPORT void sf_destroy(sf_context* context) { delete context; }
EXPORT int32_t sf_lane_count(void) { return 1; }
EXPORT sf_context* sf_lane(sf_context* context, int32_t) { return context; }
EXPORT double sf_progress(const sf_context* context) { return context->progress; }
EXPORT void sf_cancel(sf_context* context) { context->cancelled = true; }
EXPORT const char* sf_error(const sf_context* context) { return ERRORS[context->error]; }

EXPORT int sf_set(sf_context* context, int32_t slot, const void* data, int64_t count) {
  const double* values = (const double*)data;
  switch (slot) {
    case TAU: context->tau = *values; break;
    case V0:
      for (int64_t i = 0; i < N; i++) context->v[i] = values[count == 1 ? 0 : i];
      break;
    case NOISE_SIZE: memcpy(&context->noise_size, data, 8); break;
    case SEED: memcpy(&context->seed, data, 8); break;
    case MODE: memcpy(&context->mode, data, 4); break;
    case RATES: memcpy(context->rates, data, sizeof context->rates); break;
  }
  return 0;
}

EXPORT int sf_run(sf_context* context) {
  switch (context->mode) {
    case 1: abort();
    case 2:
      for (volatile int forever = 1; forever && !context->cancelled;) {
      }
      break;
    case 3:
      fprintf(stderr, "about to fall\n");
      *(volatile int*)8 = 1;
      break;
    case 4: exit(7);
    case 5:
      for (int i = 0; i < 40000; i++) fprintf(stderr, "line %d\n", i);
      break;
  }
  if (!(context->tau > 0)) return context->error = 2, 1;
  for (int64_t i = 0; i < N; i++) context->v[i] *= sf_exp(-1 / context->tau) * context->rates[i];
  for (int64_t i = 0; i < context->noise_size; i += 3) {
    if (!context->spikes.append(i)) return context->error = 1, 1;
  }
  if (!context->noise.resize(context->noise_size)) return context->error = 1, 1;
  sf_fill_normal(context->noise.data, context->noise_size, context->seed, 0, 0);
  for (int i = 0; i < 3; i++) context->flags[i] = i % 2 == 0, context->counts[i] = -i;
  context->progress = 1;
  return 0;
}

EXPORT const void* sf_read(sf_context* context, int32_t slot, int64_t* count) {
  switch (slot) {
    case V: return *count = N, context->v;
    case SPIKES: return *count = context->spikes.size, context->spikes.data;
    case FLAGS: return *count = 3, context->flags;
    case NOISE: return *count = context->noise.size, context->noise.data;
    case COUNT32: return *count = 3, context->counts;
    default: return *count = 1, &context->seed;
  }
}
}
