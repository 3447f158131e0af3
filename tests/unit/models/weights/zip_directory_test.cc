#include "models/weights/zip_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/models/weights/made_checkpoint.h"
#include "tests/unit/models/weights/made_safetensors.h"

namespace stereofarm {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string MessageOf(const std::string& archive) {
  const auto directory = ReadZipDirectory(BytesOf(archive));
  if (directory.ok()) return "read";
  EXPECT_EQ(directory.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(directory.status().message());
}

TEST(ZipDirectoryTest, FindsStoredMembers) {
  for (const bool zip64 : {false, true}) {
    const std::string archive = MadeZip({{"a/b", "content"}, {"empty", ""}}, {.zip64 = zip64});
    const auto directory = ReadZipDirectory(BytesOf(archive));
    ASSERT_TRUE(directory.ok()) << directory.status();
    ASSERT_THAT(*directory, SizeIs(2));
    const auto content = directory->at("a/b");
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(content.data()), content.size()),
              "content");
    EXPECT_TRUE(directory->at("empty").empty());
  }
}

TEST(ZipDirectoryTest, FindsItsEndBeforeAComment) {
  std::string archive = MadeZip({{"a", "content"}});
  archive.replace(archive.size() - 2, 2, Number(5, 2));
  EXPECT_EQ(MessageOf(archive + "words"), "read");
  EXPECT_EQ(MessageOf(archive + std::string(0xffff, ' ')), "read");
  EXPECT_THAT(MessageOf(archive + std::string(0x10000, ' ')), HasSubstr("has no end"));
}

TEST(ZipDirectoryTest, RefusesWhatTorchNeverWrites) {
  EXPECT_EQ(MessageOf(MadeZip({{"a", "b"}}, {.method = 8})),
            "its member \"a\" is compressed, and torch.save stores");
  EXPECT_EQ(MessageOf(MadeZip({{"a", "b"}}, {.flags = 1})),
            "its member \"a\" is encrypted, and torch.save stores");
  EXPECT_EQ(MessageOf(MadeZip({{"a", "b"}, {"a", "c"}})), "its zip archive holds \"a\" twice");
  std::string parts = MadeZip({{"a", "b"}});
  parts[parts.size() - 18] = 1;
  EXPECT_THAT(MessageOf(parts), HasSubstr("several parts"));
}

TEST(ZipDirectoryTest, RefusesWhatIsDamaged) {
  for (const bool zip64 : {false, true}) {
    const std::string archive = MadeZip({{"a/b", "content"}, {"c", "d"}}, {.zip64 = zip64});
    for (size_t size = 0; size < archive.size(); ++size) {
      EXPECT_NE(MessageOf(archive.substr(0, size)), "read") << size;
    }
    // Whatever byte is set, it's read or refused.
    for (size_t i = 0; i < archive.size(); ++i) {
      for (const char value : {'\0', '\x7f', '\xff'}) {
        std::string broken = archive;
        broken[i] = value;
        MessageOf(broken);
      }
    }
  }
}

}  // namespace
}  // namespace stereofarm
