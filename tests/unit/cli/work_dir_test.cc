#include "coordinator/cli/work_dir.h"

#include <filesystem>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

TEST(WorkDirTest, OneConvertAtATimeHoldsIt) {
  const TempFolder folder;
  const fs::path path = folder.path() / "out.mkv.stereofarm";
  {
    const auto first = WorkDir::Open(path);
    ASSERT_TRUE(first.ok()) << first.status();
    EXPECT_TRUE((*first)->is_new());
    const auto second = WorkDir::Open(path);
    EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(second.status().message()), HasSubstr("another stereofarm convert"));
  }
  const auto third = WorkDir::Open(path);
  ASSERT_TRUE(third.ok()) << third.status();
  EXPECT_FALSE((*third)->is_new());
}

TEST(WorkDirTest, AFolderWithOtherFilesIsLeftAlone) {
  const TempFolder folder;
  std::ofstream(folder.path() / "thesis.tex") << "precious";
  EXPECT_EQ(WorkDir::Open(folder.path()).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(fs::exists(folder.path() / "thesis.tex"));
  EXPECT_FALSE(fs::exists(folder.path() / "convert.lock"));
}

TEST(WorkDirTest, AnEmptyFolderIsTaken) {
  const TempFolder folder;
  EXPECT_TRUE(WorkDir::Open(folder.path()).ok());
}

TEST(WorkDirTest, AFileIsNoFolder) {
  const TempFolder folder;
  std::ofstream(folder.path() / "file") << "x";
  EXPECT_EQ(WorkDir::Open(folder.path() / "file").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(WorkDirTest, RemoveTakesEverythingAway) {
  const TempFolder folder;
  const auto dir = WorkDir::Open(folder.path() / "work");
  ASSERT_TRUE(dir.ok());
  fs::create_directories(folder.path() / "work" / "store" / "jobs");
  EXPECT_TRUE((*dir)->Remove().ok());
  EXPECT_FALSE(fs::exists(folder.path() / "work"));
}

TEST(WorkDirTest, TheSocketLiesInTheFolderWhereItsNameFits) {
  const TempFolder folder;
  const auto dir = WorkDir::Open(folder.path() / "work");
  EXPECT_EQ((*dir)->socket(), folder.path() / "work" / "farm.sock");
}

TEST(WorkDirTest, ALongPathGetsItsSocketElsewhereForAsLongAsItLives) {
  const TempFolder folder;
  const fs::path path = folder.path() / std::string(120, 'x');
  fs::path socket_folder;
  {
    const auto dir = WorkDir::Open(path);
    ASSERT_TRUE(dir.ok()) << dir.status();
    EXPECT_LE((*dir)->socket().native().size(), 107u);
    socket_folder = (*dir)->socket().parent_path();
    EXPECT_TRUE(fs::is_directory(socket_folder));
  }
  EXPECT_FALSE(fs::exists(socket_folder));
}

}  // namespace
}  // namespace stereofarm
