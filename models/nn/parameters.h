#ifndef STEREOFARM_MODELS_NN_PARAMETERS_H_
#define STEREOFARM_MODELS_NN_PARAMETERS_H_

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/base/status.h"
#include "models/weights/weight_file.h"

namespace stereofarm {

// Where a network's parameters lie, and as what.
struct ParameterPlace {
  c10::Device device = c10::Device(c10::kCPU);
  at::ScalarType type = at::kFloat;  // a floating point type
};

// Hands a network its tensors out of a weight file. The first tensor that is missing or has another
// shape than the network's is kept as the error; what is asked for from there on may be empty, so
// nothing is computed before Finish has said OK.
class Parameters {
 public:
  // The names under which a file keeps the tensor that the network calls `name`: one, or several
  // that lie one below the other.
  using Spelling = std::function<std::vector<std::string>(const std::string& name)>;

  // Without a spelling, a file's names are the network's.
  explicit Parameters(std::shared_ptr<const WeightFile> file, const ParameterPlace& place = {},
                      Spelling spelling = {});

  const std::filesystem::path& path() const { return file_->path(); }
  // What the file says beside its tensors; empty where it doesn't.
  std::string Metadata(const std::string& key) const;
  bool Has(const std::string& name) const;
  // The size along dimension `dim`; 0 where there's no such tensor or dimension.
  int64_t SizeOf(const std::string& name, size_t dim) const;
  at::Tensor Take(const std::string& name, const std::vector<int64_t>& shape);
  // What the file may hold beside the network: tensors whose name (in the network's spelling)
  // begins with this.
  void Ignore(const std::string& prefix);
  // InvalidArgument names the file and the tensor that is missing, of another shape or kind, or
  // that the network doesn't know.
  absl::Status Finish() const;

 private:
  std::vector<std::string> Spelt(const std::string& name) const;
  const StoredTensor* Find(const std::string& file_name) const;
  void Fail(const std::string& file_name, const std::string& what);

  const std::shared_ptr<const WeightFile> file_;
  const ParameterPlace place_;
  const Spelling spelling_;
  std::set<std::string> used_;
  std::vector<std::string> ignored_;
  std::string error_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_NN_PARAMETERS_H_
