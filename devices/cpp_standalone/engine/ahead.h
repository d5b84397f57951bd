// Draws of small populations made some steps ahead. A vector unit works on several blocks at once, and a
// few elements have too few of them in one step; the numbers are those of sf_uniform and sf_normal.
#pragma once
#include "buffer.h"
#include "random.h"

enum sf_distribution { SF_UNIFORM, SF_NORMAL };

// Of `steps` steps from `first`, element i of step s at out[s * n + i]; at most SF_CHUNK blocks in all.
template <sf_distribution KIND>
static inline void sf_fill_steps(double* out, int64_t n, int64_t steps, uint64_t seed, uint32_t stream,
                                 uint64_t first) {
  const sf_site site = sf_make_site(seed, stream, first);
  const int64_t half = (n + 1) / 2, count = half * steps;
  uint64_t block[SF_CHUNK], low[SF_CHUNK], high[SF_CHUNK], w0[SF_CHUNK], w1[SF_CHUNK];
  double left[SF_CHUNK], right[SF_CHUNK];
  for (int64_t s = 0, j = 0; s < steps; s++) {
    for (int64_t b = 0; b < half; b++, j++) {
      block[j] = (uint64_t)b;
      low[j] = (first + (uint64_t)s) & 0xffffffffu;
      high[j] = (first + (uint64_t)s) >> 32;
    }
  }
  const int64_t padded = (count + SF_LANES - 1) / SF_LANES * SF_LANES;
  for (int64_t j = count; j < padded; j++) block[j] = low[j] = high[j] = 0;
  for (int64_t j = 0; j < padded; j += SF_LANES) {
    sf_lanes c0, c1, c2;
    memcpy(&c0, block + j, sizeof c0);
    memcpy(&c1, low + j, sizeof c1);
    memcpy(&c2, high + j, sizeof c2);
    sf_philox_lanes(site, c0, c1, c2, sf_lanes{} + site.stream, w0 + j, w1 + j);
  }
  for (int64_t j = 0; j < padded; j++) {
    if (KIND == SF_NORMAL) {
      sf_normals_of(w0[j], w1[j], &left[j], &right[j]);
    } else {
      left[j] = sf_uniform_of(w0[j]);
      right[j] = sf_uniform_of(w1[j]);
    }
  }
  for (int64_t s = 0, j = 0; s < steps; s++, j += half) {
    for (int64_t b = 0; b < half; b++) out[s * n + b] = left[j + b];
    for (int64_t b = half; b < n; b++) out[s * n + b] = right[j + b - half];
  }
}

// The draws of one call site, step after step:
//     sf_ahead<SF_NORMAL> xi;
//     if (!xi.prepare(n, seed, stream)) ...          // out of memory
//     const double* values = xi.at(step);            // n of them, valid until the next call
// Any order of steps is right; one after the other is fast.
template <sf_distribution KIND>
struct sf_ahead {
  sf_buffer<double> values;
  int64_t n = 0, steps = 1;
  uint64_t seed = 0, first = 0;
  uint32_t stream = 0;
  bool filled = false;

  // Forgets what was drawn ahead; false when memory is short.
  bool prepare(int64_t elements, uint64_t new_seed, uint32_t new_stream) {
    const int64_t half = (elements + 1) / 2;
    n = elements;
    seed = new_seed;
    stream = new_stream;
    steps = half > 0 && half <= SF_CHUNK / 2 ? SF_CHUNK / half : 1;
    filled = false;
    return values.resize(n * steps);
  }

  const double* at(uint64_t step) {
    if (!filled || step - first >= (uint64_t)steps) {
      first = step;
      filled = true;
      if (steps > 1) {
        sf_fill_steps<KIND>(values.data, n, steps, seed, stream, step);
      } else if (KIND == SF_NORMAL) {
        sf_fill_normal(values.data, n, seed, stream, step);
      } else {
        sf_fill_uniform(values.data, n, seed, stream, step);
      }
    }
    return values.data + (int64_t)(step - first) * n;
  }
};
