#ifndef STEREOFARM_WORKER_STAGES_RUN_TASK_H_
#define STEREOFARM_WORKER_STAGES_RUN_TASK_H_

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "common/artifacts/manifest.h"
#include "common/farm/task.h"
#include "models/api/depth_estimator.h"
#include "models/api/inpainter.h"
#include "models/api/splatter.h"
#include "worker/stages/inpaint.h"
#include "worker/stages/task_run.h"

namespace stereofarm {

// How the models that a task names come to be; given by the program, so that stages link none.
struct ModelFactories {
  std::function<absl::StatusOr<std::unique_ptr<DepthEstimator>>(const std::string& name)> depth;
  // An estimator that steadies what one gives that looks at frames alone.
  std::function<std::unique_ptr<DepthEstimator>(std::unique_ptr<DepthEstimator> inner)> stabilise;
  std::function<absl::StatusOr<std::unique_ptr<Splatter>>()> splat;
  std::function<absl::StatusOr<std::unique_ptr<Inpainter>>(const std::string& name)> inpaint;
};

// Runs tasks, one after the other: stages, checks, manifest. Keeps the models and the frame index
// of the last task, since the next one mostly wants the same.
class StageRunner {
 public:
  StageRunner(ModelFactories factories, std::string numeric_class, std::string build);

  // Makes the attempt's files below the place's store and their manifest, which is written last.
  // InvalidArgument and NotFound: the user's film or settings; DamagedResult (damage.h): another
  // task's result; Cancelled: `progress` said so. Whatever has been written until then stays for
  // the caller to remove.
  absl::StatusOr<Manifest> Run(const TaskLease& lease, const TaskPlace& place,
                               TaskProgress* progress);

 private:
  absl::StatusOr<std::shared_ptr<const FrameIndex>> IndexAt(const std::filesystem::path& file);
  absl::StatusOr<DepthEstimator*> Estimator(const std::string& name, bool stabilise);
  absl::StatusOr<Splatter*> SplatterOfDevice();
  absl::StatusOr<const Inpainters*> InpaintersOf(const JobSettings& settings);
  absl::StatusOr<Manifest> RunLogged(const TaskLease& lease, const TaskPlace& place,
                                     TaskProgress* progress, TaskLog* log);
  // Runs the stages of one kind; `model` gets the name of what made the result.
  absl::Status RunStages(TaskRun* run, std::string* model);
  absl::StatusOr<Manifest> Describe(const TaskLease& lease, const TaskRun& run,
                                    const std::string& model) const;

  const ModelFactories factories_;
  const std::string numeric_class_;
  const std::string build_;
  std::filesystem::path index_file_;
  std::shared_ptr<const FrameIndex> index_;
  std::string estimator_name_;
  bool stabilised_ = false;  // whether the estimator was asked to be
  std::unique_ptr<DepthEstimator> estimator_;
  std::unique_ptr<Splatter> splatter_;
  std::string inpainter_name_;
  Inpainters inpainters_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_STAGES_RUN_TASK_H_
