#ifndef STEREOFARM_COMMON_MEDIA_FRAME_READER_H_
#define STEREOFARM_COMMON_MEDIA_FRAME_READER_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "common/base/status.h"
#include "common/media/film_file.h"
#include "common/media/frame_index.h"
#include "common/media/picture.h"
#include "common/timeline/frame_range.h"

namespace stereofarm {

struct DecodedFrame {
  int64_t frame = 0;  // number in the film
  int64_t pts = 0;    // of the index
  Picture picture;    // upright
};

// Decodes any range of a film, exact to the frame: what it delivers for a frame never depends on
// where the range began. Not thread-safe. Holds a bounded number of frames.
class FrameReader {
 public:
  virtual ~FrameReader() = default;
  // DataLoss when the file isn't the indexed one any more. `threads`: of the decoder (its results
  // don't depend on it).
  static absl::StatusOr<std::unique_ptr<FrameReader>> Open(const FilmFile& film,
                                                           std::shared_ptr<const FrameIndex> index,
                                                           FrameRange range, int threads = 1);
  // The next frame of the range, or nothing at its end. A frame that the file has but that doesn't
  // decode is replaced by the one before (or after), with a warning in the log, so that the count
  // stays right.
  virtual absl::StatusOr<std::optional<DecodedFrame>> Next() = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_FRAME_READER_H_
