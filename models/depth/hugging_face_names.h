#ifndef STEREOFARM_MODELS_DEPTH_HUGGING_FACE_NAMES_H_
#define STEREOFARM_MODELS_DEPTH_HUGGING_FACE_NAMES_H_

#include <string>
#include <vector>

namespace stereofarm {

// What a tensor of Depth Anything V2, or the beginning of some tensors' names, is called in the
// files that Hugging Face's transformers read. Queries, keys and values are one tensor in the
// original and three there, which lie one below the other.
std::vector<std::string> HuggingFaceNames(const std::string& original);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_DEPTH_HUGGING_FACE_NAMES_H_
