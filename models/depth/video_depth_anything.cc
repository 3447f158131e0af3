#include "models/depth/video_depth_anything.h"

#include <ATen/ops/cat.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

// Pictures that go through the encoder together; the numbers don't depend on it.
constexpr int64_t kEncoderBatch = 8;

}  // namespace

absl::StatusOr<VideoDepthAnything> LoadVideoDepthAnything(
    const std::shared_ptr<const WeightFile>& file, const ParameterPlace& place,
    const std::optional<EncoderLayout>& layout) {
  Parameters parameters(file, place);
  SF_ASSIGN_OR_RETURN(const VisionTransformerConfig encoder,
                      EncoderConfig(parameters, "pretrained", layout));
  const DptHeadConfig head = HeadConfig(parameters, "head", encoder.width);
  VideoDepthAnything net;
  net.encoder = TakeVisionTransformer(&parameters, "pretrained", encoder);
  net.head = TakeDptHead(&parameters, "head", head);
  const std::array<int64_t, 4> channels = {head.channels[2], head.channels[3], head.features,
                                           head.features};
  for (size_t i = 0; i < 4; ++i) {
    net.motion[i] = TakeTemporalModule(&parameters, absl::StrFormat("head.motion_modules.%d", i),
                                       channels[i], kVideoFrames);
  }
  SF_RETURN_IF_ERROR(parameters.Finish());
  return net;
}

at::Tensor Forward(const VideoDepthAnything& net, const at::Tensor& x, const Watch& watch) {
  const int64_t films = x.size(0), frames = x.size(1), height = x.size(3), width = x.size(4);
  const auto along_time = [&](size_t number, const at::Tensor& map) {
    const at::Tensor out = Forward(net.motion[number], map, frames);
    if (watch) {
      watch(absl::StrFormat("motion%d_out", number),
            out.reshape({films, frames, out.size(1), out.size(2), out.size(3)}).transpose(1, 2));
    }
    return out;
  };
  const DptHooks hooks = {
      .on_map = [&](int number,
                    const at::Tensor& map) { return along_time(number == 2 ? 0 : 1, map); },
      .on_path = [&](int number,
                     const at::Tensor& path) { return along_time(number == 3 ? 2 : 3, path); }};
  const at::Tensor pictures = x.flatten(0, 1);
  std::array<std::vector<at::Tensor>, 4> parts;
  for (int64_t begin = 0; begin < pictures.size(0); begin += kEncoderBatch) {
    const int64_t count = std::min(kEncoderBatch, pictures.size(0) - begin);
    const std::vector<at::Tensor> seen =
        Forward(net.encoder, pictures.narrow(0, begin, count), watch);
    for (size_t tap = 0; tap < 4; ++tap) parts[tap].push_back(seen[tap]);
  }
  std::vector<at::Tensor> taps;
  for (const std::vector<at::Tensor>& part : parts) taps.push_back(at::cat(part));
  return Forward(net.head, taps, height / kPatch, width / kPatch, watch, hooks)
      .reshape({films, frames, height, width});
}

}  // namespace stereofarm
