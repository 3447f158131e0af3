#ifndef STEREOFARM_COMMON_MEDIA_NAL_UNITS_H_
#define STEREOFARM_COMMON_MEDIA_NAL_UNITS_H_

#include <cstddef>
#include <cstdint>

namespace stereofarm {

// Walks the NAL units of an H.264 or HEVC packet, as the two kinds of container hold them.
class NalUnits {
 public:
  struct Unit {
    const uint8_t* data = nullptr;  // begins with the NAL header; emulation bytes are still in it
    size_t size = 0;
  };
  // `length_size`: bytes of the length before each unit; 0 when start codes part them.
  NalUnits(const uint8_t* data, size_t size, int length_size)
      : data_(data), end_(data + size), length_size_(length_size) {
    if (length_size_ == 0) data_ = AfterStartCode(data_);
  }

  bool Next(Unit* unit) {
    if (length_size_ > 0) return NextByLength(unit);
    if (data_ >= end_) return false;
    const uint8_t* next = data_;
    while (next + 3 <= end_ && !(next[0] == 0 && next[1] == 0 && next[2] == 1)) ++next;
    const uint8_t* stop = next + 3 <= end_ ? next : end_;
    *unit = {data_, static_cast<size_t>(stop - data_)};
    data_ = stop == end_ ? end_ : stop + 3;
    return true;
  }

 private:
  const uint8_t* AfterStartCode(const uint8_t* p) const {
    while (p + 3 <= end_ && !(p[0] == 0 && p[1] == 0 && p[2] == 1)) ++p;
    return p + 3 <= end_ ? p + 3 : end_;
  }
  bool NextByLength(Unit* unit) {
    if (end_ - data_ <= length_size_) return false;
    size_t size = 0;
    for (int i = 0; i < length_size_; ++i) size = size << 8 | *data_++;
    const size_t left = static_cast<size_t>(end_ - data_);
    if (size > left) size = left;
    *unit = {data_, size};
    data_ += size;
    return size > 0;
  }

  const uint8_t* data_;
  const uint8_t* end_;
  int length_size_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_NAL_UNITS_H_
