// What generated code needs beyond C: Python's meaning of operators, functions that vectorise.
// Everything is inline and free of branches on data wherever that lets a loop be vectorised.
#pragma once
#include "libm.h"
#include "random.h"

// Before a loop whose rounds do not depend on each other, which compilers cannot tell from pointers alone.
#if defined(__clang__)
#define SF_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define SF_INDEPENDENT _Pragma("GCC ivdep")
#else
#define SF_INDEPENDENT
#endif

// --- Python's operators ---------------------------------------------------------------------------------

// x mod y with the sign of y, as Python's `%`; NaN for y = 0.
static inline double sf_mod(double x, double y) {
  const double rest = fmod(x, y);
  const double moved = ((rest < 0) != (y < 0)) ? rest + y : rest;
  return rest == 0 ? copysign(0.0, y) : moved;
}

// Division by zero gives 0 for integers, as in numpy.
static inline int64_t sf_mod(int64_t x, int64_t y) {
  const int64_t divisor = (y == 0) | (y == -1) ? 1 : y;  // the hardware traps on INT64_MIN % -1 too
  const int64_t rest = x % divisor;
  return rest != 0 && ((rest < 0) != (y < 0)) ? rest + y : rest;
}

// floor(x / y) such that x == y * floordiv(x, y) + mod(x, y) to rounding, as Python's `//`.
static inline double sf_floordiv(double x, double y) {
  const double rest = fmod(x, y);
  const double quotient = (x - rest) / y - ((rest != 0) & ((rest < 0) != (y < 0)) ? 1.0 : 0.0);
  const double whole = floor(quotient);
  const double nearest = quotient - whole > 0.5 ? whole + 1 : whole;
  const double settled = quotient != 0 ? nearest : copysign(0.0, x / y);
  return y == 0 ? x / y : settled;
}

static inline int64_t sf_floordiv(int64_t x, int64_t y) {
  if (y == 0) return 0;
  if (y == -1) return (int64_t)(0 - (uint64_t)x);
  const int64_t quotient = x / y;
  return quotient * y != x && ((x < 0) != (y < 0)) ? quotient - 1 : quotient;
}

// Two types of arguments meet as in Python: a whole number becomes a real one beside a real one.
static inline double sf_mod(double x, int64_t y) { return sf_mod(x, (double)y); }
static inline double sf_mod(int64_t x, double y) { return sf_mod((double)x, y); }
static inline double sf_floordiv(double x, int64_t y) { return sf_floordiv(x, (double)y); }
static inline double sf_floordiv(int64_t x, double y) { return sf_floordiv((double)x, y); }
static inline int64_t sf_mod(int32_t x, int32_t y) { return sf_mod((int64_t)x, (int64_t)y); }
static inline int64_t sf_mod(int64_t x, int32_t y) { return sf_mod(x, (int64_t)y); }
static inline int64_t sf_mod(int32_t x, int64_t y) { return sf_mod((int64_t)x, y); }
static inline double sf_mod(double x, int32_t y) { return sf_mod(x, (double)y); }
static inline double sf_mod(int32_t x, double y) { return sf_mod((double)x, y); }
static inline int64_t sf_floordiv(int32_t x, int32_t y) { return sf_floordiv((int64_t)x, (int64_t)y); }
static inline int64_t sf_floordiv(int64_t x, int32_t y) { return sf_floordiv(x, (int64_t)y); }
static inline int64_t sf_floordiv(int32_t x, int64_t y) { return sf_floordiv((int64_t)x, y); }
static inline double sf_floordiv(double x, int32_t y) { return sf_floordiv(x, (double)y); }
static inline double sf_floordiv(int32_t x, double y) { return sf_floordiv((double)x, y); }

// x to a whole power by repeated multiplication; a negative power is the reciprocal of the positive one.
template <int N, typename T>
static inline T sf_int_pow(T x) {
  if constexpr (N < 0) {
    return 1 / sf_int_pow<-N>(x);
  } else if constexpr (N == 0) {
    return 1;
  } else if constexpr (N == 1) {
    return x;
  } else {
    const T root = sf_int_pow<N / 2>(x);
    return N % 2 ? root * root * x : root * root;
  }
}

// --- small functions ------------------------------------------------------------------------------------

// NaN stays NaN, as in numpy.
SF_INLINE static double sf_clip(double x, double low, double high) {
  const double raised = x < low ? low : x;
  return raised > high ? high : raised;
}

