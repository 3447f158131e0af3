#ifndef STEREOFARM_WORKER_STAGES_EXPORT_DEPTH_H_
#define STEREOFARM_WORKER_STAGES_EXPORT_DEPTH_H_

#include <memory>

#include "worker/stages/film_frame.h"
#include "worker/stages/stream.h"
#include "worker/stages/task_run.h"

namespace stereofarm {

// Writes each frame's depth into the attempt's folder, once for each export of the job
// (ExportPartName). Hands the frames on with `depth`, without inverse metres.
class ExportStage : public Stream<FilmFrame> {
 public:
  ExportStage(std::unique_ptr<Stream<FilmFrame>> frames, TaskRun* run);
  absl::StatusOr<std::optional<FilmFrame>> Next() override;

 private:
  const std::unique_ptr<Stream<FilmFrame>> frames_;
  TaskRun* const run_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_EXPORT_DEPTH_H_
