#include "common/base/file_system.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

int EntriesOf(const std::filesystem::path& folder) {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++count;
  return count;
}

TEST(FileSystemTest, AtomicWriteReplacesAndLeavesNothingElse) {
  const TempFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "file", "old").ok());
  ASSERT_TRUE(WriteFileAtomically(folder / "file", std::string(100000, 'n')).ok());
  EXPECT_EQ(ReadFile(folder / "file").value(), std::string(100000, 'n'));
  EXPECT_EQ(EntriesOf(folder.path()), 1);
}

TEST(FileSystemTest, FailedWriteKeepsTheOldFile) {
  const TempFolder folder;
  // A folder in the way makes the rename fail.
  ASSERT_TRUE(MakeDirectories(folder / "taken" / "inside").ok());
  EXPECT_FALSE(WriteFileAtomically(folder / "taken", "new").ok());
  EXPECT_EQ(EntriesOf(folder.path()), 1);
  EXPECT_TRUE(std::filesystem::is_directory(folder / "taken"));
}

TEST(FileSystemTest, ErrorsOfTheDiskKeepTheirMeaning) {
  EXPECT_EQ(ErrnoStatus(ENOSPC, "x").code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ErrnoStatus(EACCES, "x").code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ErrnoStatus(EIO, "x").code(), absl::StatusCode::kInternal);
}

TEST(FileSystemTest, MissingFileIsNotFoundAndNamed) {
  const TempFolder folder;
  const absl::Status status = ReadFile(folder / "nothing").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(std::string(status.message()).find("nothing"), std::string::npos);
  EXPECT_EQ(FileSize(folder / "nothing").status().code(), absl::StatusCode::kNotFound);
}

TEST(FileSystemTest, RemovingWhatIsGoneIsFine) {
  const TempFolder folder;
  EXPECT_TRUE(RemoveTree(folder / "nothing").ok());
  ASSERT_TRUE(MakeDirectories(folder / "a" / "b").ok());
  EXPECT_TRUE(RemoveTree(folder / "a").ok());
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
}

}  // namespace
}  // namespace stereofarm
