#include "common/base/hash.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/base/file_system.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

constexpr char kHashOfAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(HashTest, MatchesTheStandardsExample) { EXPECT_EQ(Sha256Hex("abc"), kHashOfAbc); }

TEST(HashTest, PiecesGiveTheHashOfTheWhole) {
  Sha256 hash;
  hash.Update("a");
  hash.Update("");
  hash.Update("bc");
  EXPECT_EQ(hash.Finish(), kHashOfAbc);
}

TEST(HashTest, FileIsHashedAndAMissingOneIsNamed) {
  const TempFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "abc", "abc").ok());
  EXPECT_EQ(Sha256OfFile(folder / "abc").value(), kHashOfAbc);
  const absl::Status missing = Sha256OfFile(folder / "none").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_NE(std::string(missing.message()).find("none"), std::string::npos);
}

TEST(HashTest, DigestOfAFileOfManyReadsIsThatOfItsBytes) {
  const TempFolder folder;
  const std::string bytes(300'001, 'x');
  ASSERT_TRUE(WriteFileAtomically(folder / "long", bytes).ok());
  const FileDigest digest = DigestOfFile(folder / "long").value();
  EXPECT_EQ(digest.size, 300'001);
  EXPECT_EQ(digest.sha256, Sha256Hex(bytes));
  ASSERT_TRUE(WriteFileAtomically(folder / "empty", "").ok());
  EXPECT_EQ(DigestOfFile(folder / "empty")->size, 0);
  EXPECT_EQ(DigestOfFile(folder / "empty")->sha256, Sha256Hex(""));
}

TEST(HashTest, WhatIsNoFileIsRefusedAndNotWaitedFor) {
  const TempFolder folder;
  EXPECT_EQ(DigestOfFile(folder.path()).status().code(), absl::StatusCode::kInvalidArgument);
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(DigestOfFile(folder / "pipe").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace stereofarm
