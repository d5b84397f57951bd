// Synapses: where they are kept, the order they are worked through in, and the events on their way.
//
// A script numbers synapses as it creates them. While a run goes on they are kept in the order in which they are
// worked through, by source and delay, so that what an event needs lies side by side: `origin` says which one is
// where. An event of a source starts one range of synapses for each of the source's delays.
#pragma once
#include <math.h>
#include <stdint.h>
#include <string.h>

#include <algorithm>
#include <new>

#include "buffer.h"
#include "random.h"
#include "support.h"

struct sf_range {
  int32_t first, last;
};

// Ranges lie anywhere in memory, and what the processor fetches on its own begins anew with each. So the ranges to
// come are asked for beforehand, up to where it has found out by itself; null is nothing to ask for.
#define SF_AHEAD 4

template <typename T>
SF_INLINE static void sf_prefetch(const T* values, sf_range range) {
  const int64_t line = 64 / sizeof(T), most = range.first + 16 * line;
  const int64_t last = range.last < most ? range.last : most;
  for (int64_t k = range.first; k < last; k += line) __builtin_prefetch(values + k);
  __builtin_prefetch(values + (last - 1));
}

// values[k] = values[order[k]] for the `count` elements from `first`, where order leads to the same part.
template <typename T>
SF_APART static bool sf_gather(T* values, const int32_t* order, int64_t first, int64_t count, sf_buffer<char>& scratch) {
  if (!scratch.reserve(count * (int64_t)sizeof(T))) return false;
  T* moved = (T*)scratch.data;
  for (int64_t k = 0; k < count; ++k) moved[k] = values[order[first + k]];
  memcpy(values + first, moved, (size_t)count * sizeof(T));
  return true;
}

// The inverse: values[order[k]] = values[k].
template <typename T>
SF_APART static bool sf_scatter(T* values, const int32_t* order, int64_t first, int64_t count, sf_buffer<char>& scratch) {
  if (!scratch.reserve(count * (int64_t)sizeof(T))) return false;
  T* moved = (T*)scratch.data;
  for (int64_t k = 0; k < count; ++k) moved[order[first + k] - first] = values[first + k];
  memcpy(values + first, moved, (size_t)count * sizeof(T));
  return true;
}

// Delays are rounded to whole steps.
static inline int64_t sf_delay_steps(double delay, double dt) { return (int64_t)floor(delay / dt + 0.5); }

struct sf_synapses {
  sf_buffer<int32_t> pre, post;      // neurons at both ends, counted from the beginning of the group or subgroup
  sf_buffer<int32_t> origin;         // number of the synapse at each place; empty while that is the place
  sf_buffer<int32_t> incoming, outgoing;  // number of synapses of each target and source
  sf_buffer<char> scratch;
  bool arranged = false;
  bool running = false;    // whether they are part of the present run
  bool by_source = false;  // whether numbers are in the order of sources, so that order only moves them within one

  int64_t count() const { return pre.size; }

  // How many synapses end and start at each neuron.
  SF_APART bool count_ends(int64_t sources, int64_t targets) {
    incoming.clear();
    outgoing.clear();
    if (!incoming.resize(targets) || !outgoing.resize(sources)) return false;
    for (int64_t k = 0; k < count(); ++k) {
      ++outgoing.data[pre.data[k]];
      ++incoming.data[post.data[k]];
    }
    return true;
  }

  // The place of every synapse, by its number.
  bool places(sf_buffer<int32_t>& place) const {
    if (!place.resize(count())) return false;
    for (int64_t k = 0; k < count(); ++k) place.data[origin.size ? origin.data[k] : k] = (int32_t)k;
    return true;
  }

  // Moves one array of values from the order of numbers to that of places, or back.
  template <typename T>
  bool move(T* values, bool back) {
    if (!origin.size) return true;
    for (int64_t first = 0, last; first < count(); first = last) {
      last = end_of_part(first);
      const bool done = back ? sf_scatter(values, origin.data, first, last - first, scratch)
                             : sf_gather(values, origin.data, first, last - first, scratch);
      if (!done) return false;
    }
    return true;
  }

