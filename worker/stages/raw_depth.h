#ifndef STEREOFARM_WORKER_STAGES_RAW_DEPTH_H_
#define STEREOFARM_WORKER_STAGES_RAW_DEPTH_H_

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/exr/exr.h"
#include "common/farm/depth_export.h"
#include "common/image/image.h"
#include "models/api/depth_estimator.h"
#include "worker/stages/film_frame.h"
#include "worker/stages/stream.h"
#include "worker/stages/task_run.h"

namespace stereofarm {

// One frame's inverse depth before reconcile.
struct RawDepth {
  int64_t frame = 0;
  Image inverse_depth;  // one channel, near is large
  Image confidence;     // 0..1, may be empty
  // What it is: kInverseDepth; or kReconciledDepth or kReconciledInverseMetres, which the film is
  // made with as it stands (common/farm/depth_export.h).
  std::string values = kInverseDepth;
};

// The picture as models see it: with square pixels.
ImageSize SquarePixelSize(const VideoInfo& video);

// Depth of the frames `wanted` by a model. `frames` has its window around them as well.
class EstimateStage : public Stream<RawDepth> {
 public:
  // `estimator` has begun its stream.
  EstimateStage(std::unique_ptr<Stream<FilmFrame>> frames, DepthEstimator* estimator,
                FrameRange wanted, TaskRun* run);
  absl::StatusOr<std::optional<RawDepth>> Next() override;

 private:
  const std::unique_ptr<Stream<FilmFrame>> frames_;
  DepthEstimator* const estimator_;
  const FrameRange wanted_;
  TaskRun* const run_;
  std::deque<RawDepth> ready_;
  bool ended_ = false;
};

// Depth from a folder of EXR files, one for each frame of the film, or of the range that is made of
// it, in order of their names: channel
// Z in metres, or the inverse of metres where the attribute kDepthValues or the job's settings say
// so, or what a film of the farm was made with (--export-depth). No depth (infinite, zero,
// negative, NaN) counts as infinitely far. InvalidArgument names the file and what is wrong with
// it.
class DepthFolderStage : public Stream<RawDepth> {
 public:
  static absl::StatusOr<std::unique_ptr<Stream<RawDepth>>> Open(const std::filesystem::path& folder,
                                                                std::vector<int64_t> wanted,
                                                                TaskRun* run);
  DepthFolderStage(std::vector<std::filesystem::path> files, std::vector<int64_t> wanted,
                   TaskRun* run);
  absl::StatusOr<std::optional<RawDepth>> Next() override;

 private:
  absl::StatusOr<RawDepth> Read(size_t index) const;
  // That an export's file is of the frame and of a kind that the job can use.
  absl::Status CheckExport(const std::filesystem::path& file, const ExrImage& exr,
                           int64_t frame) const;

  const std::vector<std::filesystem::path> files_;  // of the frames wanted
  const std::vector<int64_t> wanted_;
  TaskRun* const run_;
  size_t next_ = 0;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_RAW_DEPTH_H_
