#include "coordinator/cli/film_cuts.h"

#include <algorithm>
#include <optional>
#include <thread>

#include "common/farm/cut_features.h"
#include "common/media/frame_reader.h"
#include "common/media/picture.h"
#include "coordinator/planning/cut_detector.h"

namespace stereofarm {
namespace {

// Frames whose features are handed to the detector at once.
constexpr int64_t kBatchFrames = 240;
constexpr int kMostThreads = 8;

}  // namespace

absl::StatusOr<std::vector<int64_t>> FindFilmCuts(const std::filesystem::path& film,
                                                  const std::shared_ptr<const FrameIndex>& index,
                                                  const std::function<void(int64_t)>& progress) {
  const int64_t frames = index->frame_count();
  const int threads =
      std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMostThreads);
  SF_ASSIGN_OR_RETURN(const auto reader, FrameReader::Open(film, index, {0, frames}, threads));
  ColorConverter converter(index->video.color);
  CutAnalyzer analyzer;
  CutDetector detector(frames);
  for (int64_t begin = 0; begin < frames; begin += kBatchFrames) {
    const FrameRange batch{begin, std::min(frames, begin + kBatchFrames)};
    std::vector<CutFeatures> features;
    while (static_cast<int64_t>(features.size()) < batch.size()) {
      SF_ASSIGN_OR_RETURN(const std::optional<DecodedFrame> frame, reader->Next());
      if (!frame) return absl::DataLossError("the film ended before its index did");
      SF_ASSIGN_OR_RETURN(const Image small,
                          converter.ToRgb(frame->picture, kCutWidth, kCutHeight));
      features.push_back(analyzer.Next(small));
    }
    SF_RETURN_IF_ERROR(detector.Add(batch, features));
    progress(batch.end);
  }
  return detector.Cuts();
}

}  // namespace stereofarm
