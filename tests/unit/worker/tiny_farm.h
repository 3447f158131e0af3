#ifndef STEREOFARM_TESTS_UNIT_WORKER_TINY_FARM_H_
#define STEREOFARM_TESTS_UNIT_WORKER_TINY_FARM_H_

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/artifacts/manifest.h"
#include "common/farm/task.h"
#include "common/media/frame_index.h"
#include "common/media/picture.h"
#include "models/api/depth_estimator.h"
#include "models/api/inpainter.h"
#include "tests/support/temp_folder.h"
#include "worker/stages/run_task.h"

namespace stereofarm {

// A small film of textured, moving pictures.
struct TinyFilm {
  int width = 48;
  int height = 32;
  int frames = 8;
  std::string pixel_format = "yuv420p";
};

// Frame `frame` of it, made of integers alone.
Picture TinyPicture(const TinyFilm& film, int64_t frame);
// The same samples in every plane.
bool SamePixels(const Picture& a, const Picture& b);
// The part of `picture` that begins at (x, y); on the chroma grid.
Picture Part(const Picture& picture, int x, int y, int width, int height);
// All frames of a film or segment.
std::vector<Picture> DecodeAll(const std::filesystem::path& file);

// Inverse depth from brightness, over a frame and its two neighbours, at half size.
class BrightnessDepth : public DepthEstimator {
 public:
  absl::StatusOr<DepthPlan> Plan(ImageSize picture) const override;
  absl::Status Begin(ImageSize picture) override;
  absl::Status Push(DepthInput frame, std::vector<DepthResult>* done) override;
  absl::Status Finish(std::vector<DepthResult>* done) override;
  std::string Id() const override { return "brightness/1"; }

 private:
  DepthResult Mean(size_t first, size_t last, size_t middle) const;
  std::vector<DepthInput> frames_;  // at most 3
  bool begun_ = false;
};

// Shows in holes the mean of all that the frames of its window say: the source, how it is displaced
// and the warped eye. Made for "window-mean"; every other name means what it always does.
class WindowMean : public Inpainter {
 public:
  static constexpr int kWindow = 3;
  int window() const override { return kWindow; }
  absl::Status Begin() override;
  absl::Status Push(InpaintFrame frame, std::vector<FilledFrame>* done) override;
  absl::Status Finish(std::vector<FilledFrame>* done) override;
  std::string Id() const override { return "window-mean/1"; }

 private:
  FilledFrame Fill(size_t target) const;
  std::deque<InpaintFrame> frames_;
  size_t next_ = 0;  // to be handed out
};

// A lossless film, a store and a runner: what a task needs, without a coordinator.
class TinyFarm {
 public:
  explicit TinyFarm(const TinyFilm& film = {});

  // For every task from here on. Lossless, one thread, sbs.
  JobSettings settings;

  const TinyFilm& film() const { return film_; }
  const FrameIndex& index() const { return index_; }
  std::filesystem::path store() const { return folder_ / "store"; }
  std::filesystem::path folder() const { return folder_.path(); }

  // `full` is the core grown by 2 frames inside the film, which is one shot.
  Shard ShardOf(int64_t begin, int64_t end) const;
  TaskLease Lease(TaskKind kind, const Shard& shard);
  std::filesystem::path FolderOf(const TaskLease& lease) const;
  absl::StatusOr<Manifest> Run(const TaskLease& lease);
  // Runs it and, as the coordinator does, writes committed.pb; the test fails if it can't.
  TaskLease RunAndCommit(const TaskLease& lease);
  // Depth of `shard`, committed, as render's specification names it.
  DepthSource Depth(const Shard& shard);
  // A render task of `shard` with the depth of `sources`.
  TaskLease Render(const Shard& shard, std::vector<DepthSource> sources);
  // warp, inpaint and encode of `shard` one after the other; the encode task, not committed.
  TaskLease EncodeThroughFiles(const Shard& shard, const std::vector<DepthSource>& sources);

  TaskProgress progress;

 private:
  const TinyFilm film_;
  const TempFolder folder_;
  FrameIndex index_;
  int64_t next_epoch_ = 1;
  StageRunner runner_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_UNIT_WORKER_TINY_FARM_H_
