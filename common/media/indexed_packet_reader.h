#ifndef STEREOFARM_COMMON_MEDIA_INDEXED_PACKET_READER_H_
#define STEREOFARM_COMMON_MEDIA_INDEXED_PACKET_READER_H_

#include <cstdint>
#include <memory>

#include "common/base/status.h"
#include "common/media/ffmpeg.h"
#include "common/media/film_file.h"
#include "common/media/frame_index.h"

namespace stereofarm {

// Reads a film's picture packets from a given number on and compares each with the index: what it
// delivers is what was indexed, or DataLoss.
class IndexedPacketReader {
 public:
  static absl::StatusOr<std::unique_ptr<IndexedPacketReader>> Open(
      const FilmFile& film, std::shared_ptr<const FrameIndex> index);

  // The next packet read will be the one of this number.
  absl::Status SeekTo(int64_t packet_number);

  // The next packet in decode order and its number; false at the end of the index.
  absl::StatusOr<bool> Next(AVPacket* packet, int64_t* number);

  const AVStream& stream() const { return *input_->streams[index_->video.stream_index]; }

 private:
  IndexedPacketReader(FilmFile film, std::shared_ptr<const FrameIndex> index)
      : film_(std::move(film)), index_(std::move(index)) {}
  absl::Status Reopen();
  // False at the end of the file.
  bool ReadPicturePacket(AVPacket* packet);
  // After a jump: finds out which packet comes next by comparing what comes with the index. The
  // packet of number `wanted` is held back for Next. False when it didn't come.
  bool Locate(int64_t wanted);
  bool Matches(const AVPacket& packet, int64_t number) const;
  absl::Status Replaced() const;
  // What to say when the next packet doesn't come: why the film can't be read, else Replaced.
  absl::Status Missing() const;

  const FilmFile film_;
  std::shared_ptr<const FrameIndex> index_;
  InputPtr input_;
  PacketPtr held_;  // read ahead by Locate
  int64_t next_ = 0;
  bool holds_ = false;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_INDEXED_PACKET_READER_H_
