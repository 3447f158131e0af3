#ifndef STEREOFARM_MODELS_WEIGHTS_BYTE_CURSOR_H_
#define STEREOFARM_MODELS_WEIGHTS_BYTE_CURSOR_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace stereofarm {

// Goes through a stretch of bytes and never past its end: what isn't there is false, and nothing
// moves.
class ByteCursor {
 public:
  explicit ByteCursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  size_t position() const { return position_; }
  size_t left() const { return bytes_.size() - position_; }

  // A little-endian number.
  template <std::unsigned_integral T>
  bool Read(T* value) {
    std::span<const std::byte> taken;
    if (!Take(sizeof(T), &taken)) return false;
    *value = 0;
    for (size_t i = 0; i < sizeof(T); ++i) {
      *value = static_cast<T>(*value | std::to_integer<T>(taken[i]) << (8 * i));
    }
    return true;
  }

  bool Take(uint64_t count, std::span<const std::byte>* taken) {
    if (count > left()) return false;
    *taken = bytes_.subspan(position_, static_cast<size_t>(count));
    position_ += static_cast<size_t>(count);
    return true;
  }

  bool TakeText(uint64_t count, std::string_view* text) {
    std::span<const std::byte> taken;
    if (!Take(count, &taken)) return false;
    *text = {reinterpret_cast<const char*>(taken.data()), taken.size()};
    return true;
  }

  // Up to a line feed, which is passed and not part of `line`.
  bool TakeLine(std::string_view* line) {
    const void* end = left() == 0 ? nullptr : std::memchr(&bytes_[position_], '\n', left());
    if (end == nullptr) return false;
    const auto length =
        static_cast<size_t>(static_cast<const std::byte*>(end) - &bytes_[position_]);
    TakeText(length, line);
    ++position_;
    return true;
  }

  bool Skip(uint64_t count) {
    std::span<const std::byte> ignored;
    return Take(count, &ignored);
  }

 private:
  const std::span<const std::byte> bytes_;
  size_t position_ = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_WEIGHTS_BYTE_CURSOR_H_
