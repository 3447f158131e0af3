#ifndef STEREOFARM_MODELS_WEIGHTS_LEGACY_CHECKPOINT_H_
#define STEREOFARM_MODELS_WEIGHTS_LEGACY_CHECKPOINT_H_

#include <cstddef>
#include <span>

#include "common/base/status.h"
#include "models/weights/saved_object.h"

namespace stereofarm {

// Whether the bytes begin with the magic number of the format.
bool LooksLikeLegacyCheckpoint(std::span<const std::byte> file);

// Reads what torch.save wrote before PyTorch 1.6: a magic number, the format's version, facts about
// the machine, the object and the list of its storages' keys, each a pickle of its own; then each
// storage, its number of elements before it. InvalidArgument for what is damaged, was cut off or
// comes from a big-endian machine.
absl::StatusOr<SavedObject> ReadLegacyCheckpoint(std::span<const std::byte> file);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_WEIGHTS_LEGACY_CHECKPOINT_H_
