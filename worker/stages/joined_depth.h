#ifndef STEREOFARM_WORKER_STAGES_JOINED_DEPTH_H_
#define STEREOFARM_WORKER_STAGES_JOINED_DEPTH_H_

#include <cstdint>
#include <memory>
#include <vector>

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
  // d in 0..1, near = 1.
  absl::StatusOr<Image> Normalised(int64_t frame) const;
  // scale * raw + shift as it is: 1/metre for metric depth.
  absl::StatusOr<Image> Unscaled(int64_t frame) const;

 private:
  struct Frame {
    std::vector<Image> images;
    std::vector<JoinInput> inputs;  // refer to `images`
  };
  absl::StatusOr<Frame> Read(int64_t frame) const;

  std::vector<AlignedShard> shards_;
  std::vector<CommittedFolder> folders_;  // of the shards
  DepthRange range_;
};

// Which of a frame's depths is wanted.
struct JoinWants {
  bool inverse_metres = false;
  bool depth = false;
};

// Gives every frame its depth, as large as its picture, by `rgb` as a guide.
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
