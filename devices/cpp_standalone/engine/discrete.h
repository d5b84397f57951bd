// Whole numbers from distributions with parameters of their own for each element: Poisson and binomial.
// Like all draws they are pure functions of seed, call site (stream), time step and element.
//
// Element i has a block of its own for each trial: counter = {i, low word of step, high word of step +
// 2^16 * trial, stream}, which gives the two uniform numbers u and v. One trial is the rule for small means
// (inversion by counting up), a little more than one on average for others (rejection from a transformed
// uniform number: Hoermann 1993, Insurance: Mathematics and Economics 12, 39-45 and J. Stat. Comput. Simul.
// 46, 101-110). Probabilities are computed with saddle-point deviances (Loader 2000), accurate for any size.
// The logarithm is the one of random.h: the same bits on every machine.
#pragma once
#include <math.h>

#include "mathx.h"
#include "random.h"

struct sf_pair {
  double u, v;
};

static inline sf_pair sf_trial(int64_t i, uint64_t seed, uint32_t stream, uint64_t step, uint64_t trial) {
  const sf_words words = sf_philox(sf_make_site(seed, stream, step + (trial << 48)), (uint64_t)i);
  return {sf_uniform_of(words.w0), sf_uniform_of(words.w1)};
}

static const uint64_t sf_most_trials = 4096;  // each is accepted with a probability of more than 0.6

// log k! - ((k + 1/2) log k - k + log(2 pi) / 2) for k >= 1.
static inline double sf_stirling_error(double k) {
  static const double small[10] = {0,
                                   0x1.4c071bcda0a5bp-4, 0x1.52a9b923ea649p-5, 0x1.c579a268d80b3p-6,
                                   0x1.54a2662fd78a9p-6, 0x1.10b4e513fcbedp-6, 0x1.c6b167bebdf36p-7,
                                   0x1.85d4d612e4a86p-7, 0x1.552805e7b3076p-7, 0x1.2f4871b12ab64p-7};
  if (k < 10) return small[(int)k];
  const double z = 1 / (k * k);
  return (1.0 / 12 - z * (1.0 / 360 - z * (1.0 / 1260 - z * (1.0 / 1680 - z * (1.0 / 1188))))) / k;
}

// k log(k / mean) + mean - k, without the cancellation.
static inline double sf_deviance(double k, double mean) {
  const double d = (k - mean) / mean, whole = 1 + d;
  const double log1p = whole == 1 ? d : sf_log(whole) * (d / (whole - 1));
  return mean * ((1 + d) * log1p - d);
}

static const double sf_half_log_2pi = 0x1.d67f1c864beb5p-1;

static inline double sf_log_poisson(double k, double mean) {
  if (k == 0) return -mean;
  return -sf_stirling_error(k) - sf_deviance(k, mean) - sf_half_log_2pi - 0.5 * sf_log(k);
}

static inline double sf_log_binomial(double k, double n, double p, double q) {
  if (k == 0) return p < 0.1 ? -sf_deviance(n, n * q) - n * p : n * sf_log(q);
  if (k == n) return n * sf_log(p);
  const double rest = n - k;
  return sf_stirling_error(n) - sf_stirling_error(k) - sf_stirling_error(rest) - sf_deviance(k, n * p) -
         sf_deviance(rest, n * q) - sf_half_log_2pi + 0.5 * sf_log(n / k / rest);
}

// A mean that is not positive gives 0, one that no 64-bit number holds counts as 2^62.
static inline int64_t sf_poisson(double mean, int64_t i, int64_t, uint64_t seed, uint32_t stream, uint64_t step) {
  if (!(mean > 0)) return 0;
  const double lambda = mean < 0x1p62 ? mean : 0x1p62;
  if (lambda < 10) {
    double rest = sf_trial(i, seed, stream, step, 0).u, term = sf_exp(-lambda);
    int64_t k = 0;
    while (rest >= term && k < 200) {
      rest -= term;
      term *= lambda / (double)++k;
    }
    return k;
  }
  const double b = 0.931 + 2.53 * __builtin_sqrt(lambda), a = -0.059 + 0.02483 * b;
  const double scale = 1.1239 + 1.1328 / (b - 3.4), quick = 0.9277 - 3.6224 / (b - 2);
  for (uint64_t trial = 0; trial < sf_most_trials; trial++) {
    const sf_pair drawn = sf_trial(i, seed, stream, step, trial);
    const double u = drawn.u - 0.5, edge = 0.5 - fabs(u);
    const double k = floor((2 * a / edge + b) * u + lambda + 0.43);
    if (edge >= 0.07 && drawn.v <= quick) return (int64_t)k;
    if (!(k >= 0) || !(k < 0x1p63) || (edge < 0.013 && drawn.v > edge)) continue;
    if (sf_log(drawn.v * scale / (a / (edge * edge) + b)) <= sf_log_poisson(k, lambda)) return (int64_t)k;
  }
  return (int64_t)lambda;
}

// Successes of n trials with probability p, p at most 1/2.
static inline int64_t sf_binomial_half(int64_t n, double p, int64_t i, uint64_t seed, uint32_t stream, uint64_t step) {
  const double q = 1 - p, count = (double)n, mean = count * p;
  if (mean < 10) {
    double rest = sf_trial(i, seed, stream, step, 0).u, term = sf_exp(sf_log_binomial(0, count, p, q));
    int64_t k = 0;
    while (rest >= term && k < n && k < 200) {
      rest -= term;
      k++;
      term *= (p / q) * (double)(n - k + 1) / (double)k;
    }
    return k;
  }
  const double deviation = __builtin_sqrt(mean * q), b = 1.15 + 2.53 * deviation;
  const double a = -0.0873 + 0.0248 * b + 0.01 * p, scale = (2.83 + 5.1 / b) * deviation, quick = 0.92 - 4.2 / b;
  const double top = sf_log_binomial(floor((count + 1) * p), count, p, q);
  for (uint64_t trial = 0; trial < sf_most_trials; trial++) {
    const sf_pair drawn = sf_trial(i, seed, stream, step, trial);
    const double u = drawn.u - 0.5, edge = 0.5 - fabs(u);
    const double k = floor((2 * a / edge + b) * u + mean + 0.5);
    if (edge >= 0.07 && drawn.v <= quick) return (int64_t)k;
    if (!(k >= 0 && k <= count)) continue;
    const double height = drawn.v * scale / (a / (edge * edge) + b);
    if (sf_log(height) <= sf_log_binomial(k, count, p, q) - top) return (int64_t)k;
  }
  return (int64_t)mean;
}

static inline int64_t sf_binomial(int64_t n, double p, int64_t i, int64_t, uint64_t seed, uint32_t stream,
                                  uint64_t step) {
  if (n <= 0 || !(p > 0)) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - sf_binomial_half(n, 1 - p, i, seed, stream, step);
  return sf_binomial_half(n, p, i, seed, stream, step);
}

// A normally distributed number instead where more than five successes and failures are to be expected.
static inline double sf_binomial_approximate(int64_t n, double p, int64_t i, int64_t size, uint64_t seed,
                                             uint32_t stream, uint64_t step) {
  const double mean = (double)n * p, failures = (double)n * (1 - p);
  if (!(mean > 5 && failures > 5)) return (double)sf_binomial(n, p, i, size, seed, stream, step);
  return mean + __builtin_sqrt(mean * (1 - p)) * sf_normal(i, size, seed, stream, step);
}
