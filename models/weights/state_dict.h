#ifndef STEREOFARM_MODELS_WEIGHTS_STATE_DICT_H_
#define STEREOFARM_MODELS_WEIGHTS_STATE_DICT_H_

#include "common/base/status.h"
#include "models/weights/saved_object.h"
#include "models/weights/stored_tensor.h"

namespace stereofarm {

// The tensors of the state dict in a saved object; ReadCheckpoint says which one that is and what
// becomes of its names. Every tensor is checked against its storage. InvalidArgument names the
// tensor that doesn't fit.
absl::StatusOr<StoredTensors> ReadStateDict(const SavedObject& saved);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_WEIGHTS_STATE_DICT_H_
