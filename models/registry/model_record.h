#ifndef STEREOFARM_MODELS_REGISTRY_MODEL_RECORD_H_
#define STEREOFARM_MODELS_REGISTRY_MODEL_RECORD_H_

#include <cstdint>
#include <string>

#include "common/base/status.h"

namespace stereofarm {

// What a model folder knows of one model's weights.
struct ModelRecord {
  std::string file;  // a plain name, in the same folder
  int64_t bytes = 0;
  std::string sha256;  // 64 lower-case hexadecimal digits
  bool operator==(const ModelRecord&) const = default;
};

// As JSON.
std::string SerializeModelRecord(const ModelRecord& record);
// DataLoss says what is wrong with it.
absl::StatusOr<ModelRecord> ParseModelRecord(const std::string& json);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_REGISTRY_MODEL_RECORD_H_
