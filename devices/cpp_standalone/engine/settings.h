// The values of a model's inputs, gathered from a parameters file and the command line.
#pragma once
#include <string>
#include <vector>

#include "program.h"

struct sf_setting {
  bool given = false;
  int64_t count = 0;
  std::vector<char> data;
};

// Later settings of the same input win. Problems are collected, so that a user sees all of them at once.
class sf_settings {
 public:
  explicit sf_settings(const sf_program& program);

  // Lines `id = value  # unit`; a value is a number, several separated by commas, or @FILE.npy, which is
  // looked for beside the parameters file.
  void read_file(const std::string& path);

  // `name` is an id, or what a user calls an input, which may be several inputs at once.
  void set(const std::string& name, const std::string& value, const std::string& where);

  // Every element of the input `seed`.
  void set_seed(const std::string& value);

  // Adds what has no value and needs one.
  void require_all();

  void add_problem(const std::string& problem) { problems_.push_back(problem); }
  const std::vector<std::string>& problems() const { return problems_; }
  const sf_setting& operator[](int32_t slot) const { return values_[(size_t)slot]; }

 private:
  std::string parse(const sf_entry& input, const std::string& value, const std::string& folder,
                    sf_setting& setting) const;
  void assign(int32_t slot, const std::string& value, const std::string& folder, const std::string& where);

  const sf_program& program_;
  std::vector<sf_setting> values_;
  std::vector<std::string> problems_;
};
