#include "cli.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <string>

#include "npz.h"
#include "settings.h"

namespace {

const char* const USAGE =
    "usage: %s [NAME=VALUE ...] [--parameters FILE] [--results DIR] [--seed N] [--report SECONDS] [--list] [--help]\n"
    "\n"
    "Runs the model once and writes DIR/results.npz.\n"
    "\n"
    "  NAME=VALUE         an input by its id or by the name it has in the script; VALUE is in base SI units:\n"
    "                     a number, several separated by commas, or @FILE.npy\n"
    "  --parameters FILE  values of inputs, one `id = value` a line (parameters.txt beside the program)\n"
    "  --results DIR      where the results go, made if need be (results)\n"
    "  --seed N           the seed of every run() of the model\n"
    "  --report SECONDS   tell progress on stderr every so many seconds\n"
    "  --list             print inputs and outputs and do nothing else\n";

struct Request {
  std::string parameters;  // empty: the file beside the program, if there is one
  std::string results = "results";
  double report = 0;  // seconds between reports; 0 for none
  bool list = false;
  bool help = false;
};

void print_table(const char* title, const sf_entry* entries, int32_t count) {
  printf("%s\n", title);
  for (int32_t i = 0; i < count; i++) {
    const sf_entry& entry = entries[i];
    const std::string size = entry.size < 0 ? "?" : std::to_string(entry.size);
    printf("  %-32s %-20s %8s[%s] %s%s\n", entry.id, entry.name, sf_dtype_name(entry.dtype), size.c_str(),
           entry.unit, entry.kind == SF_OPTIONAL ? " (may stay unset)" : "");
  }
}

// The parameters file that lies beside the program.
std::string default_parameters(const char* program) {
  const char* slash = strrchr(program, '/');
  return (slash ? std::string(program, (size_t)(slash - program) + 1) : std::string()) + "parameters.txt";
}

// Options first: the file is read before what the command line says of single inputs.
Request read_options(int argc, char** argv, sf_settings& settings) {
  Request request;
  for (int i = 1; i < argc; i++) {
    const std::string word = argv[i];
    if (word == "--list") {
      request.list = true;
    } else if (word == "--help" || word == "-h") {
      request.help = true;
    } else if (word == "--parameters" || word == "--results" || word == "--seed" || word == "--report") {
      if (i + 1 == argc) {
        settings.add_problem(word + " needs a value");
        continue;
      }
      const char* value = argv[++i];
      if (word == "--parameters") request.parameters = value;
      if (word == "--results") request.results = value;
      if (word == "--report" && !((request.report = atof(value)) > 0)) {
        settings.add_problem(std::string("--report needs a number of seconds above 0, not '") + value + "'");
      }
    } else if (word[0] == '-' || word.find('=') == std::string::npos) {
      settings.add_problem("'" + word + "' is neither an option nor of the form NAME=VALUE");
    }
  }
  return request;
}

void read_values(int argc, char** argv, const Request& request, sf_settings& settings) {
  const std::string beside = default_parameters(argv[0]);
  if (!request.parameters.empty()) settings.read_file(request.parameters);
  else if (access(beside.c_str(), F_OK) == 0) settings.read_file(beside);
  for (int i = 1; i < argc; i++) {
    const std::string word = argv[i];
    const size_t equals = word.find('=');
    if (word == "--seed" && i + 1 < argc) settings.set_seed(argv[++i]);
    else if (word == "--parameters" || word == "--results" || word == "--report") i++;
    else if (word[0] != '-' && equals != std::string::npos) {
      settings.set(word.substr(0, equals), word.substr(equals + 1), "command line");
    }
  }
  settings.require_all();
}

// Makes the folder and those above it; an error text when that, or writing there, is impossible.
std::string make_folder(const std::string& path) {
  for (size_t slash = path.find('/', 1);; slash = path.find('/', slash + 1)) {
    const std::string part = path.substr(0, slash);
    if (mkdir(part.c_str(), 0777) != 0 && errno != EEXIST) return part + ": " + strerror(errno);
    if (slash == std::string::npos) break;
  }
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return path + ": " + strerror(errno);
  if (!S_ISDIR(status.st_mode)) return path + " is not a directory";
  return access(path.c_str(), W_OK | X_OK) == 0 ? "" : path + ": " + strerror(errno);
}

double now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

// Tells progress now and then while a context runs.
class Reporter {
 public:
  Reporter(const sf_program& program, sf_context* context, double period)
      : program_(program), context_(context), period_(period) {
    running_ = period > 0 && pthread_create(&thread_, nullptr, report, this) == 0;
  }

