// A resident process: requests in by one pipe, replies out by another, one run at a time, or as many as the model
// takes through the time loop together.
//
// Every frame is a header and a payload padded to 8 bytes, little-endian:
//   request  { u32 operation, u32 flags, u64 payload bytes }   flags 1 for a RUN whose progress is to be told
//   reply    { u32 status,    u32 0,     u64 payload bytes }   status 0, or 1 with an error text as payload
// Before the reply to such a RUN, frames of status 2 come now and then with the completed fraction, an f64.
// Payloads of requests:
//   BASE  inputs                    values of every run that does not say otherwise
//   RUN   u32 count of outputs, u32 0, u32 slots padded to 8, inputs
//   RUNS  u32 count of runs, u32 0, then as RUN, with inputs for each run
//   READ  u32 count of outputs, u32 0, u32 slots padded to 8; flags say which of the runs
//   SAVE  path                      writes an .npz with every output of the last run
//   QUIT
// where inputs are { u32 count, u32 0 } and for each { u32 slot, u32 0, u64 elements } and the data padded to 8.
// Payloads of replies: RUN and RUNS give { f64 seconds } and the outputs asked for, run after run, READ the outputs:
// for each { u64 elements } and the data padded to 8.
//
// The process ends when the other end of the request pipe closes or its parent dies, even within a run.
#pragma once
#include "program.h"

enum sf_status { SF_PROGRESS = 2 };
enum sf_operation { SF_OP_BASE = 1, SF_OP_RUN = 2, SF_OP_READ = 3, SF_OP_SAVE = 4, SF_OP_QUIT = 5, SF_OP_RUNS = 6 };

// Serves until told to quit; returns the exit status.
int sf_serve(const sf_program& program, int requests, int replies);
