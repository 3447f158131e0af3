#ifndef STEREOFARM_COMMON_MEDIA_SOURCE_BYTES_H_
#define STEREOFARM_COMMON_MEDIA_SOURCE_BYTES_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "common/base/byte_source.h"
#include "common/media/ffmpeg.h"

namespace stereofarm {

// A ByteSource as FFmpeg reads it. Outlives the context that uses it. For one thread.
class SourceBytes {
 public:
  explicit SourceBytes(std::shared_ptr<ByteSource> bytes);
  ~SourceBytes();
  SourceBytes(const SourceBytes&) = delete;
  SourceBytes& operator=(const SourceBytes&) = delete;

  // For AVFormatContext::pb, with AVFMT_FLAG_CUSTOM_IO; stays owned by this.
  AVIOContext* io() const { return io_; }
  // Why FFmpeg couldn't read on: the first error of the source; OK while there was none.
  const absl::Status& error() const { return error_; }

 private:
  static int Read(void* self, uint8_t* to, int count);
  static int64_t Seek(void* self, int64_t offset, int whence);

  const std::shared_ptr<ByteSource> bytes_;
  AVIOContext* io_ = nullptr;
  int64_t at_ = 0;
  absl::Status error_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_SOURCE_BYTES_H_
