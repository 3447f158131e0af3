#include "models/registry/known_models.h"

#include <utility>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

constexpr char kApache[] = "Apache-2.0";
constexpr char kNonCommercial[] = "CC-BY-NC-4.0";
constexpr char kBsd[] = "BSD-3-Clause";

// Widths of the encoders that the Depth Anything networks come with.
struct Encoder {
  const char* size;    // in our names
  const char* folder;  // in the publisher's
  const char* file;    // in the publisher's files
  int64_t width;
  int64_t blocks;
  int64_t features;  // of the head
};
constexpr Encoder kSmall = {"small", "Small", "vits", 384, 12, 64};
constexpr Encoder kBase = {"base", "Base", "vitb", 768, 12, 128};
constexpr Encoder kLarge = {"large", "Large", "vitl", 1024, 24, 256};

constexpr int64_t kTokens = 1 + 37 * 37;  // of the position embedding

std::vector<TellingTensor> Original(const Encoder& e, const std::string& head) {
  return {{"pretrained.pos_embed", {1, kTokens, e.width}},
          {absl::StrFormat("pretrained.blocks.%d.mlp.fc2.weight", e.blocks - 1),
           {e.width, 4 * e.width}},
          {head + "scratch.refinenet1.out_conv.weight", {e.features, e.features, 1, 1}},
          {head + "scratch.output_conv2.2.weight", {1, 32, 1, 1}}};
}

std::vector<TellingTensor> HuggingFace(const Encoder& e) {
  return {{"backbone.embeddings.position_embeddings", {1, kTokens, e.width}},
          {absl::StrFormat("backbone.encoder.layer.%d.mlp.fc2.weight", e.blocks - 1),
           {e.width, 4 * e.width}},
          {"neck.fusion_stage.layers.3.projection.weight", {e.features, e.features, 1, 1}},
          {"head.conv3.weight", {1, 32, 1, 1}}};
}

KnownModel DepthAnything(const Encoder& e, const char* licence, int64_t bytes, const char* sha256) {
  KnownModel model;
  model.name = absl::StrFormat("depth-anything-v2-%s", e.size);
  model.family = "depth-anything-v2";
  model.licence = licence;
  model.commercial_use = model.licence != kNonCommercial;
  model.page =
      absl::StrFormat("https://huggingface.co/depth-anything/Depth-Anything-V2-%s", e.folder);
  model.address = absl::StrFormat("%s/resolve/main/depth_anything_v2_%s.pth", model.page, e.file);
  model.bytes = bytes;
  model.sha256 = sha256;
  model.spellings = {Original(e, "depth_head."), HuggingFace(e)};
  return model;
}

KnownModel VideoDepthAnything(const Encoder& e, const char* licence, int64_t bytes,
                              const char* sha256) {
  KnownModel model;
  model.name = absl::StrFormat("video-depth-anything-%s", e.size);
  model.family = "video-depth-anything";
  model.licence = licence;
  model.commercial_use = model.licence != kNonCommercial;
  model.page =
      absl::StrFormat("https://huggingface.co/depth-anything/Video-Depth-Anything-%s", e.folder);
  model.address =
      absl::StrFormat("%s/resolve/main/video_depth_anything_%s.pth", model.page, e.file);
  model.bytes = bytes;
  model.sha256 = sha256;
  model.spellings = {Original(e, "head.")};
  model.spellings[0].push_back(
      {"head.motion_modules.3.temporal_transformer.proj_out.weight", {e.features, e.features}});
  return model;
}

// `spellings`: torchvision's and that of the paper's authors.
KnownModel Raft(const char* size, const char* file, int64_t bytes, const char* sha256,
                std::vector<std::vector<TellingTensor>> spellings) {
  KnownModel model;
  model.name = absl::StrFormat("raft-%s", size);
  model.family = "raft";
  model.licence = kBsd;
  model.commercial_use = true;
  model.page = "https://pytorch.org/vision/stable/models/raft.html";
  model.address = absl::StrFormat("https://download.pytorch.org/models/%s", file);
  model.bytes = bytes;
  model.sha256 = sha256;
  model.spellings = std::move(spellings);
  return model;
}

std::vector<KnownModel> MakeKnownModels() {
  return {
      DepthAnything(kSmall, kApache, 99218434,
                    "715fade13be8f229f8a70cc02066f656f2423a59effd0579197bbf57860e1378"),
      DepthAnything(kBase, kNonCommercial, 389961218,
                    "0d2b7002e62d39d655571c371333340bd88f67ab95050c03591555aa05645328"),
      DepthAnything(kLarge, kNonCommercial, 1341395338,
                    "a7ea19fa0ed99244e67b624c72b8580b7e9553043245905be58796a608eb9345"),
      VideoDepthAnything(kSmall, kApache, 116440756,
                         "13379300b739e659f076a59d52e9801bd8d38c541a7e71f73bbca4dcfb013609"),
      VideoDepthAnything(kBase, kNonCommercial, 458247082,
                         "775e578e8f9431ec0496514aa466bd0a1f67c28d0f518267809f35a43c04329b"),
      VideoDepthAnything(kLarge, kNonCommercial, 1538392012,
                         "43df27c6b396042ba34ff7b798ab279f64d204d2e86d7a373968f8fa36d0e6fa"),
      Raft("small", "raft_small_C_T_V2-01064c6d.pth", 4006189,
           "01064c6dba73b0fc9fc8edf772248560a00a3acfd62ac6677e9eeebad9680e27",
           {{{"feature_encoder.conv.weight", {128, 96, 1, 1}},
             {"update_block.recurrent_block.convgru1.convz.weight", {96, 242, 3, 3}}},
            {{"fnet.conv2.weight", {128, 96, 1, 1}},
             {"update_block.gru.convz.weight", {96, 242, 3, 3}}}}),
      Raft("large", "raft_large_C_T_SKHT_V2-ff5fadd5.pth", 0, "ff5fadd5",
           {{{"feature_encoder.conv.weight", {256, 128, 1, 1}},
             {"mask_predictor.conv.weight", {576, 256, 1, 1}}},
            {{"fnet.conv2.weight", {256, 128, 1, 1}},
             {"update_block.mask.2.weight", {576, 256, 1, 1}}}}),
  };
}

}  // namespace

const std::vector<KnownModel>& KnownModels() {
  static const std::vector<KnownModel> models = MakeKnownModels();
  return models;
}

absl::StatusOr<KnownModel> FindKnownModel(std::string_view name) {
  std::string known;
  for (const KnownModel& model : KnownModels()) {
    if (model.name == name) return model;
    known += (known.empty() ? "" : ", ") + model.name;
  }
  return absl::NotFoundError(
      absl::StrFormat("there is no model '%s'; known are %s", std::string(name), known));
}

}  // namespace stereofarm
