// The standalone program: one model, linked in, run from the command line without Python.
#include <stdio.h>

#include "cli.h"

int main(int argc, char** argv) {
  sf_program program;
  program.abi_version = sf_abi_version;
  program.model_hash = sf_model_hash;
  program.inputs_of = sf_inputs;
  program.outputs_of = sf_outputs;
  program.create = sf_create;
  program.lane_count = sf_lane_count;
  program.lane = sf_lane;
  program.set = sf_set;
  program.run = sf_run;
  program.read = sf_read;
  program.progress = sf_progress;
  program.cancel = sf_cancel;
  program.error = sf_error;
  program.destroy = sf_destroy;
  const std::string error = sf_open_tables(program);
  if (!error.empty()) {
    fprintf(stderr, "error: %s\n", error.c_str());
    return 1;
  }
  return sf_command_line(program, argc, argv);
}
