#ifndef STEREOFARM_MODELS_FLOW_PRINCETON_NAMES_H_
#define STEREOFARM_MODELS_FLOW_PRINCETON_NAMES_H_

#include "models/nn/parameters.h"

namespace stereofarm {

// How a file spells the names of RAFT's tensors: as torchvision does (nothing to do: empty), or as
// the paper's authors do, with or without "module." before each.
Parameters::Spelling PrincetonNamesIn(const WeightFile& file);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_FLOW_PRINCETON_NAMES_H_
