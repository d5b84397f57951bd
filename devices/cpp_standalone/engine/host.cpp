// Loads a compiled model and serves runs of it:  host --serve REQUESTS REPLIES MODEL
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve.h"

namespace {

template <typename Function>
bool bind(void* library, const char* name, Function*& function) {
  function = (Function*)dlsym(library, name);
  if (!function) fprintf(stderr, "the model lacks %s\n", name);
  return function != nullptr;
}

bool load(const char* path, sf_program& program) {
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    fprintf(stderr, "cannot load the model: %s\n", dlerror());
    return false;
  }
  const bool complete = bind(library, "sf_abi_version", program.abi_version) &&
                        bind(library, "sf_model_hash", program.model_hash) &&
                        bind(library, "sf_inputs", program.inputs_of) &&
                        bind(library, "sf_outputs", program.outputs_of) &&
                        bind(library, "sf_create", program.create) &&
                        bind(library, "sf_lane_count", program.lane_count) &&
                        bind(library, "sf_lane", program.lane) && bind(library, "sf_set", program.set) &&
                        bind(library, "sf_run", program.run) && bind(library, "sf_read", program.read) &&
                        bind(library, "sf_progress", program.progress) &&
                        bind(library, "sf_cancel", program.cancel) && bind(library, "sf_error", program.error) &&
                        bind(library, "sf_destroy", program.destroy);
  if (!complete) return false;
  const std::string error = sf_open_tables(program);
  if (!error.empty()) fprintf(stderr, "%s\n", error.c_str());
  return error.empty();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5 || strcmp(argv[1], "--serve") != 0) {
    fprintf(stderr, "usage: %s --serve REQUESTS REPLIES MODEL\n", argv[0]);
    return 2;
  }
  sf_program program;
  if (!load(argv[4], program)) return 1;
  return sf_serve(program, atoi(argv[2]), atoi(argv[3]));
}
