#include "models/weights/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/models/weights/made_checkpoint.h"
#include "tests/unit/models/weights/made_safetensors.h"

namespace stereofarm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Key;

using Storages = std::vector<std::pair<std::string, std::string>>;

std::string TextOf(const StoredTensor& tensor) {
  return {reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size()};
}

std::string MessageOf(const std::string& file) {
  const auto stored = ReadCheckpoint(BytesOf(file));
  if (stored.ok()) return "read";
  EXPECT_EQ(stored.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(stored.status().message());
}

// A checkpoint of one tensor, t, on a storage of 6 floats.
std::string One(int64_t offset, const std::vector<int64_t>& shape,
                const std::vector<int64_t>& strides, size_t storage_bytes = 24) {
  return MadeCheckpoint(PickledDict({{"t", PickledTensor(PickledStorage("FloatStorage", "0", 6),
                                                         offset, shape, strides)}}),
                        {{"0", std::string(storage_bytes, 'x')}});
}

TEST(CheckpointTest, ReadsBothFormats) {
  const std::string object = PickledDict(
      {{"a", PickledFloats("7", {2, 3})}, {"b.bias", PickledFloats("8", {1})}, {"epoch", "K\x05"}});
  const Storages storages = {{"7", "abcdefghijklmnopqrstuvwx"}, {"8", "1234"}};
  for (const std::string& file :
       {MadeCheckpoint(object, storages), MadeLegacyCheckpoint(object, storages)}) {
    EXPECT_TRUE(LooksLikeCheckpoint(BytesOf(file)));
    const auto stored = ReadCheckpoint(BytesOf(file));
    ASSERT_TRUE(stored.ok()) << stored.status();
    EXPECT_THAT(stored->tensors, ElementsAre(Key("a"), Key("b.bias")));
    const StoredTensor& a = stored->tensors.at("a");
    EXPECT_EQ(a.type, ElementType::kF32);
    EXPECT_THAT(a.shape, ElementsAre(2, 3));
    EXPECT_THAT(a.strides, ElementsAre(3, 1));
    EXPECT_EQ(TextOf(a), "abcdefghijklmnopqrstuvwx");
    EXPECT_EQ(TextOf(stored->tensors.at("b.bias")), "1234");
  }
}

TEST(CheckpointTest, TensorsMayShareAStorage) {
  const std::string storage = PickledStorage("HalfStorage", "0", 6);
  const std::string object = PickledDict({{"row", PickledTensor(storage, 2, {2}, {1})},
                                          {"transposed", PickledTensor(storage, 0, {2, 3}, {1, 2})},
                                          {"scalar", PickledTensor(storage, 5, {}, {})},
                                          {"nothing", PickledTensor(storage, 6, {0, 4}, {4, 1})}});
  const std::string file = MadeCheckpoint(object, {{"0", "aabbccddeeff"}});
  const auto stored = ReadCheckpoint(BytesOf(file));
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(TextOf(stored->tensors.at("row")), "ccdd");
  EXPECT_EQ(TextOf(stored->tensors.at("transposed")), "aabbccddeeff");
  EXPECT_THAT(stored->tensors.at("transposed").strides, ElementsAre(1, 2));
  EXPECT_EQ(TextOf(stored->tensors.at("scalar")), "ff");
  EXPECT_THAT(stored->tensors.at("nothing").data, IsEmpty());
}

TEST(CheckpointTest, TensorsStayWithinTheirStorage) {
  EXPECT_EQ(MessageOf(One(0, {2, 3}, {3, 1})), "read");
  EXPECT_EQ(MessageOf(One(1, {5}, {1})), "read");
  EXPECT_EQ(MessageOf(One(1, {6}, {1})), "the tensor \"t\" reaches beyond its storage");
  EXPECT_EQ(MessageOf(One(-1, {6}, {1})), "the tensor \"t\" reaches beyond its storage");
  EXPECT_EQ(MessageOf(One(7, {0}, {1})), "the tensor \"t\" reaches beyond its storage");
  EXPECT_EQ(MessageOf(One(0, {2, 3}, {4, 1})), "the tensor \"t\" reaches beyond its storage");
  EXPECT_EQ(MessageOf(One(5, {2}, {-1})), "the tensor \"t\" reaches beyond its storage");
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(MessageOf(One(kMax, {1}, {1})), "the tensor \"t\" reaches beyond its storage");
  EXPECT_EQ(MessageOf(One(0, {3}, {kMax})), "the tensor \"t\" reaches beyond its storage");
  EXPECT_EQ(MessageOf(One(0, {2, 2}, {kMax, kMax})), "the tensor \"t\" reaches beyond its storage");
  EXPECT_EQ(MessageOf(One(0, {2}, {kMax})), "the tensor \"t\" reaches beyond its storage");
  EXPECT_EQ(MessageOf(One(0, {kMax, 2}, {0, 0})),
            "the tensor \"t\" has a shape that no file can hold");
  EXPECT_EQ(MessageOf(One(0, {-1}, {1})), "the tensor \"t\" has a shape that no file can hold");
  EXPECT_EQ(MessageOf(One(0, {100000}, {0})),
            "the tensor \"t\" repeats its values; save a contiguous copy");
  EXPECT_EQ(MessageOf(One(0, {2, 3}, {3})),
            "the tensor \"t\" has not as many strides as dimensions");
}

TEST(CheckpointTest, StoragesAreAsLongAsTheTensorsSay) {
  EXPECT_THAT(MessageOf(One(0, {1}, {1}, 20)), HasSubstr("needs a storage of 6 elements of F32"));
  EXPECT_THAT(MessageOf(One(0, {1}, {1}, 25)), HasSubstr("and that has 25 bytes"));
  const std::string object = PickledDict({{"t", PickledFloats("0", {2})}});
  EXPECT_EQ(MessageOf(MadeCheckpoint(object, {})), "its storage \"0\" is missing");
  EXPECT_EQ(MessageOf(MadeLegacyCheckpoint(object, {})), "its storage \"0\" is missing");
  EXPECT_EQ(MessageOf(MadeLegacyCheckpoint(object, {{"1", "12345678"}})),
            "its list of storages doesn't fit the saved object");
  EXPECT_THAT(MessageOf(MadeLegacyCheckpoint(object, {{"0", "1234"}})), HasSubstr("damaged"));
}

TEST(CheckpointTest, FindsTheStateDict) {
  const std::string tensor = PickledFloats("0", {1});
  const Storages storages = {{"0", "1234"}};
  const auto names = [&](const std::string& object) {
    const std::string file = MadeCheckpoint(object, storages);
    const auto stored = ReadCheckpoint(BytesOf(file));
    std::string joined;
    if (!stored.ok()) return std::string(stored.status().message());
    for (const auto& [name, value] : stored->tensors) joined += name + " ";
    return joined;
  };
  EXPECT_EQ(names(PickledDict({{"state_dict", PickledDict({{"t", tensor}})}, {"epoch", "K\x01"}})),
            "t ");
  EXPECT_EQ(names(PickledDict({{"model", PickledDict({{"t", tensor}})},
                               {"optimizer", PickledDict({{"u", tensor}})}})),
            "t ");
  EXPECT_EQ(names(PickledDict({{"t", tensor}, {"model", PickledDict({{"u", tensor}})}})), "t ");
  EXPECT_EQ(names(PickledDict({{"module.a", tensor}, {"module.b", tensor}})), "a b ");
  EXPECT_EQ(names(PickledDict({{"module.a", tensor}, {"b", tensor}})), "b module.a ");
  for (const std::string& object : {std::string("N"), std::string("}"), tensor, "]" + tensor + "a",
                                    PickledDict({{"optimizer", PickledDict({{"t", tensor}})}}),
                                    PickledDict({{"model", PickledDict({})}})}) {
    EXPECT_THAT(names(object), HasSubstr("holds no state dict"));
  }
  EXPECT_THAT(names(PickledDict({{"t", tensor}, {"t", tensor}})), HasSubstr("twice"));
}

TEST(CheckpointTest, ADictionaryWithinItselfIsNoLoop) {
  EXPECT_THAT(MessageOf(MadeCheckpoint("}q\x01X" + Number(5, 4) + "modelh\x01s", {})),
              HasSubstr("holds no state dict"));
}

TEST(CheckpointTest, TellsWhatItCannotRead) {
  EXPECT_THAT(MessageOf(MadeZip({{"word/document.xml", "x"}})), HasSubstr("not one of torch.save"));
  EXPECT_THAT(MessageOf("PK\x03\x04" + MadeZip({})), HasSubstr("empty"));
  EXPECT_THAT(MessageOf(MadeZip({{"m/data.pkl", Pickled("}")}, {"m/constants.pkl", "x"}})),
              HasSubstr("TorchScript"));
  EXPECT_THAT(MessageOf(MadeZip({{"m/data.pkl", Pickled("}")}, {"m/byteorder", "big"}})),
              HasSubstr("big-endian"));
  std::string tar(512, '\0');
  tar.replace(257, 5, "ustar");
  EXPECT_TRUE(LooksLikeCheckpoint(BytesOf(tar)));
  EXPECT_THAT(MessageOf(tar), HasSubstr("tar archive, as PyTorch before 0.1.10"));
  const std::string magic = Pickled("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19");
  EXPECT_THAT(MessageOf(magic + Pickled(PickledInt(1000))), HasSubstr("version"));
  EXPECT_THAT(MessageOf(magic + Pickled(PickledInt(1001)) +
                        Pickled(PickledDict({{"little_endian", "\x89"}}))),
              HasSubstr("little-endian"));
}

TEST(CheckpointTest, RefusesFilesThatWereCutOff) {
  const std::string object = PickledDict({{"a", PickledFloats("7", {2, 3})}});
  const Storages storages = {{"7", "abcdefghijklmnopqrstuvwx"}};
  for (const std::string& file :
       {MadeCheckpoint(object, storages), MadeLegacyCheckpoint(object, storages)}) {
    for (size_t size = 0; size < file.size(); ++size) {
      EXPECT_NE(MessageOf(file.substr(0, size)), "read") << size;
    }
  }
}

}  // namespace
}  // namespace stereofarm
