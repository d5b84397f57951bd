// The language's functions under their own names, for C++ code that users write for functions of theirs.
#pragma once
#include <math.h>

#include <algorithm>
#include <cmath>

#include "mathx.h"
#include "random.h"
#include "support.h"

// Where a function with state is being called; what it draws follows from that.
struct sf_call_site {
  uint64_t seed = 0, step = 0, draws = 0;
  int64_t elements = 1;
  uint32_t stream = 0;
};
static thread_local sf_call_site sf_here;

static inline void sf_call_at(int64_t elements, uint64_t seed, uint32_t stream, uint64_t step) {
  sf_here = {seed, step, 0, elements, stream};
}

namespace sf_language {
static inline double clip(double x, double low, double high) { return sf_clip(x, low, high); }
static inline double sign(double x) { return sf_sign(x); }
static inline double exprel(double x) { return sf_exprel(x); }
static inline double arcsin(double x) { return ::asin(x); }
static inline double arccos(double x) { return ::acos(x); }
static inline double arctan(double x) { return ::atan(x); }
static inline int64_t timestep(double t, double dt) { return sf_timestep(t, dt); }
static inline int64_t _timestep(double t, double dt) { return sf_timestep(t, dt); }
static inline int64_t int_(double x) { return (int64_t)x; }
// The first draw of a call, the second one and so on: numbers of their own for each element and step.
static inline double _rand(int64_t i) {
  return sf_uniform(i, sf_here.elements, sf_here.seed, sf_here.stream, sf_here.step + (sf_here.draws++ << 48));
}
static inline double _randn(int64_t i) {
  return sf_normal(i, sf_here.elements, sf_here.seed, sf_here.stream, sf_here.step + (sf_here.draws++ << 48));
}
static inline double rand(int64_t i) { return _rand(i); }
static inline double randn(int64_t i) { return _randn(i); }
}  // namespace sf_language
