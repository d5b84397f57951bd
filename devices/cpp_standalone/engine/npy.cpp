#include "npy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace {

// What follows `key` in the header's dictionary, e.g. "'<f8', ..." for 'descr'.
const char* after_key(const std::string& header, const char* key) {
  const size_t at = header.find(std::string("'") + key + "'");
  if (at == std::string::npos) return nullptr;
  const size_t colon = header.find(':', at);
  if (colon == std::string::npos) return nullptr;
  const char* value = header.c_str() + colon + 1;
  while (*value == ' ') value++;
  return value;
}

// Elements of a shape such as "(5,)" or "()"; -1 for anything that is not one-dimensional.
int64_t parse_shape(const char* text) {
  if (!text || *text != '(') return -1;
  char* end;
  if (text[1] == ')') return 1;
  const long long count = strtoll(text + 1, &end, 10);
  if (end == text + 1 || count < 0) return -1;
  if (*end == ',') end++;
  while (*end == ' ') end++;
  return *end == ')' ? count : -1;
}

std::string read_header(FILE* file, std::string& header) {
  unsigned char start[12];
  if (fread(start, 1, 10, file) != 10 || memcmp(start, "\x93NUMPY", 6) != 0) return "is not a .npy file";
  size_t length = start[8] | (size_t)start[9] << 8;
  if (start[6] >= 2) {
    if (fread(start + 10, 1, 2, file) != 2) return "ends within its header";
    length |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
  }
  if (length > 1 << 20) return "has a header that is too long";
  header.resize(length);
  return fread(&header[0], 1, length, file) == length ? "" : "ends within its header";
}

std::string read_body(FILE* file, const char* descr, std::vector<char>& data, int64_t& count) {
  std::string header;
  const std::string error = read_header(file, header);
  if (!error.empty()) return error;
  const char* type = after_key(header, "descr");
  const std::string wanted = std::string("'") + descr + "'";
  if (!type || strncmp(type, wanted.c_str(), wanted.size()) != 0) {
    const std::string found = type ? std::string(type).substr(0, 5) : "unknown";
    return "holds numbers of type " + found + ", not " + wanted;
  }
  count = parse_shape(after_key(header, "shape"));
  if (count < 0) return "is not one-dimensional";
  const long start = ftell(file);
  fseek(file, 0, SEEK_END);
  const int64_t item = descr[2] - '0';
  if ((int64_t)(ftell(file) - start) / item != count) return "is cut off or longer than its header says";
  fseek(file, start, SEEK_SET);
  data.resize((size_t)(count * item));
  return fread(data.data(), 1, data.size(), file) == data.size() ? "" : "cannot be read to its end";
}

}  // namespace

std::string sf_read_npy(const std::string& path, const char* descr, std::vector<char>& data, int64_t& count) {
  FILE* file = fopen(path.c_str(), "rb");
  if (!file) return path + ": " + strerror(errno);
  const std::string error = read_body(file, descr, data, count);
  fclose(file);
  return error.empty() ? "" : path + " " + error;
}