  // The end of the smallest part that `origin` maps onto itself: as a rule the synapses of one source.
  int64_t end_of_part(int64_t first) const {
    int64_t highest = origin.data[first], k = first;
    while (k < count() && (k <= highest)) {
      if (origin.data[k] > highest) highest = origin.data[k];
      ++k;
    }
    return k;
  }
};

// Number of the synapse at a place.
static inline int64_t sf_number(const sf_synapses& s, int64_t place) { return s.origin.size ? s.origin.data[place] : place; }

// Whether delays are zero or more, and fewer than ten million steps: a longer ring has no room in memory.
SF_APART static bool sf_delays_are_times(const double* delays, int64_t count, double dt) {
  const double longest = 1e7 * dt;
  bool fine = true;
  for (int64_t k = 0; k < count; ++k) fine &= (delays[k] >= 0) & (delays[k] < longest);
  return fine;
}

// Steps of `count` delays, and the least and greatest of them.
SF_APART static void sf_steps_of(const double* delays, int64_t count, double dt, int32_t* steps, int32_t* low, int32_t* high) {
  int32_t least = INT32_MAX, most = 0;
  for (int64_t k = 0; k < count; ++k) {
    const int32_t wait = (int32_t)floor(delays[k] / dt + 0.5);
    steps[k] = wait;
    least = wait < least ? wait : least;
    most = wait > most ? wait : most;
  }
  *low = least;
  *high = most;
}

// Puts the synapses of one neuron, `part`, into the order of their delays; what has the same keeps its order.
struct sf_by_delay {
  sf_buffer<int32_t> sorted, steps, first;
  sf_buffer<double> own;

  // Delays of `part` are delays[part[k]], which is a row of its own where `together`.
  SF_APART bool sort(int32_t* part, int64_t size, const double* delays, double dt, bool together) {
    if (size < 2) return true;
    if (!steps.reserve(size) || !sorted.reserve(size) || !own.reserve(together ? 0 : size)) return false;
    for (int64_t k = 0; !together && k < size; ++k) own.data[k] = delays[part[k]];
    int32_t low, high;
    sf_steps_of(together ? delays + part[0] : own.data, size, dt, steps.data, &low, &high);
    if (low == high) return true;
    first.clear();
    if (!first.resize((int64_t)high - low + 2)) return false;
    for (int64_t k = 0; k < size; ++k) ++first.data[steps.data[k] - low + 1];
    for (int64_t d = 0; d <= high - low; ++d) first.data[d + 1] += first.data[d];
    for (int64_t k = 0; k < size; ++k) sorted.data[first.data[steps.data[k] - low]++] = part[k];
    memcpy(part, sorted.data, (size_t)size * sizeof(int32_t));
    return true;
  }
};

// The order of synapses by (key, delay, number): empty where that is how they are. `row` says where the synapses of
// each key begin. Counting sorts: by key, unless they come so, then within each key by delay in steps.
SF_APART static bool sf_sort_synapses(const int32_t* key, int64_t count, int64_t keys, const double* delays, double dt,
                                    sf_buffer<int32_t>& order, sf_buffer<int32_t>& row) {
  row.clear();
  order.clear();
  if (!row.resize(keys + 1)) return false;
  bool sorted = true;
  for (int64_t k = 0; k < count; ++k) {
    ++row.data[key[k] + 1];
    sorted &= k == 0 || key[k] >= key[k - 1];
  }
  for (int64_t n = 0; n < keys; ++n) row.data[n + 1] += row.data[n];
  if (sorted && !delays) return true;
  if (!order.reserve(count)) return false;
  order.size = count;
  if (sorted) {
    for (int64_t k = 0; k < count; ++k) order.data[k] = (int32_t)k;
  } else {
    sf_buffer<int32_t> next;
    if (!next.append(row.data, keys + 1)) return false;
    for (int64_t k = 0; k < count; ++k) order.data[next.data[key[k]]++] = (int32_t)k;
  }
  sf_by_delay by_delay;
  for (int64_t n = 0; delays && n < keys; ++n) {
    if (!by_delay.sort(order.data + row.data[n], row.data[n + 1] - row.data[n], delays, dt, sorted)) return false;
  }
  return true;
}

