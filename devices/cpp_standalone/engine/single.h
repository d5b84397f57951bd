// Mathematics in single precision: functions that vectorise, and the C library's.
#pragma once
#include "mathx.h"

#if defined(__APPLE__)
#define SF_NOTHROW
#else
#define SF_NOTHROW noexcept
#endif

extern "C" {
float acosf(float) SF_NOTHROW;
float asinf(float) SF_NOTHROW;
float atanf(float) SF_NOTHROW;
float ceilf(float) SF_NOTHROW;
float cosf(float) SF_NOTHROW;
float coshf(float) SF_NOTHROW;
float fabsf(float) SF_NOTHROW;
float floorf(float) SF_NOTHROW;
float log10f(float) SF_NOTHROW;
float log1pf(float) SF_NOTHROW;
float powf(float, float) SF_NOTHROW;
float sinf(float) SF_NOTHROW;
float sinhf(float) SF_NOTHROW;
float sqrtf(float) SF_NOTHROW;
float tanf(float) SF_NOTHROW;
float tanhf(float) SF_NOTHROW;
}

#undef SF_NOTHROW

static_assert(sizeof(float) == sizeof(int32_t), "numbers in single precision have 32 bits");

SF_INLINE static float sf_float_of(int32_t bits) {
  float value;
  __builtin_memcpy(&value, &bits, sizeof value);
  return value;
}

SF_INLINE static int32_t sf_bits_of(float value) {
  int32_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}

SF_INLINE static float sf_clipf(float x, float low, float high) {
  const float raised = x < low ? low : x;
  return raised > high ? high : raised;
}

SF_INLINE static float sf_signf(float x) { return x != x ? x : (float)((x > 0) - (x < 0)); }

// x = k log 2 + r as in mathx.h; exp(r) - 1 by its series, whose ninth term is below 2^-31 for |r| <= log(2) / 2.
struct sf_reducedf {
  float tail, scale, rest;
};

SF_INLINE static sf_reducedf sf_reduce_expf(float x) {
  const float bounded = sf_clipf(x, -110.0f, 100.0f);
  const float magic = 0x1.8p23f;
  const float k = (bounded * 0x1.715476p+0f + magic) - magic;
  const float r = (bounded - k * 0x1.62e400p-1f) - k * 0x1.7f7d1cp-20f;
  const float r2 = r * r;
  const float p = (0.5f + r * 0x1.555556p-3f) +
                  r2 * ((0x1.555556p-5f + r * 0x1.111112p-7f) + r2 * (0x1.6c16c2p-10f + r * 0x1.a01a02p-13f));
  const int32_t whole = (int32_t)k, first = whole / 2, second = whole - first;
  return {r + r2 * p, sf_float_of((first + 127) << 23), sf_float_of((second + 127) << 23)};
}

SF_INLINE static float sf_expf(float x) {
  const sf_reducedf e = sf_reduce_expf(x);
  return (1 + e.tail) * e.scale * e.rest;
}

SF_INLINE static float sf_expm1f(float x) {
  const sf_reducedf e = sf_reduce_expf(x);
  const float half_power = 0.5f * e.scale * e.rest;
  const float value = 2 * ((half_power - 0.5f) + half_power * e.tail);
  const float whole = (e.scale * e.rest == 1) ? e.tail : value;
  return (x < 0x1p-25f) & (x > -0x1p-25f) ? x : whole;
}

SF_INLINE static float sf_exprelf(float x) {
  const float quotient = sf_expm1f(x) / x;
  const float limited = x > 0x1.fffffep127f ? x : quotient;
  return x == 0 ? 1 : limited;
}

// x = m 2^e with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh((m - 1) / (m + 1)) by its series.
SF_INLINE static float sf_logf(float x) {
  const bool subnormal = x < 0x1p-126f;
  const int32_t bits = sf_bits_of(subnormal ? x * 0x1p24f : x) - 0x3f3504f3;
  const float e = (float)(bits >> 23) - (subnormal ? 24.0f : 0.0f);
  const float m = sf_float_of((bits & 0x7fffff) + 0x3f3504f3);
  const float f = m - 1, s = f / (2 + f), s2 = s * s;
  const float series = s2 * (0x1.555556p-1f + s2 * (0x1.99999ap-2f + s2 * (0x1.24924ap-2f + s2 * 0x1.c71c72p-3f)));
  const float value = (e * 0x1.62e400p-1f + f) - (s * (f - series) - e * 0x1.7f7d1cp-20f);
  const float limited = x > 0x1.fffffep127f ? x : value;
  const float at_zero = x == 0 ? -__builtin_inff() : limited;
  return x >= 0 ? at_zero : __builtin_nanf("");
}