SF_INLINE static double sf_sign(double x) { return x != x ? x : (double)((x > 0) - (x < 0)); }

// One of two numbers, without a branch.
SF_INLINE static double sf_choose(bool which, double yes, double no) {
  const uint64_t rest = sf_to_bits(no);
  return sf_from_bits(rest ^ ((sf_to_bits(yes) ^ rest) & (0 - (uint64_t)which)));
}

SF_INLINE static double sf_min(double a, double b) { return b < a || b != b ? b : a; }
SF_INLINE static double sf_max(double a, double b) { return b > a || b != b ? b : a; }

// The step that time t belongs to. Times are sums of dt and carry rounding errors, hence the thousandth.
SF_INLINE static int64_t sf_timestep(double t, double dt) { return (int64_t)((t + 1e-3 * dt) / dt); }

// --- exponentials that vectorise ------------------------------------------------------------------------
// x = k log 2 + r with |r| <= log(2) / 2 and log 2 in two parts; exp(r) - 1 = r + r^2 p(r) with a
// near-minimax p; 2^k in two factors, so that results beyond 2^1023 and below 2^-1022 come out too.

struct sf_reduced {
  double tail;          // exp(r) - 1
  double scale, rest;   // scale * rest = 2^k
};

// Any x, infinities and NaN included, |x| beyond 800 taken as 800.
SF_INLINE static sf_reduced sf_reduce_exp(double x) {
  const double magic = 0x1.8p52;
  const double bounded = sf_clip(x, -800, 800);
  const double k = (bounded * 0x1.71547652b82fep+0 + magic) - magic;
  const double r = (bounded - k * 0x1.62e42fef00000p-1) - k * 0x1.473de6af278edp-34;
  const double r2 = r * r, r4 = r2 * r2;
  const double p = ((0.5 + r * 0x1.5555555555557p-3) + r2 * (0x1.5555555555556p-5 + r * 0x1.11111111100dfp-7)) +
                   r4 * (((0x1.6c16c16c162d6p-10 + r * 0x1.a01a01abe6327p-13) +
                          r2 * (0x1.a01a01a6d7833p-16 + r * 0x1.71de0237479e4p-19)) +
                         r4 * ((0x1.27e4db67abc75p-22 + r * 0x1.af4ddda32bea9p-26) + r2 * 0x1.1f72fc848c527p-29));
  const double half = (k * 0.5 + magic) - magic;
  const uint64_t first = sf_to_bits(half + magic) + 1023, second = sf_to_bits((k - half) + magic) + 1023;
  return {r + r2 * p, sf_from_bits(first << 52), sf_from_bits(second << 52)};
}

// exp(x), error < 1.1 ulp (more where the result is subnormal).
SF_INLINE static double sf_exp(double x) {
  const sf_reduced e = sf_reduce_exp(x);
  return (1 + e.tail) * e.scale * e.rest;
}

// exp(x) - 1, error < 2 ulp.
SF_INLINE static double sf_expm1(double x) {
  const sf_reduced e = sf_reduce_exp(x);
  const double half_power = 0.5 * e.scale * e.rest;  // 2^k itself overflows a little before exp(x) - 1 does
  const double value = 2 * ((half_power - 0.5) + half_power * e.tail);
  const double whole = (e.scale * e.rest == 1) ? e.tail : value;
  return (x < 0x1p-54) & (x > -0x1p-54) ? x : whole;
}

// (exp(x) - 1) / x, and 1 at x = 0.
SF_INLINE static double sf_exprel(double x) {
  const double quotient = sf_expm1(x) / x;
  const double limited = x > 0x1.fffffffffffffp1023 ? x : quotient;
  return x == 0 ? 1 : limited;
}

// log(x) for any x; error < 1 ulp.
SF_INLINE static double sf_log(double x) {
  const bool subnormal = x < 0x1p-1022;
  const double scaled = subnormal ? x * 0x1p54 : x;
  const double value = sf_log_positive(scaled) - (subnormal ? 54 * 0x1.62e42fefa39efp-1 : 0);
  const double limited = x > 0x1.fffffffffffffp1023 ? x : value;
  const double at_zero = x == 0 ? -__builtin_inf() : limited;
  return x >= 0 ? at_zero : __builtin_nan("");
}
