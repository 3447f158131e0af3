#ifndef STEREOFARM_MODELS_WEIGHTS_ZIP_CHECKPOINT_H_
#define STEREOFARM_MODELS_WEIGHTS_ZIP_CHECKPOINT_H_

#include <cstddef>
#include <span>

#include "common/base/status.h"
#include "models/weights/saved_object.h"

namespace stereofarm {

// Reads what torch.save writes since PyTorch 1.6: a zip archive whose members lie in one folder, of
// any name: data.pkl, byteorder, and data/KEY for each storage. InvalidArgument for another
// archive; a TorchScript file is told apart.
absl::StatusOr<SavedObject> ReadZipCheckpoint(std::span<const std::byte> file);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_WEIGHTS_ZIP_CHECKPOINT_H_