static inline bool sf_in_order(const sf_buffer<int32_t>& order) {
  for (int64_t k = 0; k < order.size; ++k) {
    if (order.data[k] != k) return false;
  }
  return true;
}

// What events of one side's neurons set off: for each neuron segments of synapses with the same delay, and a ring
// of what is due in the coming steps. A long delay makes the ring longer, nothing else.
struct sf_pathway {
  sf_buffer<int32_t> list;            // synapses in the order of the segments; empty where they are stored so
  sf_buffer<int32_t> segment;         // of each neuron the first segment; one more
  sf_buffer<int32_t> bound, wait;     // where each segment begins (one more), and its delay in steps
  sf_buffer<sf_range>* ring = nullptr;
  int64_t depth = 0;
  int64_t step = 0;                   // the next one, and how long it takes: the clock may serve other networks too
  double dt = 0;
  sf_buffer<int32_t> pending;         // synapses with an event on its way, by number, and when it arrives:
  sf_buffer<double> due;              // the ring in a form that outlives the order of synapses

  sf_pathway() = default;
  sf_pathway(const sf_pathway&) = delete;
  sf_pathway& operator=(const sf_pathway&) = delete;
  ~sf_pathway() { delete[] ring; }

  // Segments of synapses that lie in the order of `key` and delay, through `list` if there is one.
  SF_APART bool prepare(const sf_synapses& s, const int32_t* key, int64_t neurons, const double* delays, double common, const sf_clock& clock) {
    dt = clock.dt;
    step = clock.step;
    segment.clear();
    bound.clear();
    wait.clear();
    int64_t longest = delays ? 0 : sf_delay_steps(common, dt), neuron = 0;
    int32_t last = -1;
    for (int64_t k = 0; k < s.count(); ++k) {
      const int64_t at = list.size ? list.data[k] : k;
      const int32_t steps = (int32_t)(delays ? sf_delay_steps(delays[at], dt) : longest);
      const bool next = k == 0 || key[at] != key[list.size ? list.data[k - 1] : k - 1];
      if (!next && steps == last) continue;
      for (; next && neuron <= key[at]; ++neuron) {
        if (!segment.append((int32_t)bound.size)) return false;
      }
      if (!bound.append((int32_t)k) || !wait.append(steps)) return false;
      last = steps;
      if (steps > longest) longest = steps;
    }
    for (; neuron <= neurons; ++neuron) {
      if (!segment.append((int32_t)bound.size)) return false;
    }
    return bound.append((int32_t)s.count()) && deepen(longest + 1);
  }

  bool deepen(int64_t wanted) {
    if (wanted == depth) return true;
    sf_buffer<sf_range>* made = new (std::nothrow) sf_buffer<sf_range>[(size_t)wanted];
    if (!made) return false;
    delete[] ring;
    ring = made;
    depth = wanted;
    return true;
  }

  // Events of neurons of the part of the group from `start` to `stop`.
  SF_APART bool push(int64_t now, const int32_t* events, int64_t count, int64_t start, int64_t stop) {
    bool fits = true;
    step = now + 1;
    for (int64_t e = 0; e < count; ++e) {
      if (events[e] < start || events[e] >= stop) continue;
      const int64_t neuron = events[e] - start;
      for (int32_t g = segment.data[neuron]; g < segment.data[neuron + 1]; ++g) {
        fits = ring[(now + wait.data[g]) % depth].append(sf_range{bound.data[g], bound.data[g + 1]}) && fits;
      }
    }
    return fits;
  }

