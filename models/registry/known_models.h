#ifndef STEREOFARM_MODELS_REGISTRY_KNOWN_MODELS_H_
#define STEREOFARM_MODELS_REGISTRY_KNOWN_MODELS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"

namespace stereofarm {

// A tensor whose name and shape tell one network from the others.
struct TellingTensor {
  std::string name;
  std::vector<int64_t> shape;
};

// A network whose weights stereofarm can read, and the file that its makers publish.
struct KnownModel {
  std::string name;     // "depth-anything-v2-small"; also what --depth takes for a network of depth
  std::string family;   // "depth-anything-v2"
  std::string licence;  // of the weights: "Apache-2.0"
  bool commercial_use = false;  // whether that permits it
  std::string page;             // the publisher's, for people
  // The published file: where, how long in bytes, and its SHA-256, or as many of that's first
  // digits as are known.
  std::string address;
  int64_t bytes = 0;
  std::string sha256;
  // Each is one spelling of the network's tensors; a file of it holds all tensors of one of them.
  std::vector<std::vector<TellingTensor>> spellings;
};

// In the order in which they're listed.
const std::vector<KnownModel>& KnownModels();

// NotFound names the models that are known.
absl::StatusOr<KnownModel> FindKnownModel(std::string_view name);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_REGISTRY_KNOWN_MODELS_H_
