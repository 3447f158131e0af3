#include "common/media/source_bytes.h"

#include <limits>
#include <new>

namespace stereofarm {
namespace {

constexpr int kBufferBytes = 64 << 10;

}  // namespace

SourceBytes::SourceBytes(std::shared_ptr<ByteSource> bytes) : bytes_(std::move(bytes)) {
  auto* buffer = static_cast<unsigned char*>(av_malloc(kBufferBytes));
  if (buffer == nullptr) throw std::bad_alloc();
  io_ = avio_alloc_context(buffer, kBufferBytes, /*write_flag=*/0, this, Read, nullptr, Seek);
  if (io_ == nullptr) {
    av_free(buffer);
    throw std::bad_alloc();
  }
}

SourceBytes::~SourceBytes() {
  av_freep(&io_->buffer);
  avio_context_free(&io_);
}

int SourceBytes::Read(void* self, uint8_t* to, int count) {
  auto* source = static_cast<SourceBytes*>(self);
  if (!source->error_.ok()) return AVERROR(EIO);
  const absl::StatusOr<size_t> got =
      source->bytes_->ReadAt(source->at_, reinterpret_cast<char*>(to), static_cast<size_t>(count));
  if (!got.ok()) {
    source->error_ = got.status();
    return AVERROR(EIO);
  }
  if (*got == 0) return AVERROR_EOF;
  source->at_ += static_cast<int64_t>(*got);
  return static_cast<int>(*got);
}

int64_t SourceBytes::Seek(void* self, int64_t offset, int whence) {
  auto* source = static_cast<SourceBytes*>(self);
  const int64_t size = source->bytes_->size();
  int64_t from = 0;
  switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
      return size;
    case SEEK_SET:
      break;
    case SEEK_CUR:
      from = source->at_;
      break;
    case SEEK_END:
      from = size;
      break;
    default:
      return AVERROR(EINVAL);
  }
  if (offset > std::numeric_limits<int64_t>::max() - from || from + offset < 0) {
    return AVERROR(EINVAL);
  }
  return source->at_ = from + offset;
}

}  // namespace stereofarm
