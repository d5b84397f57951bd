#include "npz.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <vector>

namespace {

const uint64_t LIMIT_32 = 0xffffffffu;

// CRC-32 as zip uses it, eight bytes at a time (M. E. Kounavis & F. L. Berry 2005, "slicing-by-8").
class Crc32 {
 public:
  Crc32() {
    for (uint32_t byte = 0; byte < 256; byte++) {
      uint32_t value = byte;
      for (int bit = 0; bit < 8; bit++) value = (value >> 1) ^ (value & 1 ? 0xEDB88320u : 0);
      table_[0][byte] = value;
    }
    for (uint32_t byte = 0; byte < 256; byte++) {
      for (int slice = 1; slice < 8; slice++) {
        const uint32_t before = table_[slice - 1][byte];
        table_[slice][byte] = (before >> 8) ^ table_[0][before & 0xff];
      }
    }
  }

  uint32_t extend(uint32_t crc, const void* data, uint64_t count) const {
    const uint8_t* bytes = (const uint8_t*)data;
    crc = ~crc;
    for (; count >= 8; count -= 8, bytes += 8) {
      uint64_t word;
      memcpy(&word, bytes, 8);
      word ^= crc;
      crc = 0;
      for (int slice = 0; slice < 8; slice++) crc ^= table_[7 - slice][(word >> (8 * slice)) & 0xff];
    }
    for (; count > 0; count--, bytes++) crc = (crc >> 8) ^ table_[0][(crc ^ *bytes) & 0xff];
    return ~crc;
  }

 private:
  uint32_t table_[8][256];
};

struct Member {
  std::string name;
  uint32_t crc;
  uint64_t size;
  uint64_t offset;
};

// Little-endian fields of a zip record.
class Record {
 public:
  Record& u16(uint64_t value) { return put(value, 2); }
  Record& u32(uint64_t value) { return put(value, 4); }
  Record& u64(uint64_t value) { return put(value, 8); }
  Record& text(const std::string& value) {
    bytes_ += value;
    return *this;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  Record& put(uint64_t value, int count) {
    for (int i = 0; i < count; i++) bytes_ += (char)(value >> (8 * i));
    return *this;
  }
  std::string bytes_;
};

class Archive {
 public:
  explicit Archive(FILE* file) : file_(file) {}

  bool add(const std::string& name, const std::string& header, const void* data, uint64_t count) {
    Member member{name, crc_.extend(crc_.extend(0, header.data(), header.size()), data, count),
                  header.size() + count, written_};
    // Sizes always in the zip64 field: readers accept it, and there is one layout instead of two.
    Record record;
    record.u32(0x04034b50).u16(45).u16(0x0800).u16(0).u16(0).u16(0x21).u32(member.crc);
    record.u32(LIMIT_32).u32(LIMIT_32).u16(name.size()).u16(20).text(name);
    record.u16(1).u16(16).u64(member.size).u64(member.size);
    members_.push_back(member);
    return write(record.bytes()) && write(header) && write(data, count);
  }

  bool finish() {
    const uint64_t start = written_;
    for (const Member& member : members_) {
      Record record;
      record.u32(0x02014b50).u16(45).u16(45).u16(0x0800).u16(0).u16(0).u16(0x21).u32(member.crc);
      record.u32(LIMIT_32).u32(LIMIT_32).u16(member.name.size()).u16(28).u16(0).u16(0).u16(0).u32(0);
      record.u32(LIMIT_32).text(member.name);
      record.u16(1).u16(24).u64(member.size).u64(member.size).u64(member.offset);
      if (!write(record.bytes())) return false;
    }
    const uint64_t size = written_ - start, end = written_, count = members_.size();
    Record record;
    record.u32(0x06064b50).u64(44).u16(45).u16(45).u32(0).u32(0).u64(count).u64(count).u64(size).u64(start);
    record.u32(0x07064b50).u32(0).u64(end).u32(1);
    const uint64_t short_count = count < 0xffff ? count : 0xffff;
    record.u32(0x06054b50).u16(0).u16(0).u16(short_count).u16(short_count);
    record.u32(size < LIMIT_32 ? size : LIMIT_32).u32(start < LIMIT_32 ? start : LIMIT_32).u16(0);
    return write(record.bytes());
  }

 private:
  bool write(const void* data, uint64_t count) {
    written_ += count;
    return count == 0 || fwrite(data, 1, count, file_) == count;
  }
  bool write(const std::string& bytes) { return write(bytes.data(), bytes.size()); }

  FILE* file_;
  Crc32 crc_;
  uint64_t written_ = 0;
  std::vector<Member> members_;
};

std::string npy_header(int32_t dtype, int64_t count) {
  std::string text = std::string("{'descr': '") + sf_descr(dtype) + "', 'fortran_order': False, 'shape': (" +
                     std::to_string(count) + ",), }";
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += (char)(text.size() & 0xff);
  header += (char)(text.size() >> 8);
  return header + text;
}

std::string failure(const std::string& path) { return "cannot write " + path + ": " + strerror(errno); }

}  // namespace

std::string sf_save_npz(const sf_program& program, sf_context* context, const std::string& path) {
  const std::string partial = path + ".partial";
  FILE* file = fopen(partial.c_str(), "wb");
  if (!file) return failure(partial);
  Archive archive(file);
  bool good = true;
  for (int32_t slot = 0; slot < program.output_count && good; slot++) {
    const sf_entry& output = program.outputs[slot];
    int64_t count = 0;
    const void* data = program.read(context, slot, &count);
    const uint64_t bytes = (uint64_t)(count * sf_item_size(output.dtype));
    good = archive.add(std::string(output.id) + ".npy", npy_header(output.dtype, count), data, bytes);
  }
  good = good && archive.finish();
  std::string error = good ? "" : failure(partial);
  if (fclose(file) != 0 && error.empty()) error = failure(partial);
  if (error.empty() && rename(partial.c_str(), path.c_str()) != 0) error = failure(path);
  if (!error.empty()) unlink(partial.c_str());
  return error;
}
