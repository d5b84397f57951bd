// A model as the programs around it see it: the functions of model.h, linked in or loaded.
#pragma once
#include <string>

#include "model.h"

struct sf_program {
  decltype(&sf_abi_version) abi_version = nullptr;
  decltype(&sf_model_hash) model_hash = nullptr;
  decltype(&sf_inputs) inputs_of = nullptr;
  decltype(&sf_outputs) outputs_of = nullptr;
  decltype(&sf_create) create = nullptr;
  decltype(&sf_lane_count) lane_count = nullptr;
  decltype(&sf_lane) lane = nullptr;
  decltype(&sf_set) set = nullptr;
  decltype(&sf_run) run = nullptr;
  decltype(&sf_read) read = nullptr;
  decltype(&sf_progress) progress = nullptr;
  decltype(&sf_cancel) cancel = nullptr;
  decltype(&sf_error) error = nullptr;
  decltype(&sf_destroy) destroy = nullptr;

  const sf_entry* inputs = nullptr;
  const sf_entry* outputs = nullptr;
  int32_t input_count = 0;
  int32_t output_count = 0;
};

static inline int64_t sf_item_size(int32_t dtype) {
  switch (dtype) {
    case SF_BOOL: return 1;
    case SF_I32: return 4;
    case SF_F32: return 4;
    default: return 8;
  }
}

// As .npy files write it.
static inline const char* sf_descr(int32_t dtype) {
  switch (dtype) {
    case SF_I64: return "<i8";
    case SF_BOOL: return "|b1";
    case SF_I32: return "<i4";
    case SF_U64: return "<u8";
    case SF_F32: return "<f4";
    default: return "<f8";
  }
}

static inline const char* sf_dtype_name(int32_t dtype) {
  switch (dtype) {
    case SF_F64: return "float64";
    case SF_F32: return "float32";
    case SF_I64: return "int64";
    case SF_BOOL: return "bool";
    case SF_I32: return "int32";
    default: return "uint64";
  }
}

// Reads the tables; an error text when the model speaks another version of the interface.
static inline std::string sf_open_tables(sf_program& program) {
  if (program.abi_version() != SF_ABI_VERSION) {
    return "the model was generated for version " + std::to_string(program.abi_version()) +
           " of the model interface, this program speaks version " + std::to_string(SF_ABI_VERSION);
  }
  program.inputs = program.inputs_of(&program.input_count);
  program.outputs = program.outputs_of(&program.output_count);
  return "";
}
