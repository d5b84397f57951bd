// Arrays that grow while a run records. Out of memory is told by the return value, never thrown.
#pragma once
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

template <typename T>
struct sf_buffer {
  T* data = nullptr;
  int64_t size = 0;
  int64_t capacity = 0;

  sf_buffer() = default;
  sf_buffer(const sf_buffer&) = delete;
  sf_buffer& operator=(const sf_buffer&) = delete;
  ~sf_buffer() { free(data); }

  // Room for `wanted` elements in all; false leaves everything as it was.
  bool reserve(int64_t wanted) {
    if (wanted <= capacity) return true;
    int64_t grown = capacity < 16 ? 16 : capacity;
    while (grown < wanted) {
      if (grown > INT64_MAX / 2 / (int64_t)sizeof(T)) return false;
      grown *= 2;
    }
    void* moved = realloc(data, (size_t)grown * sizeof(T));
    if (!moved) return false;
    data = (T*)moved;
    capacity = grown;
    return true;
  }

  bool append(T value) {
    if (size == capacity && !reserve(size + 1)) return false;
    data[size++] = value;
    return true;
  }

  bool append(const T* values, int64_t count) {
    if (count > capacity - size && !reserve(size + count)) return false;
    if (count) memcpy(data + size, values, (size_t)count * sizeof(T));
    size += count;
    return true;
  }

  // New elements are zero.
  bool resize(int64_t wanted) {
    if (!reserve(wanted)) return false;
    if (wanted > size) memset((void*)(data + size), 0, (size_t)(wanted - size) * sizeof(T));
    size = wanted;
    return true;
  }

  void keep_last(int64_t count) {
    if (count >= size) return;
    memmove((void*)data, (const void*)(data + size - count), (size_t)count * sizeof(T));
    size = count;
  }

  void clear() { size = 0; }

  // Gives the memory back too.
  void release() {
    free(data);
    data = nullptr;
    size = capacity = 0;
  }
};
