#ifndef STEREOFARM_WORKER_STAGES_JOINED_DEPTH_H_
#define STEREOFARM_WORKER_STAGES_JOINED_DEPTH_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "common/farm/depth_ease.h"
#include "common/farm/depth_join.h"
#include "common/image/image.h"
#include "worker/stages/committed_folder.h"
#include "worker/stages/film_frame.h"
#include "worker/stages/stream.h"
#include "worker/stages/task_run.h"

namespace stereofarm {

// The reconciled depth of the frames of a task's core, from the committed depth of its shard and
// its neighbours. Reads a frame's files when it's asked for it and keeps none.
class JoinedDepth {
 public:
  static absl::StatusOr<JoinedDepth> Open(const TaskRun& run);
  // A frame's depth as its shards have it.
  struct Frame {
    int64_t number = 0;
    std::vector<Image> images;
    std::vector<JoinInput> inputs;  // refer to `images`
    std::string values;             // what `images` hold (common/farm/depth_export.h)
    std::string model;              // what made them
  };
  absl::StatusOr<Frame> Read(int64_t frame) const;
  // d in 0..1, near = 1; as it stands where the frame is reconciled already.
  absl::StatusOr<Image> Normalised(const Frame& read) const;
  // scale * raw + shift as it is: 1/metre for metric depth; as it stands where the frame is
  // reconciled already.
  static Image Unscaled(const Frame& read);

 private:
  std::vector<AlignedShard> shards_;
  std::vector<CommittedFolder> folders_;  // of the shards
  EasedRange range_;
};

// Which of a frame's depths is wanted.
struct JoinWants {
  bool inverse_metres = false;
  bool depth = false;
};

// Gives every frame its depth, as large as its picture, by `rgb` as a guide. Inverse metres are
// what an export of metres can hold (InverseOf).
class JoinStage : public Stream<FilmFrame> {
 public:
  JoinStage(std::unique_ptr<Stream<FilmFrame>> frames, JoinedDepth depth, JoinWants wants,
            TaskRun* run);
  absl::StatusOr<std::optional<FilmFrame>> Next() override;

 private:
  const std::unique_ptr<Stream<FilmFrame>> frames_;
  const JoinedDepth depth_;
  const JoinWants wants_;
  TaskRun* const run_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_JOINED_DEPTH_H_
