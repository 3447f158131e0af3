#ifndef STEREOFARM_COMMON_FARM_BYTE_CODEC_H_
#define STEREOFARM_COMMON_FARM_BYTE_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace stereofarm {

// Fixed-size values, in the byte order of the machine (little-endian everywhere that we build), to
// a string and back.
template <typename T>
void AppendBytes(const T& value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(T));
}

// Reads what AppendBytes wrote; Read returns false, and goes nowhere, past the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}
  template <typename T>
  bool Read(T* value) {
    return ReadArray(value, 1);
  }
  template <typename T>
  bool ReadArray(T* values, size_t count) {
    if (count > bytes_.size() / sizeof(T)) return false;
    if (count > 0) std::memcpy(values, bytes_.data(), count * sizeof(T));
    bytes_.remove_prefix(count * sizeof(T));
    return true;
  }
  size_t left() const { return bytes_.size(); }

 private:
  std::string_view bytes_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_FARM_BYTE_CODEC_H_
