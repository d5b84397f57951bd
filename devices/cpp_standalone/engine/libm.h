// The C library's mathematics without <cmath>, which alone would take a third of a model's compile time.
// Including <math.h> or <cmath> as well, before or after, does no harm.
#pragma once

#if defined(__APPLE__)
#define SF_NOTHROW
#else
#define SF_NOTHROW noexcept
#endif

extern "C" {
double acos(double) SF_NOTHROW;
double acosh(double) SF_NOTHROW;
double asin(double) SF_NOTHROW;
double asinh(double) SF_NOTHROW;
double atan(double) SF_NOTHROW;
double atan2(double, double) SF_NOTHROW;
double atanh(double) SF_NOTHROW;
double cbrt(double) SF_NOTHROW;
double ceil(double) SF_NOTHROW;
double copysign(double, double) SF_NOTHROW;
double cos(double) SF_NOTHROW;
double cosh(double) SF_NOTHROW;
double erf(double) SF_NOTHROW;
double erfc(double) SF_NOTHROW;
double exp(double) SF_NOTHROW;
double exp2(double) SF_NOTHROW;
double expm1(double) SF_NOTHROW;
double fabs(double) SF_NOTHROW;
double floor(double) SF_NOTHROW;
double fmod(double, double) SF_NOTHROW;
double hypot(double, double) SF_NOTHROW;
double lgamma(double) SF_NOTHROW;
double log(double) SF_NOTHROW;
double log10(double) SF_NOTHROW;
double log1p(double) SF_NOTHROW;
double log2(double) SF_NOTHROW;
double pow(double, double) SF_NOTHROW;
double rint(double) SF_NOTHROW;
double round(double) SF_NOTHROW;
double sin(double) SF_NOTHROW;
double sinh(double) SF_NOTHROW;
double sqrt(double) SF_NOTHROW;
double tan(double) SF_NOTHROW;
double tanh(double) SF_NOTHROW;
double tgamma(double) SF_NOTHROW;
double trunc(double) SF_NOTHROW;
}

#undef SF_NOTHROW
