#ifndef STEREOFARM_COMMON_FARM_STAGE_KEY_H_
#define STEREOFARM_COMMON_FARM_STAGE_KEY_H_

#include <string>

#include "common/farm/task.h"

namespace stereofarm {

// The version of what each stage computes. Whoever changes a stage's numbers raises its entry.
int StageVersion(TaskKind kind);

// Hash over everything that decides the result of `spec`'s stage but the numeric class: the
// source's identity, core, overlap and shot range, the settings that matter to this stage (and no
// others), the inputs' scale, shift and range, the `input_keys` of the results it reads (their
// stage keys, in the order of spec), and the stage's version. `model_files`: hash of the model's or
// the depth folder's files, where the settings name some.
std::string StageBasis(const TaskSpec& spec, const std::string& source_identity,
                       const std::vector<std::string>& input_keys, const std::string& model_files);

// The key of a result: basis and numeric class of the worker that made it.
std::string StageKey(const std::string& stage_basis, const std::string& numeric_class);

// Identity of a whole job: same source, same settings, same outputs; written into the finished
// film.
std::string JobFingerprint(const JobSettings& settings, const std::string& source_identity,
                           const std::string& model_files);

// What the depth setting's files are: hash of the whole file for a network's; over names,
// sizes and both ends of each
// *.exr for `exr:DIR`; empty for built-in models. NotFound or InvalidArgument (no EXRs in the
// folder) name the option.
absl::StatusOr<std::string> HashModelFiles(const std::string& depth_setting);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_FARM_STAGE_KEY_H_
