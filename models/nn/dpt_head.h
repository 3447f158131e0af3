#ifndef STEREOFARM_MODELS_NN_DPT_HEAD_H_
#define STEREOFARM_MODELS_NN_DPT_HEAD_H_

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "models/nn/layers.h"

namespace stereofarm {

// The dense prediction head of DPT (Ranftl et al., "Vision Transformers for Dense Prediction",
// 2021) as Depth Anything V2 has it: four maps of tokens become a pyramid, which is put together
// from coarse to fine.

struct DptHeadConfig {
  int64_t tokens = 0;                    // numbers of a token
  int64_t features = 0;                  // channels of the pyramid
  std::array<int64_t, 4> channels = {};  // of the four maps before it, fine to coarse
};

// The sizes of the head whose tensors begin with PREFIX, on tokens of this width.
DptHeadConfig HeadConfig(const Parameters& parameters, const std::string& prefix, int64_t tokens);

struct ResidualConvUnit {
  Conv2d conv1, conv2;
};

struct FusionBlock {
  ResidualConvUnit side;  // not in the coarsest
  ResidualConvUnit sum;
  Conv2d out;
};

struct DptHead {
  DptHeadConfig config;
  std::array<Linear, 4> project;
  SquareConv2d enlarge4, enlarge2;
  Conv2d halve;
  std::array<Conv2d, 4> even;         // "layerN_rn"
  std::array<FusionBlock, 4> fusion;  // "refinenetN"
  Conv2d output1, output2, output3;
};

// From the tensors PREFIX.projects.0.weight, PREFIX.scratch.layer1_rn.weight and so on.
DptHead TakeDptHead(Parameters* parameters, const std::string& prefix, const DptHeadConfig& config);

// The coarsest result of the pyramid's four maps is number 3. A network that works on time too
// changes maps on their way: `on_map` before number 2 and 3 are evened out, `on_path` after number
// 3 and 2 are put together.
struct DptHooks {
  std::function<at::Tensor(int number, const at::Tensor&map)> on_map, on_path;
};

// Of four [B, rows * columns, tokens], rows and columns >= 1, -> [B, 1, 14 rows, 14 columns].
at::Tensor Forward(const DptHead& head, const std::vector<at::Tensor>& taps, int64_t rows,
                   int64_t columns, const Watch& watch = {}, const DptHooks& hooks = {});

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_NN_DPT_HEAD_H_
