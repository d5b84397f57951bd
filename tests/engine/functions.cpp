// The engine's inline functions, callable from Python.
#include "engine/ahead.h"
#include "engine/buffer.h"
#include "engine/linalg.h"
#include "engine/mathx.h"
#include "engine/random.h"

#define EXPORT extern "C" __attribute__((visibility("default")))
#define UNARY(f) \
  EXPORT void test_##f(const double* __restrict x, double* __restrict out, int64_t n) { \
    for (int64_t i = 0; i < n; i++) out[i] = sf_##f(x[i]); \
  }
#define BINARY(f, T, name) \
  EXPORT void test_##name(const T* x, const T* y, T* out, int64_t n) { \
    for (int64_t i = 0; i < n; i++) out[i] = sf_##f(x[i], y[i]); \
  }

UNARY(exp)
UNARY(expm1)
UNARY(exprel)
UNARY(log)
UNARY(sign)
BINARY(mod, double, mod)
BINARY(mod, int64_t, mod_int)
BINARY(floordiv, double, floordiv)
BINARY(floordiv, int64_t, floordiv_int)
BINARY(min, double, minimum)
BINARY(max, double, maximum)

EXPORT void test_power(const double* x, double* out, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = i % 3 == 0 ? sf_int_pow<5>(x[i]) : i % 3 == 1 ? sf_int_pow<-2>(x[i]) : sf_int_pow<0>(x[i]);
}
EXPORT void test_clip(const double* x, double* out, int64_t n, double low, double high) {
  for (int64_t i = 0; i < n; i++) out[i] = sf_clip(x[i], low, high);
}
EXPORT int64_t test_timestep(double t, double dt) { return sf_timestep(t, dt); }
EXPORT void test_sincos_turn(const double* u, double* sine, double* cosine, int64_t n) {
  for (int64_t i = 0; i < n; i++) sf_sincos_turn(u[i], sine + i, cosine + i);
}

EXPORT void test_philox(const uint64_t* counter_and_key, uint64_t* words) {
  const uint64_t* c = counter_and_key;  // block, step, stream, seed
  const sf_words result = sf_philox(sf_make_site(c[3], (uint32_t)c[2], c[1]), c[0]);
  words[0] = result.w0;
  words[1] = result.w1;
}
#define DRAWS(kind) \
  EXPORT void test_fill_##kind(double* out, int64_t n, uint64_t seed, uint32_t stream, uint64_t step) { \
    sf_fill_##kind(out, n, seed, stream, step); \
  } \
  EXPORT void test_single_##kind(double* out, int64_t n, uint64_t seed, uint32_t stream, uint64_t step) { \
    for (int64_t i = 0; i < n; i++) out[i] = sf_##kind(i, n, seed, stream, step); \
  }
DRAWS(uniform)
DRAWS(normal)

template <int D>
static bool expm_of(int n, const double* A, double* P) {
  if (n == D) sf_expm<D>(A, P);
  return n == D;
}
EXPORT bool test_expm(int n, const double* A, double* P) {
  return expm_of<1>(n, A, P) || expm_of<2>(n, A, P) || expm_of<3>(n, A, P) || expm_of<5>(n, A, P) ||
         expm_of<20>(n, A, P);
}
EXPORT void test_phi1(const double* A, double dt, double* P, double* Q) { sf_phi1<2>(A, dt, P, Q); }

EXPORT int64_t test_buffer(int64_t* out, int64_t count) {
  sf_buffer<int64_t> buffer;
  for (int64_t i = 0; i < count; i++) {
    if (!buffer.append(i)) return -1;
  }
  const int64_t more[2] = {-1, -2};
  if (!buffer.append(more, 2) || !buffer.resize(count + 4)) return -1;
  if (buffer.reserve(INT64_MAX / 2)) return -2;  // no machine has that much
  memcpy(out, buffer.data, (size_t)buffer.size * 8);
  return buffer.size;
}

// `steps` steps from `first`, then the last but one again.
template <sf_distribution KIND>
static void ahead(double* out, int64_t n, int64_t steps, uint64_t seed, uint32_t stream, uint64_t first) {
  sf_ahead<KIND> draws;
  draws.prepare(3, ~seed, stream);
  draws.at(first);
  draws.prepare(n, seed, stream);
  for (int64_t s = 0; s <= steps; s++) {
    const double* values = draws.at(first + (uint64_t)(s == steps ? steps - 2 : s));
    memcpy(out + s * n, values, (size_t)n * sizeof(double));
  }
}
EXPORT void test_ahead_uniform(double* out, int64_t n, int64_t steps, uint64_t seed, uint32_t stream, uint64_t first) {
  ahead<SF_UNIFORM>(out, n, steps, seed, stream, first);
}
EXPORT void test_ahead_normal(double* out, int64_t n, int64_t steps, uint64_t seed, uint32_t stream, uint64_t first) {
  ahead<SF_NORMAL>(out, n, steps, seed, stream, first);
}
