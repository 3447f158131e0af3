#include "models/depth/hugging_face_names.h"

#include <utility>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

// Whole beginnings of names, the first that fits.
constexpr std::pair<const char*, const char*> kBeginnings[] = {
    {"pretrained.cls_token", "backbone.embeddings.cls_token"},
    {"pretrained.mask_token", "backbone.embeddings.mask_token"},
    {"pretrained.pos_embed", "backbone.embeddings.position_embeddings"},
    {"pretrained.patch_embed.proj", "backbone.embeddings.patch_embeddings.projection"},
    {"pretrained.norm", "backbone.layernorm"},
    {"depth_head.scratch.layer1_rn", "neck.convs.0"},
    {"depth_head.scratch.layer2_rn", "neck.convs.1"},
    {"depth_head.scratch.layer3_rn", "neck.convs.2"},
    {"depth_head.scratch.layer4_rn", "neck.convs.3"},
    {"depth_head.scratch.refinenet1", "neck.fusion_stage.layers.3"},
    {"depth_head.scratch.refinenet2", "neck.fusion_stage.layers.2"},
    {"depth_head.scratch.refinenet3", "neck.fusion_stage.layers.1"},
    {"depth_head.scratch.refinenet4", "neck.fusion_stage.layers.0"},
    {"depth_head.scratch.output_conv1", "head.conv1"},
    {"depth_head.scratch.output_conv2.0", "head.conv2"},
    {"depth_head.scratch.output_conv2.2", "head.conv3"},
    {"pretrained.blocks", "backbone.encoder.layer"},
    {"depth_head.projects", "neck.reassemble_stage.layers"},
    {"depth_head.resize_layers", "neck.reassemble_stage.layers"},
};

// What stands behind the number of a block or level.
constexpr std::pair<const char*, const char*> kParts[] = {
    {".ls1.gamma", ".layer_scale1.lambda1"},
    {".ls2.gamma", ".layer_scale2.lambda1"},
    {".attn.proj", ".attention.output.dense"},
    {".mlp.w12", ".mlp.weights_in"},
    {".mlp.w3", ".mlp.weights_out"},
    {".out_conv", ".projection"},
    {".resConfUnit1.conv", ".residual_layer1.convolution"},
    {".resConfUnit2.conv", ".residual_layer2.convolution"},
    {".resConfUnit1", ".residual_layer1"},
    {".resConfUnit2", ".residual_layer2"},
};

}  // namespace

std::vector<std::string> HuggingFaceNames(const std::string& original) {
  std::string name = original;
  for (const auto& [from, to] : kBeginnings) {
    if (!name.starts_with(from)) continue;
    name.replace(0, std::string(from).size(), to);
    break;
  }
  for (const auto& [from, to] : kParts) {
    const size_t at = name.find(from);
    if (at == std::string::npos) continue;
    name.replace(at, std::string(from).size(), to);
    break;
  }
  for (const auto& [level, part] : {std::pair("depth_head.projects.", ".projection"),
                                    std::pair("depth_head.resize_layers.", ".resize")}) {
    if (!original.starts_with(level)) continue;
    const size_t number = std::string("neck.reassemble_stage.layers.").size();
    name.insert(std::min(name.find('.', number), name.size()), part);
  }
  const std::string qkv = ".attn.qkv";
  const size_t at = name.find(qkv);
  if (at == std::string::npos) return {name};
  std::vector<std::string> names;
  for (const char* part : {"query", "key", "value"}) {
    std::string one = name;
    names.push_back(one.replace(at, qkv.size(), absl::StrFormat(".attention.attention.%s", part)));
  }
  return names;
}

}  // namespace stereofarm
