// Reads a one-dimensional .npy file, little-endian, for the parameters of the standalone program.
#pragma once
#include <stdint.h>

#include <string>
#include <vector>

// Fills `data` with the file's bytes and `count` with its elements; `descr` is the type wanted, e.g. "<f8".
// Returns an error text, empty on success.
std::string sf_read_npy(const std::string& path, const char* descr, std::vector<char>& data, int64_t& count);
