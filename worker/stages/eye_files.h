#ifndef STEREOFARM_WORKER_STAGES_EYE_FILES_H_
#define STEREOFARM_WORKER_STAGES_EYE_FILES_H_

#include <memory>
#include <string>
#include <vector>

#include "worker/stages/committed_folder.h"
#include "worker/stages/film_frame.h"
#include "worker/stages/stream.h"
#include "worker/stages/task_run.h"

namespace stereofarm {

// "warp.000123.exr": channels right.R right.G right.B right.A right.D (or left., or both); A and D
// as in WarpedFrame.
std::string WarpFileName(int64_t frame);
// "inpaint.000123.exr": channels right.R right.G right.B.
std::string InpaintFileName(int64_t frame);

// Writes each frame's eyes into the attempt's folder, exactly: all values are halves.
absl::Status WriteWarpFiles(Stream<FilmFrame>* frames, TaskRun* run);
absl::Status WriteInpaintFiles(Stream<FilmFrame>* frames, const std::string& model, TaskRun* run);

// Gives each frame of the task's core what another task has written of it: its warped eyes, or its
// filled ones.
class EyeFilesStage : public Stream<FilmFrame> {
 public:
  enum class Kind { kWarped, kFilled };
  EyeFilesStage(std::unique_ptr<Stream<FilmFrame>> frames, CommittedFolder folder, Kind kind,
                TaskRun* run);
  absl::StatusOr<std::optional<FilmFrame>> Next() override;

 private:
  absl::Status Read(FilmFrame* frame) const;

  const std::unique_ptr<Stream<FilmFrame>> frames_;
  const CommittedFolder folder_;
  const Kind kind_;
  TaskRun* const run_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_EYE_FILES_H_
