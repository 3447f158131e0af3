#ifndef STEREOFARM_MODELS_WEIGHTS_CHECKPOINT_H_
#define STEREOFARM_MODELS_WEIGHTS_CHECKPOINT_H_

#include <cstddef>
#include <span>

#include "common/base/status.h"
#include "models/weights/stored_tensor.h"

namespace stereofarm {

// Whether the bytes begin as a file of torch.save does: a zip archive, the magic number of the
// format before PyTorch 1.6, or a tar archive, the format before 0.1.10.
bool LooksLikeCheckpoint(std::span<const std::byte> file);

// The tensors of a state dict that torch.save wrote, which lie in `file`; no metadata. The state
// dict is the saved dictionary itself or, where that holds no tensors, its entry "state_dict",
// "model_state_dict" or "model". What else a dictionary holds (an epoch, an optimizer's state) is
// passed over. Where every name begins with "module.", as after training on several GPUs, the names
// come without it. InvalidArgument says what is wrong and with which tensor; a tar archive and a
// TorchScript file are told apart and refused.
absl::StatusOr<StoredTensors> ReadCheckpoint(std::span<const std::byte> file);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_WEIGHTS_CHECKPOINT_H_
