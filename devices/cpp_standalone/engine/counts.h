// Poisson and binomial numbers of a whole population with the same parameters for all: bit for bit those of
// discrete.h, drawn for many elements at a time.
#pragma once
#include "buffer.h"
#include "discrete.h"

// Inversion by counting up (see sf_poisson): the probabilities of 0, 1, 2, … are the same for all elements.
struct sf_ladder {
  static const int64_t most = 200, stride = 4;
  double terms[most + stride];  // from `limit` on such as no uniform number has left
  int64_t limit = 0;

  void end(int64_t count) {
    limit = count;
    for (int64_t k = limit; k < most + stride; ++k) terms[k] = 2;
  }
};

// Each element climbs the ladder as long as its uniform number is not used up, and has -1 left then; all of them
// some steps at a time.
static inline void sf_climb(const sf_ladder& ladder, double* __restrict rest, int64_t* __restrict climbed, int64_t count) {
  for (int64_t j = 0; j < count; ++j) climbed[j] = 0;
  for (int64_t k = 0; k < ladder.limit; k += sf_ladder::stride) {
    const double* term = ladder.terms + k;
    int64_t any = 0;
    for (int64_t j = 0; j < count; ++j) {
      double left = rest[j];
      int64_t up = climbed[j];
      for (int64_t s = 0; s < sf_ladder::stride; ++s) {
        const bool goes = left >= term[s];
        left = goes ? left - term[s] : -1;
        up += goes;
      }
      rest[j] = left;
      climbed[j] = up;
      any |= left >= 0;
    }
    if (!any) break;
  }
}

static inline void sf_fill_by_counting(const sf_ladder& ladder, int64_t* out, int64_t size, int64_t sign, int64_t base,
                                       uint64_t seed, uint32_t stream, uint64_t step) {
  const sf_site site = sf_make_site(seed, stream, step);
  uint64_t w0[SF_CHUNK], w1[SF_CHUNK];
  double rest[SF_CHUNK];
  int64_t climbed[SF_CHUNK];
  for (int64_t first = 0; first < size; first += SF_CHUNK) {
    const int64_t count = size - first < SF_CHUNK ? size - first : SF_CHUNK;
    sf_philox_chunk(site, (uint64_t)first, count, w0, w1);
    for (int64_t j = 0; j < count; ++j) rest[j] = sf_uniform_of(w0[j]);
    sf_climb(ladder, rest, climbed, count);
    for (int64_t j = 0; j < count; ++j) out[first + j] = base + sign * climbed[j];
  }
}

struct sf_counts {
  sf_buffer<int64_t> values;
  sf_ladder ladder;
  double chance = -1, expected = -1;
  int64_t trials = -1;

  bool prepare(int64_t size) { return values.resize(size); }

  // `size` numbers of successes, valid until the next call.
  const int64_t* binomial(int64_t n, double p, uint64_t seed, uint32_t stream, uint64_t step) {
    const bool mirrored = p > 0.5;
    const double half = mirrored ? 1 - p : p;
    if (n <= 0 || !(p > 0) || p >= 1 || (double)n * half >= 10) {
      for (int64_t i = 0; i < values.size; ++i) values.data[i] = sf_binomial(n, p, i, values.size, seed, stream, step);
      return values.data;
    }
    if (n != trials || half != chance) climb_binomial(n, half);
    sf_fill_by_counting(ladder, values.data, values.size, mirrored ? -1 : 1, mirrored ? n : 0, seed, stream, step);
    return values.data;
  }

  const int64_t* poisson(double mean, uint64_t seed, uint32_t stream, uint64_t step) {
    if (!(mean > 0) || mean >= 10) {
      for (int64_t i = 0; i < values.size; ++i) values.data[i] = sf_poisson(mean, i, values.size, seed, stream, step);
      return values.data;
    }
    if (mean != expected) climb_poisson(mean);
    sf_fill_by_counting(ladder, values.data, values.size, 1, 0, seed, stream, step);
    return values.data;
  }

 private:
  void climb_binomial(int64_t n, double p) {
    const double q = 1 - p;
    trials = n;
    chance = p;
    const int64_t limit = n < sf_ladder::most ? n : sf_ladder::most;
    ladder.terms[0] = sf_exp(sf_log_binomial(0, (double)n, p, q));
    for (int64_t k = 1; k < limit; ++k) {
      double term = ladder.terms[k - 1];
      term *= (p / q) * (double)(n - k + 1) / (double)k;
      ladder.terms[k] = term;
    }
    ladder.end(limit);
  }

  void climb_poisson(double mean) {
    expected = mean;
    ladder.terms[0] = sf_exp(-mean);
    for (int64_t k = 1; k < sf_ladder::most; ++k) ladder.terms[k] = ladder.terms[k - 1] * (mean / (double)k);
    ladder.end(sf_ladder::most);
  }
};
