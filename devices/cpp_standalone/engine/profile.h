// The time that single kernels take, in models built for that.
#pragma once
#include <time.h>

// Adds the seconds between its making and its end to a total.
class sf_stopwatch {
 public:
  explicit sf_stopwatch(double& total) : total_(total) { clock_gettime(CLOCK_MONOTONIC, &began_); }
  ~sf_stopwatch() {
    timespec ended;
    clock_gettime(CLOCK_MONOTONIC, &ended);
    total_ += (double)(ended.tv_sec - began_.tv_sec) + 1e-9 * (double)(ended.tv_nsec - began_.tv_nsec);
  }
  sf_stopwatch(const sf_stopwatch&) = delete;
  sf_stopwatch& operator=(const sf_stopwatch&) = delete;

 private:
  double& total_;
  timespec began_;
};
