#include "common/artifacts/file_fingerprint.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>

#include "common/base/file_system.h"
#include "common/base/regular_file.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

class FileFingerprintTest : public ::testing::Test {
 protected:
  FileFingerprint Of(const std::string& content) {
    EXPECT_TRUE(WriteFileAtomically(folder_ / "file", content).ok());
    const auto file = RegularFile::Open(folder_ / "file");
    EXPECT_TRUE(file.ok()) << file.status();
    const auto fingerprint = FingerprintOf(file->get());
    EXPECT_TRUE(fingerprint.ok()) << fingerprint.status();
    return fingerprint.value_or(FileFingerprint());
  }
  TempFolder folder_;
};

TEST_F(FileFingerprintTest, TheSameBytesHaveTheSameAndOthersAnother) {
  std::string content(3 << 20, 'x');
  const FileFingerprint first = Of(content);
  EXPECT_EQ(first.size, 3 << 20);
  EXPECT_EQ(Of(content), first);
  content.back() = 'y';
  EXPECT_NE(Of(content), first);
  content.back() = 'x';
  content.front() = 'y';
  EXPECT_NE(Of(content), first);
  content.front() = 'x';
  content.pop_back();
  EXPECT_NE(Of(content), first);
}

TEST_F(FileFingerprintTest, EveryByteOfASmallFileCounts) {
  for (const size_t size : {1u, 100u, 20'000u, 200'000u}) {
    std::string content(size, 'x');
    const FileFingerprint plain = Of(content);
    for (const size_t at : {size_t{0}, size / 3, size / 2, size - 1}) {
      content[at] = 'y';
      EXPECT_NE(Of(content), plain) << "byte " << at << " of " << size;
      content[at] = 'x';
    }
  }
  EXPECT_EQ(Of("").size, 0);
}

TEST_F(FileFingerprintTest, OnlyRegularFilesAreOpened) {
  EXPECT_EQ(RegularFile::Open(folder_ / "none").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(RegularFile::Open(folder_.path()).status().code(), absl::StatusCode::kInvalidArgument);
  ASSERT_EQ(mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(RegularFile::Open(folder_ / "pipe").status().code(),
            absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "file", "content").ok());
  fs::create_symlink(folder_ / "file", folder_ / "link");
  EXPECT_TRUE(RegularFile::Open(folder_ / "link").ok());
  EXPECT_EQ(RegularFile::Open(folder_ / "link", /*follow_link=*/false).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace stereofarm
