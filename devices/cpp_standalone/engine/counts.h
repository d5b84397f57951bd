// Poisson and binomial numbers of a whole population with the same parameters for all: bit for bit those of
// discrete.h, drawn for many elements at a time.
#pragma once
#include "buffer.h"
#include "discrete.h"

// Inversion by counting up (see sf_poisson): the probabilities of 0, 1, 2, … are the same for all elements.
struct sf_ladder {
  double terms[201];
  int64_t limit = 0;
};

// Each element climbs the ladder as long as its uniform number is not used up; all of them step by step.
static inline void sf_climb(const sf_ladder& ladder, double* rest, int64_t* climbed, int64_t count) {
  int64_t going[SF_CHUNK];
  for (int64_t j = 0; j < count; ++j) climbed[j] = 0, going[j] = 1;
  for (int64_t k = 0; k < ladder.limit; ++k) {
    const double term = ladder.terms[k];
    int64_t any = 0;
    for (int64_t j = 0; j < count; ++j) {
      going[j] &= rest[j] >= term;
      rest[j] -= going[j] ? term : 0;
      climbed[j] += going[j];
      any |= going[j];
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
    ladder.limit = n < 200 ? n : 200;
    ladder.terms[0] = sf_exp(sf_log_binomial(0, (double)n, p, q));
    for (int64_t k = 1; k <= ladder.limit; ++k) {
      double term = ladder.terms[k - 1];
      term *= (p / q) * (double)(n - k + 1) / (double)k;
      ladder.terms[k] = term;
    }
  }

  void climb_poisson(double mean) {
    expected = mean;
    ladder.limit = 200;
    ladder.terms[0] = sf_exp(-mean);
    for (int64_t k = 1; k <= 200; ++k) ladder.terms[k] = ladder.terms[k - 1] * (mean / (double)k);
  }
};
