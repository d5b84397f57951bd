// What runs that go through the time loop together need: random numbers laid side by side, and events looked for.
#pragma once
#include "ahead.h"
#include "support.h"

// Before a loop over lanes: unrolled as a whole before the vectoriser sees it, it would end as scalar code.
#if defined(__clang__)
#define SF_TOGETHER _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define SF_TOGETHER _Pragma("GCC ivdep") _Pragma("GCC unroll 1")
#else
#define SF_TOGETHER
#endif

template <typename T>
static inline void sf_lay(T* out, int64_t stride, const T* values, int64_t count) {
  for (int64_t k = 0; k < count; ++k) out[k * stride] = values[k];
}

// An override of what one lane has.
template <typename GIVEN, int64_t LANES, typename T>
static inline void sf_apply_apart(T* target, int64_t size, const sf_input& input) {
  const GIVEN* given = (const GIVEN*)input.data;
  for (int64_t k = 0; k < size && input.count; ++k) target[k * LANES] = given[input.count == 1 ? 0 : k];
}

// Of which lanes something holds.
template <int64_t LANES>
struct sf_lane_flags {
  alignas(64) int64_t flag[LANES];

  bool any() const {
    int64_t found = 0;
    for (int64_t l = 0; l < LANES; ++l) found |= flag[l];
    return found != 0;
  }
};

// The draws of one call site in all lanes: element i of lane l at i * LANES + l. Each lane has the numbers that it
// would have alone.
template <typename AHEAD, int64_t LANES>
struct sf_laid {
  AHEAD one[LANES];
  sf_buffer<double> values;
  int64_t n = 0, steps = 1;
  uint64_t first = 0;
  bool filled = false;

  bool prepare(int64_t elements, const uint64_t* seeds, uint32_t stream) {
    bool fits = true;
    for (int64_t l = 0; l < LANES; ++l) fits = one[l].prepare(elements, seeds[l], stream) && fits;
    n = elements;
    steps = one[0].steps;
    filled = false;
    return fits && values.resize(n * steps * LANES);
  }

  const double* at(uint64_t step) {
    if (!filled || step - first >= (uint64_t)steps) {
      first = step;
      filled = true;
      for (int64_t l = 0; l < LANES; ++l) sf_lay(values.data + l, LANES, one[l].at(step), n * steps);
    }
    return values.data + (int64_t)(step - first) * n * LANES;
  }
};
