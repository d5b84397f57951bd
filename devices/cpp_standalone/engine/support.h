// What every generated model needs besides its own kernels: inputs as they were set, clocks, TimedArrays.
#pragma once
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inline.h"

struct sf_input {
  void* data = nullptr;
  int64_t count = 0;  // 0: not set
};

// While it lives, results below 2^-1022 are zero: a trace that decays for long must not end among subnormal
// numbers, which many processors handle a hundred times more slowly.
struct sf_flush_subnormals {
#if defined(__SSE2__)
  unsigned before = __builtin_ia32_stmxcsr();
  sf_flush_subnormals() { __builtin_ia32_ldmxcsr(before | 0x8040u); }  // of results, and of operands
  ~sf_flush_subnormals() { __builtin_ia32_ldmxcsr(before); }
#elif defined(__aarch64__)
  uint64_t before;
  sf_flush_subnormals() {
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(before));
    __asm__ __volatile__("msr fpcr, %0" : : "r"(before | (uint64_t)1 << 24));
  }
  ~sf_flush_subnormals() { __asm__ __volatile__("msr fpcr, %0" : : "r"(before)); }
#else
  sf_flush_subnormals() {}
#endif
  sf_flush_subnormals(const sf_flush_subnormals&) = delete;
};

// A grid of time. It keeps its place between the runs of a program. Ticks are counted through all of them,
// whatever becomes of dt, so that no two of them draw the same random numbers.
struct sf_clock {
  double dt = 0, t = 0;
  int64_t step = 0, end = 0;
  int64_t before = 0;  // ticks made so far, less the steps that they stand for
  uint64_t tick() const { return (uint64_t)(step + before); }
};

// The first step at or after a time; a ten-thousandth of a step is taken for rounding.
static inline int64_t sf_first_step(double time, double dt) {
  const double steps = time / dt, nearest = round(steps);
  return (int64_t)(fabs(steps - nearest) <= 1e-4 ? nearest : ceil(steps));
}

// False where dt has changed and the new grid has no point at the start: time would be left out.
SF_APART static bool sf_set_clock(sf_clock& clock, double dt, double start, double stop) {
  const int64_t first = sf_first_step(start, dt);
  if (clock.dt != 0 && clock.dt != dt && fabs(start / dt - (double)first) > 1e-4) return false;
  clock.before += clock.step - first;
  clock.dt = dt;
  clock.step = first;
  clock.end = sf_first_step(stop, dt);
  clock.t = (double)clock.step * dt;
  return true;
}

// Number of steps that a duration is, one at least.
static inline int64_t sf_samples(double duration, double dt) {
  const double steps = ceil(duration / dt - 1e-4);
  return steps < 1 ? 1 : steps > 1e15 ? (int64_t)1e15 : (int64_t)steps;
}

struct sf_timed {
  const double* values = nullptr;
  double dt = 1;
  int64_t rows = 0, columns = 0;
};

// Held at both ends; a millionth of a sample is taken for rounding.
static inline double sf_timed_at(const sf_timed& array, double t, int64_t column) {
  double row = floor(t / array.dt + 1e-6);
  row = row < 0 ? 0 : row;
  row = row > (double)(array.rows - 1) ? (double)(array.rows - 1) : row;
  return array.values[(int64_t)row * array.columns + column];
}

// Which of many neurons a condition holds for: looked at in a loop without branches, a block at a time, and then
// collected eight at a time, because as a rule there are none.
#define SF_FLAGS 512

static inline uint8_t* sf_flags(uint64_t* words, int64_t count) {
  words[(count - 1) / 8] = 0;  // what the last word has beyond them
  return (uint8_t*)words;
}

static inline int64_t sf_collect(const uint64_t* words, int64_t first, int64_t last, int32_t* events, int64_t found) {
  const uint8_t* flags = (const uint8_t*)words;
  for (int64_t w = 0; w < (last - first + 7) / 8; ++w) {
    if (!words[w]) continue;
    for (int64_t k = 8 * w; k < 8 * w + 8; ++k) {
      events[found] = (int32_t)(first + k);
      found += flags[k];
    }
  }
  return found;
}

// Whole cache lines, of which no other array has a part; what is beyond `size` has the value too.
template <typename T>
static inline T* sf_new_array(int64_t size, T value) {
  const int64_t line = 64 / sizeof(T), padded = (size + line - 1) / line * line;
  void* memory = nullptr;
  if (posix_memalign(&memory, 64, (size_t)padded * sizeof(T))) return nullptr;
  T* array = (T*)memory;
  for (int64_t k = 0; k < padded; ++k) array[k] = value;
  return array;
}

// Whether an input that may be left out is, or has one value for all or one for each.
static inline bool sf_fits(const sf_input& input, int64_t size) {
  return input.count == 0 || input.count == 1 || input.count == size;
}

// An override: one value for all, or one each.
template <typename GIVEN, typename T>
static inline void sf_apply(T* target, int64_t size, const sf_input& input) {
  const GIVEN* given = (const GIVEN*)input.data;
  for (int64_t k = 0; k < size && input.count; ++k) target[k] = given[input.count == 1 ? 0 : k];
}
