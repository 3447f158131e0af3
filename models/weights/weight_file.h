#ifndef STEREOFARM_MODELS_WEIGHTS_WEIGHT_FILE_H_
#define STEREOFARM_MODELS_WEIGHTS_WEIGHT_FILE_H_

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "common/base/status.h"
#include "models/weights/mapped_file.h"
#include "models/weights/stored_tensor.h"

namespace stereofarm {

// A file of weights, open. Its values lie in the file's mapping: opening reads the headers only,
// and a tensor's data is valid for as long as the WeightFile lives. Thread-safe, since it never
// changes.
class WeightFile {
 public:
  // A safetensors file. NotFound and PermissionDenied, InvalidArgument for what is no weight file
  // or a damaged one; messages name the file, and the tensor where one is to blame.
  static absl::StatusOr<std::shared_ptr<const WeightFile>> Open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  // By the names that stand in the file; which of a checkpoint's, and how "module." comes off them,
  // says ReadCheckpoint (models/weights/checkpoint.h).
  const std::map<std::string, StoredTensor>& tensors() const { return stored_.tensors; }
  const std::map<std::string, std::string>& metadata() const { return stored_.metadata; }

 private:
  WeightFile(std::filesystem::path path, MappedFile file, StoredTensors stored)
      : path_(std::move(path)), file_(std::move(file)), stored_(std::move(stored)) {}

  const std::filesystem::path path_;
  const MappedFile file_;
  const StoredTensors stored_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_WEIGHTS_WEIGHT_FILE_H_
