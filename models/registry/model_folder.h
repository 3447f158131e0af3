#ifndef STEREOFARM_MODELS_REGISTRY_MODEL_FOLDER_H_
#define STEREOFARM_MODELS_REGISTRY_MODEL_FOLDER_H_

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "common/base/status.h"
#include "models/registry/known_models.h"

namespace stereofarm {

// Where a machine keeps weights: what `option` names, else the environment's STEREOFARM_MODELS,
// else stereofarm/models in XDG_DATA_HOME or in ~/.local/share. InvalidArgument when none of these
// is known.
absl::StatusOr<std::filesystem::path> FindModelFolder(const std::string& option);

// A model's weights on this machine.
struct InstalledModel {
  std::filesystem::path file;
  int64_t bytes = 0;
  std::string sha256;  // as it was when the file came
};

// The weights on this machine, with a record of each (NAME.json): size and SHA-256 at the time when
// it came. A file is in place whole or not at all, and is replaced by rename, never written to, so
// that who has it open goes on reading what was there. Safe beside other processes.
class ModelFolder {
 public:
  // Told now and then, with how many of how many bytes are done.
  using Progress = std::function<void(int64_t done, int64_t total)>;

  // The folder needn't be there yet; one without a name holds nothing.
  explicit ModelFolder(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }

  // A model's weights, as recorded; only its size is compared. NotFound when it hasn't been added;
  // DataLoss when the record or the file is damaged.
  absl::StatusOr<InstalledModel> Find(std::string_view name) const;

  // The weights with this hash, whatever their name. NotFound.
  absl::StatusOr<InstalledModel> FindByHash(std::string_view sha256) const;

  // Copies a file in, once its tensors are those of the model, in place of what was there.
  // InvalidArgument says what doesn't fit; ResourceExhausted when the disk is full.
  absl::StatusOr<InstalledModel> Add(const KnownModel& model, const std::filesystem::path& file,
                                     const Progress& progress = {}) const;

  // Takes the published file, which has come to the folder under another name, in place of what was
  // there. InvalidArgument when its hash is not the published one or its tensors don't fit.
  absl::StatusOr<InstalledModel> TakePublished(const KnownModel& model,
                                               const std::filesystem::path& file,
                                               const Progress& progress = {}) const;

  // Reads a model's file again: its hash is the recorded one and its tensors are the model's.
  // NotFound, DataLoss.
  absl::Status Verify(const KnownModel& model, const Progress& progress = {}) const;

 private:
  // Gives a file of the folder its name and its record.
  absl::StatusOr<InstalledModel> Place(const KnownModel& model, const std::filesystem::path& file,
                                       const std::string& sha256) const;

  std::filesystem::path path_;
};

// Whether a file of this hash is the one that the publisher offers; false too where its hash isn't
// known.
bool IsPublished(const KnownModel& model, std::string_view sha256);

// That the file holds weights of the model: the tensors that tell it from others have its shapes.
// InvalidArgument names the file and what doesn't fit.
absl::Status CheckTensors(const KnownModel& model, const std::filesystem::path& file);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_REGISTRY_MODEL_FOLDER_H_
