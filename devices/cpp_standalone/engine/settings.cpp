#include "settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "npy.h"

namespace {

std::string strip(const std::string& text) {
  const char* blank = " \t\r\n";
  const size_t first = text.find_first_not_of(blank);
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

template <typename T>
void append(std::vector<char>& data, T value) {
  const char* bytes = (const char*)&value;
  data.insert(data.end(), bytes, bytes + sizeof value);
}

// Appends the number that `text` is; an error text when it is none, or none of this type.
std::string append_number(int32_t dtype, const std::string& text, std::vector<char>& data) {
  char* end = nullptr;
  errno = 0;
  switch (dtype) {
    case SF_F64: {
      const double value = strtod(text.c_str(), &end);
      if (value != value) return "'" + text + "' is not a usable value";
      append(data, value);
      break;
    }
    case SF_U64:
      append(data, (uint64_t)strtoull(text.c_str(), &end, 10));
      if (text[0] == '-') return "'" + text + "' is below 0";
      break;
    case SF_BOOL: {
      const bool yes = text == "1" || text == "true" || text == "True";
      if (!yes && text != "0" && text != "false" && text != "False") return "'" + text + "' is neither true nor false";
      append(data, yes);
      return "";
    }
    default: {
      const long long value = strtoll(text.c_str(), &end, 10);
      if (dtype == SF_I32 && value != (int32_t)value) errno = ERANGE;
      dtype == SF_I32 ? append(data, (int32_t)value) : append(data, (int64_t)value);
    }
  }
  if (end == text.c_str() || *end) {
    return "'" + text + "' is not a " + (dtype == SF_F64 ? "number" : "whole number");
  }
  if (errno == ERANGE && dtype != SF_F64) return "'" + text + "' does not fit into " + sf_dtype_name(dtype);
  return "";
}

std::string first_nan(const sf_setting& setting) {
  for (int64_t i = 0; i < setting.count; i++) {
    double value;
    memcpy(&value, &setting.data[(size_t)i * 8], 8);
    if (value != value) return "element " + std::to_string(i) + " is NaN, which is not a usable value";
  }
  return "";
}

}  // namespace

sf_settings::sf_settings(const sf_program& program)
    : program_(program), values_((size_t)program.input_count) {}

void sf_settings::read_file(const std::string& path) {
  FILE* file = fopen(path.c_str(), "r");
  if (!file) return add_problem(path + ": " + strerror(errno));
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  char* line = nullptr;
  size_t room = 0;
  for (int number = 1; getline(&line, &room, file) >= 0; number++) {
    std::string text = line;
    text = strip(text.substr(0, text.find('#')));
    if (text.empty()) continue;
    const std::string where = path + ", line " + std::to_string(number);
    const size_t equals = text.find('=');
    if (equals == std::string::npos) {
      add_problem(where + ": '" + text + "' is not of the form id = value");
      continue;
    }
    const std::string id = strip(text.substr(0, equals));
    int32_t slot = 0;
    while (slot < program_.input_count && id != program_.inputs[slot].id) slot++;
    if (slot == program_.input_count) {
      add_problem(where + ": there is no input '" + id + "'");
    } else {
      assign(slot, strip(text.substr(equals + 1)), folder, where);
    }
  }
  free(line);
  fclose(file);
}

void sf_settings::set(const std::string& name, const std::string& value, const std::string& where) {
  bool found = false;
  for (int32_t slot = 0; slot < program_.input_count && !found; slot++) {
    if (name == program_.inputs[slot].id) assign(slot, value, "", where), found = true;
  }
  if (found) return;
  for (int32_t slot = 0; slot < program_.input_count; slot++) {
    if (name == program_.inputs[slot].name) assign(slot, value, "", where), found = true;
  }
  if (!found) add_problem(where + ": there is no input '" + name + "' (--list shows what there is)");
}

void sf_settings::set_seed(const std::string& value) {
  for (int32_t slot = 0; slot < program_.input_count; slot++) {
    const sf_entry& input = program_.inputs[slot];
    if (strcmp(input.id, "seed") != 0) continue;
    std::vector<char> one;
    const std::string error = append_number(input.dtype, value, one);
    if (!error.empty()) return add_problem("--seed: " + error);
    sf_setting& setting = values_[(size_t)slot];
    setting.given = true;
    setting.count = input.size;
    setting.data.clear();
    for (int64_t i = 0; i < input.size; i++) setting.data.insert(setting.data.end(), one.begin(), one.end());
    return;
  }
  add_problem("--seed: this model draws no random numbers");
}

void sf_settings::require_all() {
  for (int32_t slot = 0; slot < program_.input_count; slot++) {
    const sf_entry& input = program_.inputs[slot];
    if (input.kind == SF_REQUIRED && !values_[(size_t)slot].given) {
      add_problem(std::string("the input '") + input.id + "' has no value");
    }
  }
}

std::string sf_settings::parse(const sf_entry& input, const std::string& value, const std::string& folder,
                               sf_setting& setting) const {
  setting.given = true;
  if (value.empty()) return "has no value";
  std::string error;
  if (value[0] == '@') {
    const std::string path = value[1] == '/' ? value.substr(1) : folder + value.substr(1);
    error = sf_read_npy(path, sf_descr(input.dtype), setting.data, setting.count);
  } else {
    for (size_t start = 0; start <= value.size() && error.empty(); setting.count++) {
      const size_t comma = value.find(',', start) == std::string::npos ? value.size() : value.find(',', start);
      error = append_number(input.dtype, strip(value.substr(start, comma - start)), setting.data);
      start = comma + 1;
    }
  }
  if (!error.empty()) return error;
  if (input.size >= 0 && setting.count != input.size && !(setting.count == 1 && input.broadcast)) {
    return "needs " + std::to_string(input.size) + (input.broadcast ? " elements or 1, not " : " elements, not ") +
           std::to_string(setting.count);
  }
  return input.dtype == SF_F64 ? first_nan(setting) : "";
}

void sf_settings::assign(int32_t slot, const std::string& value, const std::string& folder,
                         const std::string& where) {
  sf_setting setting;
  const sf_entry& input = program_.inputs[slot];
  const std::string error = parse(input, value, folder, setting);
  if (error.empty()) {
    values_[(size_t)slot] = std::move(setting);
  } else {
    values_[(size_t)slot].given = true;  // there is a problem already: no need for another
    add_problem(where + ": " + input.id + ": " + error);
  }
}