  sf_buffer<sf_range>& due_now(int64_t now) { return ring[now % depth]; }

  // From the ring to `pending` and `due`, and back.
  SF_APART bool dump(const sf_synapses& s) {
    pending.clear();
    due.clear();
    for (int64_t later = 0; later < depth; ++later) {
      sf_buffer<sf_range>& slot = ring[(step + later) % depth];
      for (int64_t r = 0; r < slot.size; ++r) {
        for (int32_t k = slot.data[r].first; k < slot.data[r].last; ++k) {
          const int32_t at = list.size ? list.data[k] : k;
          if (!pending.append(s.origin.size ? s.origin.data[at] : at)) return false;
          if (!due.append((double)(step + later) * dt)) return false;
        }
      }
      slot.clear();
    }
    return true;
  }

  SF_APART bool load(const sf_synapses& s) {
    if (!pending.size) return true;
    sf_buffer<int32_t> place, where;
    if (!s.places(place)) return false;
    if (list.size) {
      if (!where.resize(list.size)) return false;
      for (int64_t k = 0; k < list.size; ++k) where.data[list.data[k]] = (int32_t)k;
    }
    int64_t longest = depth;
    for (int64_t k = 0; k < due.size; ++k) {
      const int64_t later = (int64_t)floor(due.data[k] / dt + 0.5) - step;
      if (later + 1 > longest) longest = later + 1;
    }
    if (!deepen(longest)) return false;
    for (int64_t k = 0; k < pending.size; ++k) {
      int64_t later = (int64_t)floor(due.data[k] / dt + 0.5) - step;
      later = later < 0 ? 0 : later;
      int32_t at = place.data[pending.data[k]];
      if (list.size) at = where.data[at];
      sf_buffer<sf_range>& slot = ring[(step + later) % depth];
      sf_range* before = slot.size ? slot.data + slot.size - 1 : nullptr;
      if (before && before->last == at) {
        before->last = at + 1;
      } else if (!slot.append(sf_range{at, at + 1})) {
        return false;
      }
    }
    pending.clear();
    due.clear();
    return true;
  }
};

// --- construction ---------------------------------------------------------------------------------------

SF_APART static bool sf_connect(sf_synapses& s, int64_t i, int64_t j, int64_t times) {
  for (int64_t k = 0; k < times; ++k) {
    if (s.count() == INT32_MAX || !s.pre.append((int32_t)i) || !s.post.append((int32_t)j)) return false;
  }
  return true;
}

// Counts the synapses of each pair, 0, 1, … in the order of their numbers.
SF_APART static bool sf_count_pairs(const sf_synapses& s, int32_t* number, int64_t sources, int64_t targets) {
  sf_buffer<int32_t> order, row, seen;
  if (!sf_sort_synapses(s.pre.data, s.count(), sources, nullptr, 1, order, row) || !seen.resize(targets)) return false;
  const int32_t* in_order = order.size ? order.data : nullptr;
  for (int64_t n = 0; n < sources; ++n) {
    for (int64_t k = row.data[n]; k < row.data[n + 1]; ++k) {
      const int64_t at = in_order ? in_order[k] : k;
      number[at] = seen.data[s.post.data[at]]++;
    }
    for (int64_t k = row.data[n]; k < row.data[n + 1]; ++k) seen.data[s.post.data[in_order ? in_order[k] : k]] = 0;
  }
  return true;
}

static inline int64_t sf_range_length(int64_t start, int64_t stop, int64_t step) {
  const int64_t length = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
  return length > 0 ? length : 0;
}

// A range cut short: values outside are left out by a condition anyway.
static inline int64_t sf_at_least(int64_t start, double limit) {
  limit = ceil(limit - 1e-9);
  return limit > (double)start ? (limit < 9e15 ? (int64_t)limit : INT64_MAX / 4) : start;
}

