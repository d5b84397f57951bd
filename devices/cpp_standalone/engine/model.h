// The C ABI between a generated model and whatever runs it: the standalone program, a resident process
// that a worker keeps, or Python in process. One context is one run; nothing is global, so several
// contexts of one model can live side by side.
#pragma once
#include <stdint.h>

#define SF_ABI_VERSION 3

// Models are compiled with hidden visibility: only these functions leave the shared object.
#pragma GCC visibility push(default)
extern "C" {

typedef struct sf_context sf_context;

enum sf_dtype { SF_F64 = 0, SF_I64 = 1, SF_BOOL = 2, SF_I32 = 3, SF_U64 = 4, SF_F32 = 5 };
enum sf_kind { SF_REQUIRED = 0, SF_OPTIONAL = 1 };

// One input or output of a model; its slot is its place in the table.
typedef struct sf_entry {
  const char* id;    // canonical, unique within the table
  const char* name;  // what a user calls it; several inputs may share it
  const char* unit;  // base SI unit, for people
  int32_t dtype;     // sf_dtype
  int32_t kind;      // sf_kind: an optional input may stay unset
  int64_t size;      // number of elements; -1 where only a run can tell
  int32_t broadcast; // 1: a single element stands for all of them
} sf_entry;

uint32_t sf_abi_version(void);
const char* sf_model_hash(void);
const sf_entry* sf_inputs(int32_t* count);
const sf_entry* sf_outputs(int32_t* count);

sf_context* sf_create(void);  // NULL when memory is short
int sf_set(sf_context*, int32_t slot, const void* data, int64_t count);  // copies; 0, or 1 and sf_error
int sf_run(sf_context*);                                                 // 0, or 1 and sf_error
const void* sf_read(sf_context*, int32_t slot, int64_t* count);          // owned by the context

// How many runs go through the time loop together, as a rule one. Of more than one, sf_create makes the contexts of
// all and returns the first; sf_lane returns the others. Each is set and read by itself; sf_run with the first runs
// all of them, and fails, with the error told by the first, if one of them does. sf_destroy takes the first.
int32_t sf_lane_count(void);
sf_context* sf_lane(sf_context*, int32_t lane);

// For a caller in the same process. The callback gets the number of a place at which the model calls Python, or
// SF_POLL now and then; it returns 0 to go on. sf_stop ends the run after the current step, as if it had been
// that long. sf_resume lets a new context go on where another one was, clock by clock; sf_clock_state tells
// where a clock is. The state arrays that sf_read gives may be written to between steps.
typedef int (*sf_callback)(void* user, int32_t place);
#define SF_POLL (-1)
void sf_set_callback(sf_context*, sf_callback callback, void* user);
void sf_stop(sf_context*);
int sf_resize(sf_context*, int32_t output, int64_t count);
void sf_resume(sf_context*, double time, int32_t clock, double dt, int64_t ticks);
double sf_clock_state(const sf_context*, int32_t clock, double* dt, int64_t* ticks);

double sf_progress(const sf_context*);  // 0 to 1, may be called from another thread
void sf_cancel(sf_context*);            // may be called from another thread or a signal handler
const char* sf_error(const sf_context*);
void sf_destroy(sf_context*);
}
#pragma GCC visibility pop
