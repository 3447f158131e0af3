#ifndef STEREOFARM_MODELS_WEIGHTS_SAVED_OBJECT_H_
#define STEREOFARM_MODELS_WEIGHTS_SAVED_OBJECT_H_

#include <cstddef>
#include <map>
#include <span>
#include <string_view>

#include "models/weights/pickle.h"

namespace stereofarm {

// What a file of torch.save holds: an object, and for every storage in it the bytes, by key. Keys
// and bytes lie in the file.
struct SavedObject {
  Pickle pickle;
  std::map<std::string_view, std::span<const std::byte>> storages;
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_WEIGHTS_SAVED_OBJECT_H_