  ~Reporter() {
    if (!running_) return;
    pthread_mutex_lock(&mutex_);
    finished_ = true;
    pthread_cond_signal(&end_);
    pthread_mutex_unlock(&mutex_);
    pthread_join(thread_, nullptr);
  }

 private:
  static void* report(void* self) {
    ((Reporter*)self)->loop();
    return nullptr;
  }

  void loop() {
    const double start = now();
    timespec next;
    clock_gettime(CLOCK_REALTIME, &next);
    pthread_mutex_lock(&mutex_);
    while (!finished_) {
      const double nanoseconds = (double)next.tv_nsec + 1e9 * period_;
      next.tv_sec += (time_t)(nanoseconds / 1e9);
      next.tv_nsec = (long)(nanoseconds - 1e9 * (double)(time_t)(nanoseconds / 1e9));
      if (pthread_cond_timedwait(&end_, &mutex_, &next) != ETIMEDOUT) continue;
      const double done = program_.progress(context_), spent = now() - start;
      fprintf(stderr, "%.0f%% simulated in %.1f s", 100 * done, spent);
      if (done > 0) fprintf(stderr, ", about %.0f s to go", spent * (1 - done) / done);
      fprintf(stderr, "\n");
    }
    pthread_mutex_unlock(&mutex_);
  }

  const sf_program& program_;
  sf_context* context_;
  double period_;
  pthread_t thread_;
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t end_ = PTHREAD_COND_INITIALIZER;
  bool finished_ = false, running_ = false;
};

int simulate(const sf_program& program, const sf_settings& settings, const Request& request) {
  const std::string& results = request.results;
  sf_context* context = program.create();
  if (!context) {
    fprintf(stderr, "error: not enough memory for the model's state\n");
    return 1;
  }
  const double start = now();
  bool good = true;
  for (int32_t slot = 0; slot < program.input_count && good; slot++) {
    const sf_setting& setting = settings[slot];
    if (setting.given) good = program.set(context, slot, setting.data.data(), setting.count) == 0;
  }
  {
    const Reporter reporter(program, context, request.report);
    good = good && program.run(context) == 0;
  }
  const double seconds = now() - start;
  const std::string path = results + "/results.npz";
  const std::string error = good ? sf_save_npz(program, context, path) : program.error(context);
  program.destroy(context);
  if (!good || !error.empty()) {
    fprintf(stderr, "error: %s\n", error.c_str());
    return 1;
  }
  printf("simulated in %.3f s, wrote %s with %d arrays\n", seconds, path.c_str(), program.output_count);
  return 0;
}

}  // namespace

int sf_command_line(const sf_program& program, int argc, char** argv) {
  sf_settings settings(program);
  const Request request = read_options(argc, argv, settings);
  if (request.help) return printf(USAGE, argv[0]) < 0;
  if (request.list) {
    print_table("inputs", program.inputs, program.input_count);
    print_table("outputs", program.outputs, program.output_count);
    return 0;
  }
  read_values(argc, argv, request, settings);
  if (settings.problems().empty()) {
    const std::string error = make_folder(request.results);
    if (!error.empty()) settings.add_problem("--results: " + error);
  }
  for (const std::string& problem : settings.problems()) fprintf(stderr, "error: %s\n", problem.c_str());
  if (!settings.problems().empty()) return 2;
  return simulate(program, settings, request);
}
