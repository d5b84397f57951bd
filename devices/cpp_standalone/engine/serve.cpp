#include "serve.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "npz.h"

namespace {

struct Header {
  uint32_t code, flags;
  uint64_t size;
};

struct Lifeline {
  int requests;
  pid_t parent;
};

// The run whose progress is to be told, if any. Whoever holds the mutex may write to the pipe.
struct Progress {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  const sf_program* program = nullptr;
  sf_context* context = nullptr;
  int replies = -1;

  void watch(const sf_program& run_by, sf_context* run, int pipe) {
    pthread_mutex_lock(&mutex);
    program = &run_by;
    context = run;
    replies = pipe;
    pthread_mutex_unlock(&mutex);
  }

  void tell() {
    pthread_mutex_lock(&mutex);
    if (context) {
      const struct {
        Header header;
        double done;
      } frame = {{SF_PROGRESS, 0, sizeof(double)}, program->progress(context)};
      if (write(replies, &frame, sizeof frame) < 0) context = nullptr;  // nobody listens
    }
    pthread_mutex_unlock(&mutex);
  }
};

Progress progress;

// Ends the process, within a run too, when nobody can want its result any more. Another process may hold a
// copy of the pipe (a fork of the parent), so the parent itself is looked at as well.
void* watch(void* argument) {
  const Lifeline line = *(Lifeline*)argument;
  for (;;) {
    pollfd hangup = {line.requests, 0, 0};
    const int ready = poll(&hangup, 1, 100);
    if (ready == 0) progress.tell();
    const bool closed = ready > 0 && (hangup.revents & (POLLHUP | POLLERR | POLLNVAL));
    if (closed || getppid() != line.parent) _exit(0);
  }
}

bool read_all(int fd, void* data, uint64_t count) {
  for (char* at = (char*)data; count > 0;) {
    const ssize_t got = read(fd, at, count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    count -= (uint64_t)got;
  }
  return true;
}

const char ZEROS[8] = {};

// A reply is gathered from where its parts lie; large outputs are never copied.
class Reply {
 public:
  void add(const void* data, uint64_t bytes) {
    if (bytes) parts_.push_back({(void*)data, bytes});
    if (bytes % 8) parts_.push_back({(void*)ZEROS, 8 - bytes % 8});
    size_ += (bytes + 7) / 8 * 8;
  }

  bool send(int fd, uint32_t status) {
    Header header = {status, 0, size_};
    parts_.insert(parts_.begin(), {&header, sizeof header});
    for (size_t next = 0; next < parts_.size();) {
      const size_t batch = parts_.size() - next < 64 ? parts_.size() - next : 64;
      ssize_t sent = writev(fd, &parts_[next], (int)batch);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return false;
      for (; next < parts_.size() && (size_t)sent >= parts_[next].iov_len; next++) {
        sent -= (ssize_t)parts_[next].iov_len;
      }
      if (sent > 0) {
        parts_[next].iov_base = (char*)parts_[next].iov_base + sent;
        parts_[next].iov_len -= (size_t)sent;
      }
    }
    return true;
  }

 private:
  std::vector<iovec> parts_;
  uint64_t size_ = 0;
};

struct Value {
  int64_t count = -1;  // -1: not given
  const char* data = nullptr;
};

// Takes a payload apart; every number is checked against what is left of it.
class Reader {
 public:
  Reader(const std::vector<char>& bytes) : at_(bytes.data()), left_(bytes.size()) {}

  bool take(void* into, uint64_t count) {
    const char* from = skip(count);
    if (!from) return false;
    memcpy(into, from, count);
    return true;
  }

  const char* skip(uint64_t count) {
    if (count > left_) return nullptr;
    const uint64_t padded = (count + 7) / 8 * 8 <= left_ ? (count + 7) / 8 * 8 : left_;
    const char* from = at_;
    at_ += padded;
    left_ -= padded;
    return from;
  }

 private:
  const char* at_;
  uint64_t left_;
};

class Server {
 public:
  Server(const sf_program& program, int requests, int replies)
      : program_(program), requests_(requests), replies_(replies), base_((size_t)program.input_count) {}

  ~Server() { forget(); }

  int loop() {
    Header header;
    std::vector<char> payload;
    while (read_all(requests_, &header, sizeof header)) {
      payload.resize(header.size);
      if (!read_all(requests_, payload.data(), header.size)) return 1;
      if (header.code == SF_OP_QUIT) return 0;
      Reply reply;
      error_.clear();
      flags_ = header.flags;
      answer(header.code, payload, reply);
      if (!error_.empty()) {
        Reply failure;
        failure.add(error_.data(), error_.size());
        if (!failure.send(replies_, 1)) return 1;
      } else if (!reply.send(replies_, 0)) {
        return 1;
      }
    }
    return 0;
  }

 private:
  void answer(uint32_t operation, std::vector<char>& payload, Reply& reply) {
    Reader reader(payload);
    switch (operation) {
      case SF_OP_BASE: {
        base_bytes_.swap(payload);
        Reader kept(base_bytes_);
        base_.assign((size_t)program_.input_count, Value());
        take_inputs(kept, base_);
        return;
      }
      case SF_OP_RUN: return run(1, reader, reply);
      case SF_OP_RUNS: {
        uint32_t head[2];
        if (reader.take(head, sizeof head) && head[0] >= 1 && head[0] <= (uint32_t)program_.lane_count()) {
          return run(head[0], reader, reply);
        }
        malformed();
        return;
      }
      case SF_OP_READ:
        if (take_slots(reader)) {
          counts_.assign(slots_.size(), 0);
          give_outputs(flags_, counts_.data(), reply);
        }
        return;
      case SF_OP_SAVE:
        error_ = context_ ? sf_save_npz(program_, context_, std::string(payload.data(), strnlen(payload.data(), payload.size())))
                          : "there is no run to save";
        return;
      default: error_ = "unknown operation " + std::to_string(operation);
    }
  }

  // Lanes without a run of their own repeat the last one.
  bool set_inputs(uint32_t runs, Reader& reader) {
    const uint32_t lanes = (uint32_t)program_.lane_count();
    std::vector<Value> values;
    for (uint32_t lane = 0; lane < lanes; lane++) {
      if (lane < runs) {
        values = base_;
        if (!take_inputs(reader, values)) return false;
      }
      sf_context* context = program_.lane(context_, (int32_t)lane);
      for (int32_t slot = 0; slot < program_.input_count; slot++) {
        const Value& value = values[(size_t)slot];
        if (value.count < 0 || program_.set(context, slot, value.data, value.count) == 0) continue;
        error_ = program_.error(context);
        return false;
      }
    }
    return true;
  }

  void run(uint32_t runs, Reader& reader, Reply& reply) {
    if (!take_slots(reader)) return;
    forget();
    context_ = program_.create();
    if (!context_) {
      error_ = "not enough memory for the model's state";
      return;
    }
    if (!set_inputs(runs, reader)) return forget();
    timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (flags_) progress.watch(program_, context_, replies_);
    const bool good = program_.run(context_) == 0;
    progress.watch(program_, nullptr, replies_);
    clock_gettime(CLOCK_MONOTONIC, &end);
    fflush(stdout);  // what inserted code has printed
    seconds_ = (double)(end.tv_sec - start.tv_sec) + 1e-9 * (double)(end.tv_nsec - start.tv_nsec);
    if (!good) {
      const char* text = program_.error(context_);
      error_ = text && *text ? text : "the simulation failed without saying why";
      forget();
      return;
    }
    reply.add(&seconds_, sizeof seconds_);
    counts_.assign(slots_.size() * runs, 0);
    for (uint32_t lane = 0; lane < runs; lane++) give_outputs(lane, counts_.data() + lane * slots_.size(), reply);
  }

  bool take_slots(Reader& reader) {
    uint32_t head[2];
    slots_.clear();
    if (!reader.take(head, sizeof head)) return malformed();
    slots_.resize(head[0] <= (uint32_t)program_.output_count ? head[0] : 0);
    if (slots_.size() != head[0] || !reader.take(slots_.data(), 4 * slots_.size())) return malformed();
    for (uint32_t slot : slots_) {
      if (slot >= (uint32_t)program_.output_count) return malformed();
    }
    return true;
  }

  bool take_inputs(Reader& reader, std::vector<Value>& values) {
    uint32_t head[2];
    if (!reader.take(head, sizeof head)) return malformed();
    for (uint32_t i = 0; i < head[0]; i++) {
      uint32_t slot[2];
      uint64_t count;
      if (!reader.take(slot, sizeof slot) || !reader.take(&count, sizeof count)) return malformed();
      if (slot[0] >= (uint32_t)program_.input_count || count > (uint64_t)1 << 56) return malformed();
      const char* data = reader.skip(count * (uint64_t)sf_item_size(program_.inputs[slot[0]].dtype));
      if (!data) return malformed();
      values[slot[0]] = {(int64_t)count, data};
    }
    return true;
  }

  // What `counts` holds has to stay until the reply is sent.
  void give_outputs(uint32_t lane, int64_t* counts, Reply& reply) {
    if ((!context_ && !slots_.empty()) || lane >= (uint32_t)program_.lane_count()) {
      error_ = "there is no run to read from";
      return;
    }
    for (size_t i = 0; i < slots_.size(); i++) {
      const void* data = program_.read(program_.lane(context_, (int32_t)lane), (int32_t)slots_[i], &counts[i]);
      reply.add(&counts[i], 8);
      reply.add(data, (uint64_t)(counts[i] * sf_item_size(program_.outputs[slots_[i]].dtype)));
    }
  }

  bool malformed() {
    error_ = "malformed request";
    return false;
  }

  void forget() {
    if (context_) program_.destroy(context_);
    context_ = nullptr;
  }

  const sf_program& program_;
  int requests_, replies_;
  std::vector<char> base_bytes_;
  std::vector<Value> base_;
  std::vector<uint32_t> slots_;
  std::vector<int64_t> counts_;
  sf_context* context_ = nullptr;
  std::string error_;
  uint32_t flags_ = 0;
  double seconds_ = 0;
};

}  // namespace

int sf_serve(const sf_program& program, int requests, int replies) {
  signal(SIGINT, SIG_IGN);   // Ctrl-C is for the parent, which then closes the pipe
  signal(SIGPIPE, SIG_IGN);
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  static Lifeline line;
  line = {requests, getppid()};
  pthread_t watcher;
  if (pthread_create(&watcher, nullptr, watch, &line) != 0) {
    fprintf(stderr, "cannot start the watching thread\n");
    return 1;
  }
  pthread_detach(watcher);
  return Server(program, requests, replies).loop();
}
