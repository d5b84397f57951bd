// Where compilers are to put the code of functions.
#pragma once

// A call that stays one keeps a loop from being vectorised, however long the loop is.
#define SF_INLINE __attribute__((always_inline)) inline

// A function whose loops are worth registers of their own, or which is called from many places: compiled once.
#define SF_APART __attribute__((noinline, unused))

// A function of the interface that has no loop that takes long: compiled quickly. Not for what a run calls: where that
// goes, compilers take for rare as well, kernels and all.
#define SF_RARE __attribute__((cold))
