#ifndef STEREOFARM_COMMON_MEDIA_TRACK_COPIER_H_
#define STEREOFARM_COMMON_MEDIA_TRACK_COPIER_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "common/media/container.h"
#include "common/media/ffmpeg.h"

namespace stereofarm {

// The part of the source that goes into the film, and how its times change. All in the time base
// of the picture track.
struct TimeWindow {
  AVRational time_base{1, 1};
  int64_t begin = INT64_MIN;  // INT64_MIN: from the start, whatever its time
  int64_t end = INT64_MAX;    // INT64_MAX: to the end
  int64_t shift = 0;          // added to every time

  bool IsWhole() const { return begin == INT64_MIN && end == INT64_MAX; }
};

// Makes packets of one source track into packets of one output track.
class TrackConverter {
 public:
  virtual ~TrackConverter() = default;
  // A packet in the source's time base and times, null at the end. Appends what comes of it, in
  // `time_base()`.
  virtual absl::Status Convert(const AVPacket* packet, std::vector<PacketPtr>* out) = 0;
  virtual AVRational time_base() const = 0;
};

// Copies everything but the picture track from a source into a film: audio, subtitles,
// attachments, cover art, chapters and tags. What the container can't hold is converted or left
// out, with a remark. Memory doesn't grow with the film.
class TrackCopier {
 public:
  // Adds the tracks to `output`, whose header isn't written yet; both must outlive the copier.
  static absl::StatusOr<std::unique_ptr<TrackCopier>> Create(const std::filesystem::path& source,
                                                             const Container& container,
                                                             const TimeWindow& window,
                                                             AVFormatContext* output,
                                                             std::vector<std::string>* remarks);
  ~TrackCopier();

  // Gives the film's picture track the tags and disposition of the source's.
  absl::Status DescribePicture(int source_stream, AVStream* target);
  // Sample rates of the audio tracks, for a time base that holds them exactly.
  std::vector<int> SampleRates() const;
  // To be called once the header is written: cover art goes first.
  absl::Status WriteCoverArt();
  // Writes everything before that time (of the source, in the window's time base).
  absl::Status CopyUntil(int64_t time);
  absl::Status CopyRest();

 private:
  struct Track;
  TrackCopier(TimeWindow window, AVFormatContext* output);
  absl::Status AddTrack(AVStream* source, const Container& container,
                        std::vector<std::string>* remarks);
  absl::Status AddCoverArt(AVStream* source, const Container& container,
                           std::vector<std::string>* remarks);
  absl::Status AddConverted(AVStream* source, const Container& container,
                            std::vector<std::string>* remarks);
  absl::StatusOr<AVStream*> NewStream(const AVStream& source);
  absl::Status Write(Track* track, AVPacket* packet, AVRational time_base);
  absl::Status Handle(AVPacket* packet);

  const TimeWindow window_;
  AVFormatContext* const output_;
  InputPtr input_;
  std::vector<std::unique_ptr<Track>> tracks_;  // by source stream; null: not copied
  PacketPtr held_;                              // read, but later than CopyUntil's time
  bool holds_ = false;
  bool ended_ = false;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_TRACK_COPIER_H_