static inline int64_t sf_at_most(int64_t stop, double limit) {
  limit = floor(limit + 1e-9) + 1;
  return limit < (double)stop ? (limit > -9e15 ? (int64_t)limit : -(INT64_MAX / 4)) : stop;
}

// Draws for one source (or target) at a time: `row` takes the place of the time step.
static const int64_t SF_JUMPS = 256;
static const int64_t sf_many = (int64_t)1 << 33;  // of so many elements, every one has a block of its own

// Goes through 0 … count - 1, taking each with probability p: the gaps between those taken are geometric, so the
// cost is that of the ones taken (Devroye 1986, "Non-uniform random variate generation", X.2).
struct sf_jumps {
  double uniform[SF_JUMPS], p = 0, scale = 0;
  int64_t count = 0, at = -1, used = 0, chunk = 0, size = 0;
  uint64_t seed = 0, row = 0;
  uint32_t stream = 0;

  void begin(int64_t all, double probability, uint64_t new_seed, uint32_t new_stream, uint64_t new_row) {
    count = all;
    p = probability;
    scale = p > 0 && p < 1 ? 1 / log1p(-p) : 0;
    at = -1;
    used = size = chunk = 0;
    const double expected = (double)all * p;
    const double likely = ceil(expected + 4 * sqrt(expected < 0 ? 0 : expected) + 4);
    room = likely < SF_JUMPS ? (int64_t)likely : SF_JUMPS;
    seed = new_seed;
    stream = new_stream;
    row = new_row;
  }

  // The next one taken, or -1.
  int64_t next() {
    if (!(p > 0)) return -1;
    if (p >= 1) return ++at < count ? at : -1;
    if (used == size) fill();
    const double gap = uniform[used++];
    if (gap >= (double)(count - at - 1)) return -1;
    at += 1 + (int64_t)gap;
    return at;
  }

 private:
  int64_t room = 0;

  SF_APART void fill() {
    sf_fill_uniform(uniform, room, seed, stream, row << 24 | (uint64_t)chunk++);
    for (int64_t k = 0; k < room; ++k) uniform[k] = floor(sf_log_positive(1 - uniform[k]) * scale);
    size = room;
    used = 0;
  }
};

// `size` different ones of 0 … count - 1, all sets being equally likely, in ascending order: the first different
// ones of a row of draws, or all but those where more than half are wanted.
struct sf_sample {
  sf_buffer<char> marked;
  sf_buffer<int32_t> chosen;
  int64_t at = 0, count = 0;
  bool keep = true;

  SF_APART bool begin(int64_t all, int64_t size, uint64_t seed, uint32_t stream, uint64_t row) {
    for (int64_t k = 0; k < chosen.size; ++k) marked.data[chosen.data[k]] = 0;
    chosen.clear();
    count = all;
    at = 0;
    keep = 2 * size <= all;
    const int64_t wanted = keep ? size : all - size;
    if ((marked.size < all && !marked.resize(all)) || !chosen.reserve(wanted)) return false;
    double uniform[SF_JUMPS];
    int64_t used = SF_JUMPS, chunk = 0;
    while (chosen.size < wanted) {
      if (used == SF_JUMPS) {
        sf_fill_uniform(uniform, SF_JUMPS, seed, stream, row << 24 | (uint64_t)chunk++);
        used = 0;
      }
      const int32_t drawn = (int32_t)(uniform[used++] * (double)all);
      if (!marked.data[drawn]) chosen.append(drawn);
      marked.data[drawn] = 1;
    }
    if (keep) std::sort(chosen.data, chosen.data + chosen.size);
    return true;
  }

  // The next one, or -1.
  int64_t next() {
    if (keep) return at < chosen.size ? chosen.data[at++] : -1;
    while (at < count && marked.data[at]) ++at;
    return at < count ? at++ : -1;
  }
};
