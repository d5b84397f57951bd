// Writes the outputs of a run as an uncompressed .npz archive that numpy.load reads.
#pragma once
#include <string>

#include "program.h"

// One member `<id>.npy` per output, written to `<path>.partial` and renamed when complete.
// Returns an error text, empty on success; nothing is left behind on failure.
std::string sf_save_npz(const sf_program& program, sf_context* context, const std::string& path);
