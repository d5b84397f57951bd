// Exponentials of small dense matrices, row by row, for the exact integration of linear equations.
#pragma once
#include <stdint.h>

#include "libm.h"

// out = a b
static inline void sf_matmul(int n, const double* a, const double* b, double* out) {
  for (int i = 0; i < n; i++) {
    for (int j = 0; j < n; j++) {
      double sum = 0;
      for (int k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
      out[i * n + j] = sum;
    }
  }
}

// E = exp(A h) - 1 and, times 1/h, the integral Q = 1/h int_0^h exp(A s) ds, by scaling and squaring
// (Moler & Van Loan 2003, "Nineteen dubious ways", method 3; Higham 2005 on why it is stable):
// B = A h / 2^s with |B| <= 1/2; the Taylor series of (exp(B) - 1) / B to B^14 leaves a relative remainder of
// at most (1/2)^15 / 16! * 1.1 < 2e-18, beyond double precision; then s doublings
//     Q(2h) = Q(h) + E(h) Q(h) / 2,   E(2h) = 2 E(h) + E(h)^2.
// Squaring exp - 1 rather than exp keeps small rates accurate when other entries force many doublings, and
// every operation commutes with a change of units of the variables. Singular A is no special case.
// `work` holds 3 n^2. A that is not finite gives NaN.
static inline void sf_expm1_phi(int n, const double* A, double h, double* E, double* Q, double* work) {
  const int size = n * n;
  double* B = work;
  double* product = work + size;
  double* next = work + 2 * size;
  double norm = 0;
  for (int j = 0; j < n; j++) {
    double column = 0;
    for (int i = 0; i < n; i++) column += fabs(A[i * n + j] * h);
    norm = column > norm || column != column ? column : norm;
  }
  if (!(norm <= 1e300)) {
    for (int i = 0; i < size; i++) E[i] = Q[i] = __builtin_nan("");
    return;
  }
  int doublings = 0;
  double scale = 1;
  for (; norm * scale > 0.5; doublings++) scale *= 0.5;
  for (int i = 0; i < size; i++) B[i] = A[i] * h * scale;

  for (int i = 0; i < size; i++) Q[i] = i % (n + 1) == 0;
  for (int k = 15; k >= 2; k--) {  // Horner: 1 + B/2 (1 + B/3 (1 + ...))
    sf_matmul(n, B, Q, product);
    for (int i = 0; i < size; i++) Q[i] = product[i] / k + (i % (n + 1) == 0);
  }
  sf_matmul(n, B, Q, E);
  for (; doublings > 0; doublings--) {
    sf_matmul(n, E, Q, product);
    sf_matmul(n, E, E, next);
    for (int i = 0; i < size; i++) {
      Q[i] += 0.5 * product[i];
      E[i] = 2 * E[i] + next[i];
    }
  }
}

// P = exp(A)
template <int D>
static inline void sf_expm(const double* A, double* P) {
  double Q[D * D], work[3 * D * D];
  sf_expm1_phi(D, A, 1, P, Q, work);
  for (int i = 0; i < D; i++) P[i * D + i] += 1;
}

// P = exp(A dt) and Q = int_0^dt exp(A s) ds: x' = A x + b takes x to P x + Q b in dt.
template <int D>
static inline void sf_phi1(const double* A, double dt, double* P, double* Q) {
  double work[3 * D * D];
  sf_expm1_phi(D, A, dt, P, Q, work);
  for (int i = 0; i < D; i++) P[i * D + i] += 1;
  for (int i = 0; i < D * D; i++) Q[i] *= dt;
}
