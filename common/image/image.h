#ifndef STEREOFARM_COMMON_IMAGE_IMAGE_H_
#define STEREOFARM_COMMON_IMAGE_IMAGE_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>

#include "common/image/image_memory.h"

namespace stereofarm {

// Planar float picture: `channels` planes of height rows. Rows start 64-byte aligned. Move-only;
// Clone() copies. Colour is R, G, B (then A) of code values in 0..1 with the source's own transfer
// function; depth, masks and displacements have one channel.
class Image {
 public:
  Image() = default;
  // Uninitialised pixels.
  Image(int width, int height, int channels)
      : width_(width),
        height_(height),
        channels_(channels),
        stride_((width + kAlign - 1) / kAlign * kAlign),
        data_(TakeImageMemory(AllocatedBytes()), Return{AllocatedBytes()}) {}
  Image(Image&&) noexcept = default;
  Image& operator=(Image&&) noexcept = default;

  Image Clone() const {
    if (empty()) return Image();
    Image copy(width_, height_, channels_);
    std::memcpy(copy.data_.get(), data_.get(), AllocatedBytes());
    return copy;
  }
  void Fill(float value) {
    float* end = data_.get() + PlaneFloats() * static_cast<size_t>(channels_);
    for (float* p = data_.get(); p != end; ++p) *p = value;
  }

  // Forgets the planes after the first `channels`; their memory goes when the others go.
  void KeepChannels(int channels) { channels_ = std::min(channels_, channels); }

  int width() const { return width_; }
  int height() const { return height_; }
  int channels() const { return channels_; }
  // Floats from one row to the next.
  ptrdiff_t stride() const { return stride_; }
  bool empty() const { return data_ == nullptr; }
  bool SameSize(const Image& other) const {
    return width_ == other.width_ && height_ == other.height_;
  }

  float* Plane(int channel) { return data_.get() + PlaneFloats() * static_cast<size_t>(channel); }
  const float* Plane(int channel) const {
    return data_.get() + PlaneFloats() * static_cast<size_t>(channel);
  }
  float* Row(int channel, int y) { return Plane(channel) + stride_ * y; }
  const float* Row(int channel, int y) const { return Plane(channel) + stride_ * y; }

 private:
  static constexpr int kAlign = 16;  // floats in 64 bytes
  struct Return {
    size_t bytes;
    void operator()(float* p) const { ReturnImageMemory(p, bytes); }
  };
  size_t PlaneFloats() const { return static_cast<size_t>(stride_) * static_cast<size_t>(height_); }
  size_t AllocatedBytes() const {
    const size_t bytes = PlaneFloats() * static_cast<size_t>(channels_) * sizeof(float);
    return bytes == 0 ? 64 : bytes;
  }

  int width_ = 0;
  int height_ = 0;
  int channels_ = 0;
  ptrdiff_t stride_ = 0;
  std::unique_ptr<float, Return> data_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_IMAGE_IMAGE_H_
