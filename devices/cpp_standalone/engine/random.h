// Random numbers as a pure function of where they are used: seed, call site (stream), time step, element.
// Nothing is kept between draws, so a run draws the same numbers alone, in a batch, on any worker.
//
// Generator: Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
// Key = the 64-bit seed, counter = {block, low word of step, high word of step, stream}.
//
// What a draw is, for every device. Of n elements (at most 2^33), element i belongs to block b:
//   H = (n + 1) / 2,  b = i < H ? i : i - H;  the block's words are w0 = x0 + 2^32 x1 and w1 = x2 + 2^32 x3.
//   uniform: u = (w >> 11) * 2^-53 in [0, 1), w = w0 for i < H, w1 otherwise.
//   normal (Box & Muller 1958): u1 = ((w0 >> 11) + 1) * 2^-53, u2 = (w1 >> 11) * 2^-53,
//           r = sqrt(-2 log u1);  r cos(2 pi u2) for i < H, r sin(2 pi u2) otherwise.
// Logarithm, sine and cosine are the polynomials below: IEEE additions, multiplications, divisions and
// square roots in the order written and no fused multiply-add (compile with -ffp-contract=off), hence the
// same bits from a vectorised loop, a single draw, another CPU, or numpy.
#pragma once
#include <stdint.h>
#include <string.h>

#include "inline.h"

#if defined(__clang__)
#pragma clang fp contract(off)
#endif

// --- bits -----------------------------------------------------------------------------------------------

