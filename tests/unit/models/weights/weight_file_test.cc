#include "models/weights/weight_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/base/file_system.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_data.h"
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

}  // namespace
}  // namespace stereofarm
