#include "models/weights/weight_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

#include "common/base/file_system.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_data.h"
#include "tests/unit/models/weights/made_checkpoint.h"
#include "tests/unit/models/weights/made_safetensors.h"

namespace stereofarm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(WeightFileTest, ReadsSafetensors) {
  const TempFolder folder;
  const auto path = folder / "any name";
  ASSERT_TRUE(
      WriteFileAtomically(
          path, MadeSafetensors(R"({"t":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", "xy"))
          .ok());
  const auto file = WeightFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->path(), path);
  const StoredTensor& tensor = (*file)->tensors().at("t");
  EXPECT_THAT(tensor.data, ElementsAre(std::byte{'x'}, std::byte{'y'}));
}

TEST(WeightFileTest, ReadsCheckpoints) {
  const TempFolder folder;
  const auto path = folder / "any name";
  const std::string object = PickledDict({{"t", PickledFloats("0", {1})}});
  for (const std::string& content :
       {MadeCheckpoint(object, {{"0", "1234"}}), MadeLegacyCheckpoint(object, {{"0", "1234"}})}) {
    ASSERT_TRUE(WriteFileAtomically(path, content).ok());
    const auto file = WeightFile::Open(path);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ((*file)->tensors().at("t").data.size(), 4u);
  }
}

TEST(WeightFileTest, ErrorsNameTheFile) {
  const TempFolder folder;
  const auto path = folder / "weights.safetensors";
  EXPECT_TRUE(absl::IsNotFound(WeightFile::Open(path).status()));
  for (const std::string& content :
       {std::string(), std::string("short"), std::string(1000, 'x'), MadeSafetensors("{", "")}) {
    ASSERT_TRUE(WriteFileAtomically(path, content).ok());
    const absl::Status status = WeightFile::Open(path).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(path.string()));
  }
}

TEST(WeightFileTest, RefusesWhatIsNoFile) {
  const TempFolder folder;
  EXPECT_TRUE(absl::IsInvalidArgument(WeightFile::Open(folder.path()).status()));
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(absl::IsInvalidArgument(WeightFile::Open(folder / "pipe").status()));
}

TEST(WeightFileTest, ReadsWhatTheSafetensorsLibraryWrote) {
  const auto path = SharedFile("golden/depth_anything_v2/weights.safetensors");
  SF_SKIP_WITHOUT(path);
  const auto file = WeightFile::Open(path);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->metadata().at("format"), "pt");
  EXPECT_THAT((*file)->tensors().at("depth_head.projects.0.weight").shape,
              ElementsAre(16, 96, 1, 1));
}

// The bytes of a tensor, for comparing.
std::string BytesOf(const StoredTensor& tensor) {
  return {reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size()};
}

TEST(WeightFileTest, ACheckpointHoldsTheSameAsItsSafetensors) {
  const auto path = SharedFile("golden/depth_anything_v2/weights.pth");
  SF_SKIP_WITHOUT(path);
  const auto checkpoint = WeightFile::Open(path);
  const auto safetensors =
      WeightFile::Open(SharedFile("golden/depth_anything_v2/weights.safetensors"));
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  ASSERT_TRUE(safetensors.ok()) << safetensors.status();
  ASSERT_EQ((*checkpoint)->tensors().size(), (*safetensors)->tensors().size());
  for (const auto& [name, wanted] : (*safetensors)->tensors()) {
    const auto found = (*checkpoint)->tensors().find(name);
    ASSERT_NE(found, (*checkpoint)->tensors().end()) << name;
    EXPECT_EQ(found->second.type, wanted.type) << name;
    EXPECT_EQ(found->second.shape, wanted.shape) << name;
    EXPECT_EQ(found->second.strides, wanted.strides) << name;
    EXPECT_EQ(BytesOf(found->second), BytesOf(wanted)) << name;
  }
}

TEST(WeightFileTest, ReadsAPublishedFileOfTheOldFormat) {
  const auto path = SharedFile("golden/raft_small_real/raft-small.pth");
  SF_SKIP_WITHOUT(path);
  const auto checkpoint = WeightFile::Open(path);
  const auto safetensors =
      WeightFile::Open(SharedFile("golden/raft_small_real/weights_torchvision_names.safetensors"));
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  ASSERT_TRUE(safetensors.ok()) << safetensors.status();
  // The names differ, and that of the file begin with "module.": the same tensors all the same.
  const auto contents = [](const WeightFile& file) {
    std::multiset<std::pair<std::vector<int64_t>, std::string>> contents;
    for (const auto& [name, tensor] : file.tensors()) {
      contents.emplace(tensor.shape, BytesOf(tensor));
    }
    return contents;
  };
  EXPECT_EQ((*checkpoint)->tensors().size(), 106u);
  EXPECT_TRUE(contents(**checkpoint) == contents(**safetensors));
  EXPECT_THAT((*checkpoint)->tensors().at("fnet.conv1.weight").shape, ElementsAre(32, 3, 7, 7));
}

}  // namespace
}  // namespace stereofarm