SF_INLINE static double sf_from_bits(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

SF_INLINE static uint64_t sf_to_bits(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

// count * 2^-53, exact for count <= 2^53. Two halves put into the mantissas of 2^52 and 2^84, because few
// vector units convert 64-bit integers; the same number comes from those that do.
SF_INLINE static double sf_fraction(uint64_t count) {
#if defined(__AVX512DQ__)
  return (double)(int64_t)count * 0x1p-53;
#else
  const double low = sf_from_bits((count & 0xffffffffu) | 0x4330000000000000u);
  const double high = sf_from_bits((count >> 32) | 0x4530000000000000u);
  return ((high - (0x1p84 + 0x1p52)) + low) * 0x1p-53;
#endif
}

// --- elementary functions -------------------------------------------------------------------------------

// Natural logarithm of a normal positive number, error < 1 ulp: x = 2^k (1 + f), s = f / (2 + f),
// log(1 + f) = 2 atanh(s), with a near-minimax polynomial in s^2 for what follows the leading term.
SF_INLINE static double sf_log_positive(double x) {
  const uint64_t sqrt_half = 0x3fe6a09e667f3bcdu;
  const uint64_t shifted = sf_to_bits(x) + (0x3ff0000000000000u - sqrt_half);
  const double k = sf_from_bits((shifted >> 52) | 0x4330000000000000u) - (0x1p52 + 1023);
  const double f = sf_from_bits((shifted & 0x000fffffffffffffu) + sqrt_half) - 1;
  const double s = f / (2 + f), z = s * s, z2 = z * z, half_square = 0.5 * f * f;
  const double p = (0x1.5555555555558p-1 + z * 0x1.99999999952e2p-2) +
                   z2 * (0x1.2492492df148dp-2 + z * 0x1.c71c62e58003bp-3) +
                   (z2 * z2) * ((0x1.7462b4ab305efp-3 + z * 0x1.39fe60651c98fp-3) + z2 * 0x1.2b584ab008dc8p-3);
  const double low = s * (half_square + z * p) + k * 0x1.a39ef35793c76p-33;
  return k * 0x1.62e42fee00000p-1 - ((half_square - low) - f);
}

// sin and cos of 2 pi u, 0 <= u <= 1, absolute error < 2e-16: the quadrant is taken off exactly, the rest is
// a near-minimax polynomial on [-pi/4, pi/4] with pi/2 in two parts.
SF_INLINE static void sf_sincos_turn(double u, double* sine, double* cosine) {
  const double rounded = 4 * u + 0x1.8p52;
  const uint64_t quadrant = sf_to_bits(rounded);
  const double t = 4 * u - (rounded - 0x1.8p52), z = t * t, z2 = z * z, z4 = z2 * z2;
  const double s = (-0x1.4abbce625be52p-1 + z * 0x1.466bc6775a476p-4) +
                   z2 * (-0x1.32d2cce500387p-8 + z * 0x1.50783208843ebp-13) +
                   z4 * (-0x1.e3027dea82bd4p-19 + z * 0x1.e4a9d9166ef25p-25);
  const double c = (-0x1.3bd3cc9be45dep+0 + z * 0x1.03c1f081b5ac0p-2) +
                   z2 * (-0x1.55d3c7e3cb241p-6 + z * 0x1.e1f5068688d5bp-11) +
                   z4 * ((-0x1.a6d1eef479be1p-16 + z * 0x1.f9ce245cada08p-22) + z2 * -0x1.b2f3eb054aeb9p-28);
  const uint64_t sin_t = sf_to_bits(t * 0x1.921fb54442d18p+0 + t * (0x1.1a62633145c07p-54 + z * s));
  const uint64_t cos_t = sf_to_bits(1 + z * c);
  const uint64_t swap = (sin_t ^ cos_t) & (0 - (quadrant & 1));
  *sine = sf_from_bits((sin_t ^ swap) ^ ((quadrant & 2) << 62));
  *cosine = sf_from_bits((cos_t ^ swap) ^ (((quadrant + 1) & 2) << 62));
}

// --- Philox ---------------------------------------------------------------------------------------------

struct sf_words {
  uint64_t w0, w1;
};

// Where a call draws: everything of the counter and key but the block.
struct sf_site {
  uint64_t keys[20];  // of the ten rounds, 32 bits each
  uint64_t step_low, step_high, stream;
};

static inline sf_site sf_make_site(uint64_t seed, uint32_t stream, uint64_t step) {
  sf_site site;
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
    site.keys[2 * round] = k0;
    site.keys[2 * round + 1] = k1;
  }
  site.step_low = (uint32_t)step;
  site.step_high = step >> 32;
  site.stream = stream;
  return site;
}

static inline sf_words sf_philox(const sf_site& site, uint64_t block) {
  const uint64_t low = 0xffffffffu;
  uint64_t c0 = block & low, c1 = site.step_low, c2 = site.step_high, c3 = site.stream;
  for (int round = 0; round < 10; round++) {
    const uint64_t p0 = c0 * 0xD2511F53u, p1 = c2 * 0xCD9E8D57u;
    c0 = (p1 >> 32) ^ c1 ^ site.keys[2 * round];
    c2 = (p0 >> 32) ^ c3 ^ site.keys[2 * round + 1];
    c1 = p1 & low;
    c3 = p0 & low;
  }
  return {c0 | c1 << 32, c2 | c3 << 32};
}

// As many blocks at a time as the vector unit holds 64-bit lanes. Spelt out, because compilers miss that one
// instruction multiplies two 32-bit numbers to 64 bits in every lane.
#if defined(__AVX512F__)
#define SF_LANES 8
#elif defined(__AVX2__)
#define SF_LANES 4
#else
#define SF_LANES 2
#endif
typedef uint64_t sf_lanes __attribute__((vector_size(8 * SF_LANES)));

// The product of the low halves of each lane.
static inline sf_lanes sf_multiply_low(sf_lanes a, uint64_t factor) {
#if defined(__GNUC__) && !defined(__clang__) && defined(__SSE2__)
  typedef int halves __attribute__((vector_size(8 * SF_LANES)));
  const halves x = (halves)a, y = (halves)(sf_lanes{} + factor);
#if SF_LANES == 8
  typedef long long whole __attribute__((vector_size(64)));
  return (sf_lanes)__builtin_ia32_pmuludq512_mask(x, y, (whole)a, (unsigned char)-1);
#elif SF_LANES == 4
  return (sf_lanes)__builtin_ia32_pmuludq256(x, y);
#else
  return (sf_lanes)__builtin_ia32_pmuludq128(x, y);
#endif
#else
  return (a & 0xffffffffu) * factor;
#endif
}

// Ten rounds on lanes whose upper halves are never looked at; the words of each lane's block.
static inline void sf_philox_lanes(const sf_site& site, sf_lanes c0, sf_lanes c1, sf_lanes c2, sf_lanes c3,
                                   uint64_t* w0, uint64_t* w1) {
  for (int round = 0; round < 10; round++) {
    const sf_lanes p0 = sf_multiply_low(c0, 0xD2511F53u), p1 = sf_multiply_low(c2, 0xCD9E8D57u);
    c0 = (p1 >> 32) ^ c1 ^ site.keys[2 * round];
    c2 = (p0 >> 32) ^ c3 ^ site.keys[2 * round + 1];
    c1 = p1;
    c3 = p0;
  }
  c0 = (c0 & 0xffffffffu) | c1 << 32;
  c2 = (c2 & 0xffffffffu) | c3 << 32;
  memcpy(w0, &c0, sizeof c0);
  memcpy(w1, &c2, sizeof c2);
}

#define SF_CHUNK 256  // blocks worked on at once: they stay in the first-level cache

// The words of `count` blocks from `first`; both arrays hold SF_CHUNK.
static inline void sf_philox_chunk(const sf_site& site, uint64_t first, int64_t count, uint64_t* w0, uint64_t* w1) {
  sf_lanes block;
  for (int lane = 0; lane < SF_LANES; lane++) block[lane] = first + (uint64_t)lane;
  for (int64_t j = 0; j < count; j += SF_LANES, block += SF_LANES) {
    sf_philox_lanes(site, block, sf_lanes{} + site.step_low, sf_lanes{} + site.step_high,
                    sf_lanes{} + site.stream, w0 + j, w1 + j);
  }
}

// --- draws ----------------------------------------------------------------------------------------------

SF_INLINE static double sf_uniform_of(uint64_t word) { return sf_fraction(word >> 11); }

SF_INLINE static void sf_normals_of(uint64_t w0, uint64_t w1, double* first, double* second) {
  const double r = __builtin_sqrt(-2 * sf_log_positive(sf_fraction((w0 >> 11) + 1)));
  double sine, cosine;
  sf_sincos_turn(sf_fraction(w1 >> 11), &sine, &cosine);
  *first = r * cosine;
  *second = r * sine;
}

// Element i of n.
static inline double sf_uniform(int64_t i, int64_t n, uint64_t seed, uint32_t stream, uint64_t step) {
  const int64_t half = (n + 1) / 2;
  const sf_words words = sf_philox(sf_make_site(seed, stream, step), (uint64_t)(i < half ? i : i - half));
  return sf_uniform_of(i < half ? words.w0 : words.w1);
}

static inline double sf_normal(int64_t i, int64_t n, uint64_t seed, uint32_t stream, uint64_t step) {
  const int64_t half = (n + 1) / 2;
  const sf_words words = sf_philox(sf_make_site(seed, stream, step), (uint64_t)(i < half ? i : i - half));
  double first, second;
  sf_normals_of(words.w0, words.w1, &first, &second);
  return i < half ? first : second;
}

// All n elements; bit for bit what the functions above give one by one.
SF_APART static void sf_fill_uniform(double* out, int64_t n, uint64_t seed, uint32_t stream, uint64_t step) {
  const sf_site site = sf_make_site(seed, stream, step);
  const int64_t half = (n + 1) / 2;
  uint64_t w0[SF_CHUNK], w1[SF_CHUNK];
  for (int64_t first = 0; first < half; first += SF_CHUNK) {
    const int64_t count = half - first < SF_CHUNK ? half - first : SF_CHUNK;
    const int64_t pairs = n - half - first < count ? n - half - first : count;
    double* __restrict left = out + first;
    double* __restrict right = out + half + first;
    sf_philox_chunk(site, (uint64_t)first, count, w0, w1);
    for (int64_t j = 0; j < count; j++) left[j] = sf_uniform_of(w0[j]);
    for (int64_t j = 0; j < pairs; j++) right[j] = sf_uniform_of(w1[j]);
  }
}

SF_APART static void sf_fill_normal(double* out, int64_t n, uint64_t seed, uint32_t stream, uint64_t step) {
  const sf_site site = sf_make_site(seed, stream, step);
  const int64_t half = (n + 1) / 2;
  uint64_t w0[SF_CHUNK], w1[SF_CHUNK];
  for (int64_t first = 0; first < half; first += SF_CHUNK) {
    const int64_t count = half - first < SF_CHUNK ? half - first : SF_CHUNK;
    const int64_t pairs = n - half - first < count ? n - half - first : count;
    double* __restrict left = out + first;
    double* __restrict right = out + half + first;
    sf_philox_chunk(site, (uint64_t)first, count, w0, w1);
    for (int64_t j = 0; j < pairs; j++) sf_normals_of(w0[j], w1[j], &left[j], &right[j]);
    if (pairs < count) {  // an odd n leaves the last block's second number out
      double unused;
      sf_normals_of(w0[pairs], w1[pairs], &left[pairs], &unused);
    }
  }
}
