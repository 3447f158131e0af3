#ifndef STEREOFARM_MODELS_WEIGHTS_SAFETENSORS_H_
#define STEREOFARM_MODELS_WEIGHTS_SAFETENSORS_H_

#include <cstddef>
#include <span>

#include "common/base/status.h"
#include "models/weights/stored_tensor.h"

namespace stereofarm {

// The longest header that is read, in bytes; the format's own limit.
inline constexpr int64_t kMaxSafetensorsHeader = 100'000'000;

// Whether the bytes begin as a safetensors file does: a length that fits and a brace.
bool LooksLikeSafetensors(std::span<const std::byte> file);

// The tensors of a safetensors file, which lie in `file`: 8 bytes of header length, a header in
// JSON, and the values, each byte of which belongs to one tensor exactly, as the format demands.
// InvalidArgument says what is wrong, and with which tensor.
absl::StatusOr<StoredTensors> ReadSafetensors(std::span<const std::byte> file);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_WEIGHTS_SAFETENSORS_H_
