#ifndef STEREOFARM_MODELS_FLOW_RAFT_H_
#define STEREOFARM_MODELS_FLOW_RAFT_H_

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/nn/layers.h"

namespace stereofarm {

// RAFT (Teed and Deng, "RAFT: Recurrent All-Pairs Field Transforms for Optical Flow", 2020), small
// and large.

enum class RaftNorm { kNone, kInstance, kBatch };

// A convolution, its norm and a ReLU.
struct RaftConv {
  Conv2d conv;
  RaftNorm norm = RaftNorm::kNone;
  at::Tensor weight, bias, mean, variance;  // of a batch norm
};

// Two convolutions (residual) or three (bottleneck) beside a shortcut.
struct RaftBlock {
  std::vector<RaftConv> convs;
  std::optional<RaftConv> downsample;
};

// A picture to a map of an eighth of its size.
struct RaftEncoder {
  RaftConv first;
  std::vector<RaftBlock> blocks;
  Conv2d last;
};

struct RaftMotionEncoder {
  std::vector<Conv2d> correlation, flow;
  Conv2d joined;
};

// One gated recurrent unit of convolutions.
struct RaftGru {
  Conv2d z, r, q;
};

struct Raft {
  int64_t hidden = 0;
  int64_t radius = 0;  // of the window that is looked up
  RaftEncoder features, context;
  RaftMotionEncoder motion;
  std::vector<RaftGru> grus;
  Conv2d flow1, flow2;
  std::optional<Conv2d> mask1, mask2;  // large only
};

// Reads a file in the spelling of torchvision or that of the paper's authors; which of both
// networks it is and how wide is told by its tensors. InvalidArgument names the file and the tensor
// that doesn't fit.
absl::StatusOr<Raft> LoadRaft(const std::shared_ptr<const WeightFile>& file,
                              const ParameterPlace& place = {});

struct RaftFlow {
  at::Tensor low;   // [B, 2, H / 8, W / 8]: x and y in pixels of this size
  at::Tensor full;  // [B, 2, H, W]: x and y in pixels
};

// What a picture shows, at an eighth of its size.
struct RaftPicture {
  at::Tensor features;  // [B, C, H / 8, W / 8], compared with another picture's
  at::Tensor context;   // the same, of the picture that motion starts from
};
// Of pictures [B, 3, H, W] in -1..1, RGB; H and W multiples of 8 and at least 128.
RaftPicture Look(const Raft& net, const at::Tensor& pictures);

// The motion of each pixel of `from` to its place in `to`. `watch` sees the first update's flow
// too.
RaftFlow FlowBetween(const Raft& net, const RaftPicture& from, const RaftPicture& to,
                     int updates = 12, const Watch& watch = {});

// Both steps for pictures as Look takes them. `watch` sees what each step makes.
RaftFlow Forward(const Raft& net, const at::Tensor& from, const at::Tensor& to, int updates = 12,
                 const Watch& watch = {});

// Pictures of any size, brought to one that the network takes by repeating their edges on all
// sides, and flow brought back.
class FlowPadding {
 public:
  FlowPadding(int64_t height, int64_t width);
  at::Tensor Pad(const at::Tensor& picture) const;  // [B, C, height, width] -> what Forward takes
  at::Tensor Crop(const at::Tensor& flow) const;

 private:
  int64_t height_, width_, top_, bottom_, left_, right_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_FLOW_RAFT_H_
