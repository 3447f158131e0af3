#ifndef STEREOFARM_MODELS_WEIGHTS_SAFETENSORS_HEADER_H_
#define STEREOFARM_MODELS_WEIGHTS_SAFETENSORS_HEADER_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "models/weights/stored_tensor.h"

namespace stereofarm {

// What the header of a safetensors file says of one tensor.
struct SafetensorsEntry {
  ElementType type = ElementType::kF32;
  std::vector<int64_t> shape;
  int64_t begin = 0;  // its bytes, counted from the end of the header
  int64_t end = 0;
};

struct SafetensorsHeader {
  std::map<std::string, SafetensorsEntry> tensors;
  std::map<std::string, std::string> metadata;
};

// Reads the JSON of a header; memory stays in proportion to its length, however deep it nests.
// InvalidArgument for what the format doesn't allow: a name given twice, a type that isn't read, a
// number that is negative, no integer or over 2^63, a field missing or unknown. Whether offsets and
// shapes make sense is not looked at.
absl::StatusOr<SafetensorsHeader> ParseSafetensorsHeader(std::string_view json);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_WEIGHTS_SAFETENSORS_HEADER_H_
