#include "models/weights/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/models/weights/made_safetensors.h"

namespace stereofarm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::string MessageOf(std::string_view header, std::string_view values) {
  const std::string file = MadeSafetensors(header, values);
  const auto stored = ReadSafetensors(BytesOf(file));
  if (stored.ok()) return "read";
  EXPECT_EQ(stored.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(stored.status().message());
}

// A header with one tensor, named t.
std::string One(const std::string& type, const std::string& shape, const std::string& offsets) {
  return R"({"t":{"dtype":")" + type + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets +
         "}}";
}

TEST(SafetensorsTest, ReadsTensorsAndMetadata) {
  const std::string file =
      MadeSafetensors(R"({"__metadata__":{"format":"pt","made by":"a test"},)"
                      R"("b":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]},)"
                      R"("a.weight":{"data_offsets":[0,4],"dtype":"F16","shape":[1,2]}}   )",
                      "abcd012345678901234567890123");
  const auto stored = ReadSafetensors(BytesOf(file));
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_THAT(stored->metadata, ElementsAre(Pair("format", "pt"), Pair("made by", "a test")));
  ASSERT_EQ(stored->tensors.size(), 2u);
  const StoredTensor& a = stored->tensors.at("a.weight");
  EXPECT_EQ(a.type, ElementType::kF16);
  EXPECT_THAT(a.shape, ElementsAre(1, 2));
  EXPECT_EQ(a.data.data(), BytesOf(file).data() + file.size() - 28);
  EXPECT_EQ(a.data.size(), 4u);
  const StoredTensor& b = stored->tensors.at("b");
  EXPECT_THAT(b.shape, ElementsAre(2, 3));
  EXPECT_THAT(b.strides, ElementsAre(3, 1));
  EXPECT_EQ(b.data.size(), 24u);
}

TEST(SafetensorsTest, ReadsEveryType) {
  for (int i = 0; i <= static_cast<int>(ElementType::kF8E5M2); ++i) {
    const auto type = static_cast<ElementType>(i);
    const std::string bytes(static_cast<size_t>(ElementBytes(type)), 'x');
    EXPECT_EQ(MessageOf(One(std::string(ElementTypeName(type)), "[]",
                            "[0," + std::to_string(bytes.size()) + "]"),
                        bytes),
              "read");
  }
}

TEST(SafetensorsTest, ReadsTensorsWithoutElementsAndFilesWithoutTensors) {
  EXPECT_EQ(MessageOf("{}", ""), "read");
  EXPECT_EQ(MessageOf(One("F32", "[3,0,9223372036854775807]", "[0,0]"), ""), "read");
  EXPECT_EQ(MessageOf(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},)"
                      R"("b":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}})",
                      "x"),
            "the tensor \"b\" has 1 bytes, and its shape needs 2");
  EXPECT_EQ(MessageOf(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},)"
                      R"("b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                      "x"),
            "read");
}

TEST(SafetensorsTest, NamesTheTypeThatIsNotRead) {
  EXPECT_EQ(MessageOf(One("F4", "[2]", "[0,1]"), "x"),
            "in the header, at \"t\": its dtype \"F4\" is none that is read");
}

TEST(SafetensorsTest, RefusesWhatIsGivenTwice) {
  const std::string tensor = R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  EXPECT_EQ(MessageOf(R"({"t":)" + tensor + R"(,"t":)" + tensor + "}", "x"),
            "in the header, at \"t\": it stands there twice");
  for (const char* field : {R"("dtype":"U8")", R"("shape":[1])", R"("data_offsets":[0,1])"}) {
    EXPECT_THAT(MessageOf(R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1],)" +
                              std::string(field) + "}}",
                          "x"),
                HasSubstr("twice"));
  }
  EXPECT_THAT(MessageOf(R"({"__metadata__":{"a":"b","a":"b"}})", ""), HasSubstr("twice"));
  EXPECT_THAT(MessageOf(R"({"__metadata__":{},"__metadata__":{}})", ""), HasSubstr("twice"));
}

