#include "models/depth/depth_anything_v2.h"

#include <string>
#include <utility>
#include <vector>

#include "models/depth/hugging_face_names.h"

namespace stereofarm {

absl::StatusOr<DepthAnythingV2> LoadDepthAnythingV2(const std::shared_ptr<const WeightFile>& file,
                                                    const ParameterPlace& place,
                                                    const std::optional<EncoderLayout>& layout) {
  const bool hugging_face = file->tensors().contains("backbone.embeddings.cls_token");
  Parameters parameters(file, place, hugging_face ? HuggingFaceNames : Parameters::Spelling());
  SF_ASSIGN_OR_RETURN(const VisionTransformerConfig encoder,
                      EncoderConfig(parameters, "pretrained", layout));
  DepthAnythingV2 net;
  net.encoder = TakeVisionTransformer(&parameters, "pretrained", encoder);
  net.head =
      TakeDptHead(&parameters, "depth_head", HeadConfig(parameters, "depth_head", encoder.width));
  SF_RETURN_IF_ERROR(parameters.Finish());
  return net;
}

at::Tensor Forward(const DepthAnythingV2& net, const at::Tensor& x, const Watch& watch) {
  const std::vector<at::Tensor> taps = Forward(net.encoder, x, watch);
  return Forward(net.head, taps, x.size(2) / kPatch, x.size(3) / kPatch, watch).squeeze(1);
}

}  // namespace stereofarm
