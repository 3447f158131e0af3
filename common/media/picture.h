#ifndef STEREOFARM_COMMON_MEDIA_PICTURE_H_
#define STEREOFARM_COMMON_MEDIA_PICTURE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/image/image.h"
#include "common/media/media_info.h"

namespace stereofarm {

// A decoded frame in the codec's own sample format, always planar (semi-planar and packed sources
// are unpacked without loss). A cheap handle to shared pixels; copies share them. Writable only
// through the pointer that Create gave.
class Picture {
 public:
  struct PlaneView {
    const uint8_t* data = nullptr;
    ptrdiff_t stride = 0;  // bytes
    int width = 0;         // samples
    int height = 0;
  };
  Picture() = default;
  // Uninitialised. `pixel_format` is FFmpeg's name of a planar format; InvalidArgument otherwise.
  static absl::StatusOr<Picture> Create(const std::string& pixel_format, int width, int height);

  bool empty() const { return frame_ == nullptr; }
  int width() const;
  int height() const;
  std::string pixel_format() const;
  int bytes_per_sample() const;  // 1 or 2
  int plane_count() const;
  PlaneView plane(int index) const;
  uint8_t* mutable_plane(int index);  // same stride; only while nobody else holds the picture

  struct Frame;  // wraps AVFrame; common/media only
  explicit Picture(std::shared_ptr<Frame> frame) : frame_(std::move(frame)) {}
  const std::shared_ptr<Frame>& frame() const { return frame_; }

 private:
  std::shared_ptr<Frame> frame_;
};

// Copies `source` into `target` (same pixel format) with its top left corner at (x, y), which must
// lie on the chroma grid.
absl::Status CopyInto(const Picture& source, int x, int y, Picture* target);

// Converts between Pictures and R, G, B images of code values in 0..1, by zimg: matrix, range and
// chroma siting as `color` says (unknown: bt709 from 720 lines up, else smpte170m; tv range; left).
// Not thread-safe; keeps its filter graphs, so make one for each stream. Deterministic. Samples
// outside the nominal range (brighter than white) come out below 0 or above 1 and go back as they
// were.
class ColorConverter {
 public:
  explicit ColorConverter(ColorInfo color);
  ~ColorConverter();
  // `width` x `height`: size of the result; smaller than the picture means area-like averaging (no
  // aliasing).
  absl::StatusOr<Image> ToRgb(const Picture& picture, int width, int height);
  // The same into an image that the caller keeps: its size is the result's. Three channels.
  absl::Status ToRgb(const Picture& picture, Image* rgb);
  // `rgb` must have the size wanted; no dithering, rounded to nearest, clipped to what the format
  // holds.
  absl::StatusOr<Picture> FromRgb(const Image& rgb, const std::string& pixel_format);
  // Any planar format to any other of the same size (bit depth, subsampling, matrix unchanged).
  absl::StatusOr<Picture> ToFormat(const Picture& picture, const std::string& pixel_format);
  // Resamples (for half-width and half-height layouts).
  absl::StatusOr<Picture> Resize(const Picture& picture, int width, int height);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_PICTURE_H_
