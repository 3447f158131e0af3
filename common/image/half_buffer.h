#ifndef STEREOFARM_COMMON_IMAGE_HALF_BUFFER_H_
#define STEREOFARM_COMMON_IMAGE_HALF_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "common/image/image_memory.h"

namespace stereofarm {

// Halves (half.h) that belong to a frame, in memory that is given out again (image_memory.h).
// Move-only.
class HalfBuffer {
 public:
  HalfBuffer() = default;
  // Uninitialised.
  explicit HalfBuffer(size_t count)
      : halves_(reinterpret_cast<uint16_t*>(TakeImageMemory(BytesOf(count))),
                Return{BytesOf(count)}) {}

  uint16_t* get() { return halves_.get(); }
  const uint16_t* get() const { return halves_.get(); }

 private:
  struct Return {
    size_t bytes;
    void operator()(uint16_t* p) const { ReturnImageMemory(reinterpret_cast<float*>(p), bytes); }
  };
  static size_t BytesOf(size_t count) { return (count * sizeof(uint16_t) + 63) / 64 * 64 + 64; }

  std::unique_ptr<uint16_t, Return> halves_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_IMAGE_HALF_BUFFER_H_
