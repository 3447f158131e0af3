#ifndef STEREOFARM_TESTS_GOLDEN_GOLDEN_SET_H_
#define STEREOFARM_TESTS_GOLDEN_GOLDEN_SET_H_

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "models/nn/parameters.h"
#include "models/weights/weight_file.h"
#include "nlohmann/json.hpp"

namespace stereofarm {

// What a reference network was given and what it made of it, by name.
class GoldenTensors {
 public:
  static absl::StatusOr<GoldenTensors> Open(const std::filesystem::path& file);
  bool Has(const std::string& name) const { return file_->tensors().contains(name); }
  std::vector<std::string> Names() const;
  // The numbers for which there's a tensor BEFOREnumberAFTER.
  std::vector<int> Numbers(const std::string& before, const std::string& after) const;
  // Numbers of any type become float32. NotFound.
  absl::StatusOr<at::Tensor> Get(const std::string& name) const;

 private:
  explicit GoldenTensors(std::shared_ptr<const WeightFile> file) : file_(std::move(file)) {}
  std::shared_ptr<const WeightFile> file_;
};

// One file of tensors and what is to be run on it: a file of weights, or none where the numbers
// come from something that has none.
struct GoldenRun {
  std::string item;  // "FOLDER/WEIGHTS"
  std::filesystem::path tensors;
  std::filesystem::path weights;
  nlohmann::json config;  // empty where the folder has none
  std::filesystem::path folder;
  ParameterPlace place = {};  // where the network is run, and in which type
};

// The whole number at `pointer` (RFC 6901) in the folder's config.json; none where it has none.
std::optional<int> ConfigNumber(const GoldenRun& run, const std::string& pointer);

// What a network takes, where it's run.
inline at::Tensor Placed(const at::Tensor& x, const ParameterPlace& place) {
  return x.to(place.device, place.type);
}

// The runs of a folder: its tensors (io.safetensors, io_NAME.safetensors, NAME_io.safetensors)
// with each file of weights that belongs to them.
absl::StatusOr<std::vector<GoldenRun>> FindGoldenRuns(const std::filesystem::path& folder);

// Takes what was made, beside what the reference made: largest difference relative to the range of
// the reference's values. A reference that holds the first channels only is compared with those.
class Comparison {
 public:
  using Line =
      std::function<void(const std::string& item, const std::string& tensor, double error)>;
  explicit Comparison(Line line) : line_(std::move(line)) {}
  void Add(const std::string& item, const std::string& tensor, const at::Tensor& got,
           const at::Tensor& wanted);

 private:
  Line line_;
};

// Runs the network that the weights' names tell and compares all that the reference has.
// Unimplemented for a network that isn't known here.
absl::Status Check(const GoldenRun& run, Comparison* comparison);

// The parts of it.
absl::Status CheckDepthAnything(const GoldenRun& run, const GoldenTensors& golden,
                                std::shared_ptr<const WeightFile> weights, Comparison* comparison);
absl::Status CheckVideoDepthAnything(const GoldenRun& run, const GoldenTensors& golden,
                                     std::shared_ptr<const WeightFile> weights,
                                     Comparison* comparison);
absl::Status CheckVideoStitching(const GoldenRun& run, const GoldenTensors& golden,
                                 Comparison* comparison);
absl::Status CheckRaft(const GoldenRun& run, const GoldenTensors& golden,
                       std::shared_ptr<const WeightFile> weights, Comparison* comparison);

// Which network a file of weights holds.
enum class NetworkKind { kUnknown, kDepthAnythingV2, kVideoDepthAnything, kRaft };
NetworkKind KindOf(const WeightFile& file);

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_GOLDEN_GOLDEN_SET_H_