TEST(SafetensorsTest, RefusesHeadersThatAreNot) {
  for (const char* header : {
           "",
           "{",
           "[]",
           "null",
           "{\"t\":1}",
           "{\"t\":[]}",
           "{} x",
           "{\"t\":{\"dtype\":1}}",
           R"({"t":{}})",
           R"({"t":{"dtype":"U8"}})",
           R"({"t":{"dtype":"U8","shape":[0]}})",
           R"({"t":{"dtype":"U8","data_offsets":[0,0]}})",
           R"({"t":{"shape":[0],"data_offsets":[0,0]}})",
           R"({"t":{"dtype":"U8","shape":[0],"data_offsets":[0]}})",
           R"({"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0,0]}})",
           R"({"t":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"more":1}})",
           R"({"t":{"dtype":"U8","shape":[[0]],"data_offsets":[0,0]}})",
           R"({"t":{"dtype":"U8","shape":["0"],"data_offsets":[0,0]}})",
           R"({"t":{"dtype":"U8","shape":[true],"data_offsets":[0,0]}})",
           R"({"t":{"dtype":"U8","shape":[null],"data_offsets":[0,0]}})",
           R"({"t":{"dtype":"U8","shape":[-1],"data_offsets":[0,0]}})",
           R"({"t":{"dtype":"U8","shape":[0.5],"data_offsets":[0,0]}})",
           R"({"t":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,0]}})",
           R"({"t":{"dtype":"U8","shape":[99999999999999999999],"data_offsets":[0,0]}})",
           R"({"t":{"dtype":"U8","shape":{"a":0},"data_offsets":[0,0]}})",
           R"({"__metadata__":{"a":1}})",
           R"({"__metadata__":{"a":{}}})",
           R"({"__metadata__":[]})",
           "{\"\xff\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}",
       }) {
    EXPECT_NE(MessageOf(header, ""), "read") << header;
  }
}

TEST(SafetensorsTest, DeepNestingIsRefusedAtOnce) {
  EXPECT_THAT(MessageOf(std::string(5'000'000, '['), ""), HasSubstr("none belongs"));
  EXPECT_THAT(MessageOf(R"({"t":{"dtype":)" + std::string(5'000'000, '{'), ""),
              HasSubstr("none belongs"));
}

TEST(SafetensorsTest, RefusesShapesOfTooManyDimensionsOrElements) {
  std::string shape = "[1";
  for (int i = 0; i < 64; ++i) shape += ",1";
  EXPECT_THAT(MessageOf(One("U8", shape + "]", "[0,1]"), "x"), HasSubstr("more than 64"));
  EXPECT_THAT(MessageOf(One("U8", "[4294967296,4294967296]", "[0,0]"), ""),
              HasSubstr("more elements than any file"));
  EXPECT_THAT(MessageOf(One("F64", "[2305843009213693952]", "[0,0]"), ""),
              HasSubstr("more elements than any file"));
}

TEST(SafetensorsTest, EveryByteBelongsToOneTensor) {
  const auto two = [](int a, int b, int c, int d) {
    const auto entry = [](int begin, int end) {
      return R"({"dtype":"U8","shape":[)" + std::to_string(end - begin) + R"(],"data_offsets":[)" +
             std::to_string(begin) + "," + std::to_string(end) + "]}";
    };
    return R"({"a":)" + entry(a, b) + R"(,"b":)" + entry(c, d) + "}";
  };
  EXPECT_EQ(MessageOf(two(0, 2, 2, 4), "wxyz"), "read");
  EXPECT_EQ(MessageOf(two(0, 3, 2, 4), "wxyz"),
            "the tensor \"b\" shares bytes with another tensor");
  EXPECT_EQ(MessageOf(two(0, 1, 2, 4), "wxyz"),
            "the tensor \"b\" lies behind 1 bytes that belong to no tensor");
  EXPECT_EQ(MessageOf(two(1, 2, 2, 4), "wxyz"),
            "the tensor \"a\" lies behind 1 bytes that belong to no tensor");
  EXPECT_EQ(MessageOf(two(0, 2, 2, 3), "wxyz"), "1 bytes at its end belong to no tensor");
  EXPECT_EQ(MessageOf(One("U8", "[1]", "[1,0]"), "x"),
            "the tensor \"t\" ends at byte 0, before its begin at byte 1");
}

TEST(SafetensorsTest, RefusesFilesThatWereCutOff) {
  EXPECT_THAT(MessageOf(One("F32", "[2]", "[0,8]"), "1234567"), HasSubstr("was cut off"));
  const std::string file = MadeSafetensors(One("F32", "[2]", "[0,8]"), "12345678");
  for (size_t size = 0; size < file.size(); ++size) {
    EXPECT_FALSE(ReadSafetensors(BytesOf(file).first(size)).ok()) << size;
  }
}

TEST(SafetensorsTest, RefusesLongHeaders) {
  std::string file = MadeSafetensors("{}", "");
  file[3] = 100;
  EXPECT_THAT(std::string(ReadSafetensors(BytesOf(file)).status().message()),
              HasSubstr("over the 100000000"));
  EXPECT_FALSE(LooksLikeSafetensors(BytesOf(file)));
  file[7] = '\xff';
  EXPECT_FALSE(ReadSafetensors(BytesOf(file)).ok());
}

TEST(SafetensorsTest, NamesInMessagesAreOneShortLine) {
  const std::string name = std::string(1000, 'n') + "\\n";
  EXPECT_THAT(MessageOf(R"({")" + name + R"(":{}})", "").size(), testing::Lt(300u));
  EXPECT_THAT(MessageOf(R"({"a\nb\u001b[31m":{}})", ""), HasSubstr(R"("a\nb\x1b[31m")"));
}

}  // namespace
}  // namespace stereofarm
