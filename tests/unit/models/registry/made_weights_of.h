#ifndef STEREOFARM_TESTS_UNIT_MODELS_REGISTRY_MADE_WEIGHTS_OF_H_
#define STEREOFARM_TESTS_UNIT_MODELS_REGISTRY_MADE_WEIGHTS_OF_H_

#include <string>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "models/registry/known_models.h"
#include "tests/unit/models/weights/made_safetensors.h"

namespace stereofarm {

// A file that passes for a model's weights: the tensors by which it is known, every value `value`.
inline std::string MadeWeightsOf(const KnownModel& model, char value = 'x') {
  std::string header;
  size_t bytes = 0;
  for (const TellingTensor& tensor : model.spellings.front()) {
    size_t count = 1;
    for (const int64_t size : tensor.shape) count *= static_cast<size_t>(size);
    header += absl::StrFormat(R"(%s"%s":{"dtype":"U8","shape":[%s],"data_offsets":[%d,%d]})",
                              header.empty() ? "" : ",", tensor.name,
                              absl::StrJoin(tensor.shape, ","), bytes, bytes + count);
    bytes += count;
  }
  return MadeSafetensors("{" + header + "}", std::string(bytes, value));
}

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_UNIT_MODELS_REGISTRY_MADE_WEIGHTS_OF_H_
