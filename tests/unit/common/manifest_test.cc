#include "common/artifacts/manifest.h"

#include <gtest/gtest.h>

#include "common/base/file_system.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

TEST(ManifestTest, UntouchedFilesPass) {
  const TempFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "a", "content").ok());
  Manifest manifest;
  manifest.files.push_back(DescribeFile(folder.path(), "a").value());
  EXPECT_TRUE(CheckFiles(folder.path(), manifest).ok());
}

TEST(ManifestTest, DamageIsDataLossAndNamed) {
  const TempFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "a", "content").ok());
  const ManifestFile file = DescribeFile(folder.path(), "a").value();
  for (const char* damaged : {"contenu", "conten", ""}) {
    ASSERT_TRUE(WriteFileAtomically(folder / "a", damaged).ok());
    const absl::Status status = CheckFile(folder.path(), file);
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_NE(std::string(status.message()).find((folder / "a").string()), std::string::npos);
  }
  std::filesystem::remove(folder / "a");
  EXPECT_EQ(CheckFile(folder.path(), file).code(), absl::StatusCode::kDataLoss);
}

TEST(ManifestTest, NamesThatLeaveTheFolderAreRefused) {
  const TempFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "a", "content").ok());
  ASSERT_TRUE(MakeDirectories(folder / "sub").ok());
  ManifestFile file = DescribeFile(folder.path(), "a").value();
  for (const char* name : {"../a", "", ".", "..", "sub/../a"}) {
    file.name = name;
    EXPECT_EQ(CheckFile(folder / "sub", file).code(), absl::StatusCode::kDataLoss) << name;
  }
}

TEST(ManifestTest, AttemptsHaveFoldersOfTheirOwn) {
  EXPECT_EQ(AttemptDirectory("j1", "depth/000000-000024", 3, "ab"),
            "jobs/j1/depth/000000-000024/e3-ab");
  EXPECT_EQ(AttemptLog("j1", "depth/000000-000024", 3), "jobs/j1/logs/depth-000000-000024.e3.log");
}

}  // namespace
}  // namespace stereofarm
