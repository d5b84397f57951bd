// Functions over arrays, each compiled once however often it is called. Bit for bit what calls one by one give.
#pragma once
#include <stdint.h>

#include "mathx.h"
#include "support.h"

// How many neurons go through the stages of a loop together: what they keep from one to the next stays in the
// first-level cache.
#define SF_BLOCK 256

template <double (*FUNCTION)(double)>
SF_APART static void sf_over(double* x, int64_t count) {
  for (int64_t k = 0; k < count; ++k) x[k] = FUNCTION(x[k]);
}

template <float (*FUNCTION)(float)>
SF_APART static void sf_over(float* x, int64_t count) {
  for (int64_t k = 0; k < count; ++k) x[k] = FUNCTION(x[k]);
}
