#include "models/registry/known_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "models/registry/model_folder.h"
#include "tests/support/test_data.h"

namespace stereofarm {
namespace {

using ::testing::HasSubstr;

TEST(KnownModelsTest, EachSaysWhatItIsAndWhereItComesFrom) {
  std::set<std::string> names;
  for (const KnownModel& model : KnownModels()) {
    EXPECT_TRUE(names.insert(model.name).second) << model.name;
    EXPECT_TRUE(model.name.starts_with(model.family + "-")) << model.name;
    EXPECT_TRUE(model.address.starts_with("https://")) << model.name;
    EXPECT_TRUE(model.address.ends_with(".pth")) << model.name;
    EXPECT_TRUE(model.page.starts_with("https://")) << model.name;
    EXPECT_FALSE(model.licence.empty()) << model.name;
    EXPECT_GE(model.bytes, 0) << model.name;
    EXPECT_EQ(model.sha256.find_first_not_of("0123456789abcdef"), std::string::npos) << model.name;
    EXPECT_GE(model.sha256.size(), 8u) << model.name;
    EXPECT_LE(model.sha256.size(), 64u) << model.name;
    ASSERT_FALSE(model.spellings.empty()) << model.name;
    for (const auto& spelling : model.spellings) EXPECT_GE(spelling.size(), 2u) << model.name;
  }
  EXPECT_EQ(names.size(), 8u);
}

TEST(KnownModelsTest, OnlyTheSmallNetworksOfDepthMayBeUsedCommercially) {
  for (const KnownModel& model : KnownModels()) {
    EXPECT_EQ(model.commercial_use, model.family == "raft" || model.name.ends_with("-small"))
        << model.name;
    EXPECT_EQ(model.commercial_use, model.licence != "CC-BY-NC-4.0") << model.name;
  }
}

TEST(KnownModelsTest, ModelsAreFoundByName) {
  const auto model = FindKnownModel("video-depth-anything-small");
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->licence, "Apache-2.0");
  const absl::Status status = FindKnownModel("depth-anything").status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("'depth-anything'; known are depth-anything-v2-small, "));
}

TEST(KnownModelsTest, ThePublishedFileOfRaftIsKnownByItsTensors) {
  const auto file = SharedFile("golden/raft_small_real/raft-small.pth");
  SF_SKIP_WITHOUT(file);
  EXPECT_TRUE(CheckTensors(*FindKnownModel("raft-small"), file).ok());
  EXPECT_TRUE(
      CheckTensors(*FindKnownModel("raft-small"),
                   SharedFile("golden/raft_small_real/weights_torchvision_names.safetensors"))
          .ok());
  EXPECT_THAT(
      std::string(CheckTensors(*FindKnownModel("raft-large"), file).message()),
      HasSubstr("the tensor \"fnet.conv2.weight\" is [128, 96, 1, 1], not [256, 128, 1, 1]"));
  EXPECT_THAT(std::string(CheckTensors(*FindKnownModel("depth-anything-v2-small"), file).message()),
              HasSubstr("there is no tensor \"pretrained.pos_embed\""));
}

}  // namespace
}  // namespace stereofarm
