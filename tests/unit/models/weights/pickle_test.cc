#include "models/weights/pickle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/unit/models/weights/made_checkpoint.h"
#include "tests/unit/models/weights/made_safetensors.h"

namespace stereofarm {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Kind = PickledValue::Kind;

std::string MessageOf(const std::string& bytes) {
  const auto pickle = ReadPickle(BytesOf(bytes));
  if (pickle.ok()) return "read";
  EXPECT_EQ(pickle.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(pickle.status().message());
}

// The value itself, for what holds no others.
PickledValue ValueOf(const std::string& bytes) {
  const auto pickle = ReadPickle(BytesOf(bytes));
  EXPECT_TRUE(pickle.ok()) << pickle.status();
  return pickle.ok() ? pickle->values[pickle->root] : PickledValue{};
}

TEST(PickleTest, ReadsNumbers) {
  EXPECT_EQ(ValueOf(Pickled("K\xff")).number, 255);
  EXPECT_EQ(ValueOf(Pickled("M\xff\xff")).number, 65535);
  EXPECT_EQ(ValueOf(Pickled("J\xff\xff\xff\xff")).number, -1);
  EXPECT_EQ(ValueOf(Pickled(std::string("\x8a\0", 2))).number, 0);
  EXPECT_EQ(ValueOf(Pickled("\x8a\x01\x80")).number, -128);
  EXPECT_EQ(ValueOf(Pickled(std::string("\x8a\x02\x80\0", 4))).number, 128);
  EXPECT_EQ(ValueOf(Pickled(PickledInt(std::numeric_limits<int64_t>::min()))).number,
            std::numeric_limits<int64_t>::min());
  EXPECT_EQ(ValueOf(Pickled("\x88")).number, 1);
  EXPECT_EQ(ValueOf(Pickled("N")).kind, Kind::kNone);
  EXPECT_EQ(ValueOf(Pickled("G12345678")).kind, Kind::kFloat);
  EXPECT_THAT(MessageOf(Pickled("\x8a\x09"
                                "123456789")),
              HasSubstr("more than 64 bits"));
}

TEST(PickleTest, ReadsTextsOfEveryProtocol) {
  for (const std::string& text :
       {std::string("U\x02"
                    "ab"),
        std::string("\x8c\x02"
                    "ab"),
        "X" + Number(2, 4) + "ab", "T" + Number(2, 4) + "ab", "\x8d" + Number(2, 8) + "ab",
        std::string("C\x02"
                    "ab")}) {
    const std::string bytes = Pickled(text);
    EXPECT_EQ(ValueOf(bytes).text, "ab");
    EXPECT_EQ(ValueOf(bytes).kind, Kind::kText);
  }
}

TEST(PickleTest, ReadsWhatHoldsOthers) {
  EXPECT_THAT(ValueOf(Pickled("(K\x01K\x02K\x03t")).items, SizeIs(3));
  EXPECT_THAT(ValueOf(Pickled("K\x01K\x02\x86")).items, SizeIs(2));
  EXPECT_THAT(ValueOf(Pickled("](K\x01K\x02"
                              "eK\x03"
                              "a"))
                  .items,
              SizeIs(3));
  EXPECT_THAT(ValueOf(Pickled("}(K\x01K\x02uK\x03Ns")).items, SizeIs(4));
  EXPECT_EQ(ValueOf(Pickled(PickledGlobal("collections", "OrderedDict") + ")R")).kind, Kind::kDict);
  // With the frames and the memory of protocol 4.
  EXPECT_THAT(ValueOf("\x80\x04\x95" + Number(9, 8) + "]\x94(K\x01h" + Number(0, 1) + "e.").items,
              SizeIs(2));
  EXPECT_THAT(ValueOf(Pickled("]q" + Number(7, 1) + "h" + Number(7, 1) +
                              "0K\x01"
                              "a"))
                  .items,
              SizeIs(1));
}

TEST(PickleTest, AttributesOfADictionaryArePassedOver) {
  EXPECT_EQ(ValueOf(Pickled("}}X" + Number(9, 4) + "_metadata}sb")).kind, Kind::kDict);
  EXPECT_THAT(MessageOf(Pickled("]}b")), HasSubstr("sets the attributes of an object"));
}

TEST(PickleTest, ReadsTensorsAndParameters) {
  EXPECT_EQ(ValueOf(Pickled(PickledFloats("0", {2, 3}))).kind, Kind::kTensor);
  EXPECT_EQ(ValueOf(Pickled(PickledGlobal("torch._utils", "_rebuild_parameter") +
                            PickledTuple({PickledFloats("0", {2, 3}), "\x88", "}"}) + "R"))
                .kind,
            Kind::kTensor);
  const std::string bytes = Pickled(PickledStorage("BFloat16Storage", "key", 7));
  const PickledValue storage = ValueOf(bytes);
  EXPECT_EQ(storage.type, ElementType::kBF16);
  EXPECT_EQ(storage.text, "key");
  EXPECT_EQ(storage.number, 7);
}

TEST(PickleTest, NamesTheFunctionThatItRefuses) {
  for (const std::string& call :
       {PickledGlobal("os", "system") + PickledTuple({PickledText("true")}) + "R",
        PickledText("os") + PickledText("system") + "\x93" + PickledTuple({}) + "R"}) {
    EXPECT_THAT(MessageOf(Pickled(call)), HasSubstr("it asks for \"os.system\", which"));
  }
  EXPECT_THAT(MessageOf(Pickled(PickledGlobal("builtins", "eval"))), HasSubstr("builtins.eval"));
  EXPECT_THAT(MessageOf(Pickled(PickledGlobal("torch", "load"))), HasSubstr("torch.load"));
  EXPECT_THAT(MessageOf(Pickled(PickledGlobal("torch", "ComplexFloatStorage"))),
              HasSubstr("torch.ComplexFloatStorage"));
  EXPECT_THAT(MessageOf(Pickled(PickledGlobal("collections.OrderedDict\x1b", "x"))),
              HasSubstr("\\x1b"));
  EXPECT_THAT(MessageOf(Pickled("(ios\nsystem\n")), HasSubstr("object of a class"));
  EXPECT_THAT(MessageOf(Pickled("\x82\x01")), HasSubstr("opcode 0x82"));
}

TEST(PickleTest, CallsNothingElse) {
  EXPECT_THAT(MessageOf(Pickled("K\x01)R")), HasSubstr("calls what is no function"));
  EXPECT_THAT(MessageOf(Pickled(PickledGlobal("torch", "FloatStorage") + ")R")),
              HasSubstr("calls what is no function"));
  EXPECT_THAT(MessageOf(Pickled(PickledGlobal("collections", "OrderedDict") + "]R")),
              HasSubstr("no tuple"));
  EXPECT_NE(MessageOf(Pickled(PickledGlobal("collections", "OrderedDict") + "]\x85R")), "read");
  EXPECT_NE(MessageOf(Pickled(PickledGlobal("torch._utils", "_rebuild_tensor_v2") + ")R")), "read");
  EXPECT_NE(MessageOf(Pickled(PickledGlobal("torch._utils", "_rebuild_parameter") + ")R")), "read");
}

TEST(PickleTest, TensorsAreToldAsPyTorchTellsThem) {
  const std::string storage = PickledStorage("FloatStorage", "0", 1);
  const auto rebuilt = [](const std::vector<std::string>& arguments) {
    return Pickled(PickledGlobal("torch._utils", "_rebuild_tensor_v2") + PickledTuple(arguments) +
                   "R");
  };
  const std::string shape = PickledTuple({PickledInt(1)});
  EXPECT_EQ(MessageOf(rebuilt({storage, PickledInt(0), shape, shape})), "read");
  EXPECT_NE(MessageOf(rebuilt({"N", PickledInt(0), shape, shape})), "read");
  EXPECT_NE(MessageOf(rebuilt({storage, "N", shape, shape})), "read");
  EXPECT_NE(MessageOf(rebuilt({storage, PickledInt(0), "N", shape})), "read");
  EXPECT_NE(MessageOf(rebuilt({storage, PickledInt(0), shape, PickledTuple({"N"})})), "read");
  const std::string long_shape = PickledTuple(std::vector<std::string>(65, PickledInt(1)));
  EXPECT_NE(MessageOf(rebuilt({storage, PickledInt(0), long_shape, long_shape})), "read");
}

TEST(PickleTest, StoragesAreToldAsPyTorchTellsThem) {
  const auto stored = [](const std::vector<std::string>& id) {
    return Pickled(PickledTuple(id) + "Q");
  };
  const std::string kind = PickledText("storage"), type = PickledGlobal("torch", "FloatStorage"),
                    key = PickledText("0"), place = PickledText("cuda:0"), count = PickledInt(3);
  EXPECT_EQ(MessageOf(stored({kind, type, key, place, count})), "read");
  EXPECT_EQ(MessageOf(stored({kind, type, key, place, count, "N"})), "read");
  EXPECT_THAT(MessageOf(stored({kind, type, key, place, count, PickledTuple({key, count, count})})),
              HasSubstr("a view of another"));
  EXPECT_NE(MessageOf(stored({kind, type, key, place})), "read");
  EXPECT_NE(MessageOf(stored({key, type, key, place, count})), "read");
  EXPECT_NE(MessageOf(stored({kind, key, key, place, count})), "read");
  EXPECT_NE(MessageOf(stored({kind, type, "N", place, count})), "read");
  EXPECT_NE(MessageOf(stored({kind, type, key, place, PickledInt(-1)})), "read");
  EXPECT_NE(MessageOf(Pickled("NQ")), "read");
}

TEST(PickleTest, RefusesWhatIsDamaged) {
  for (const char* value : {"",
                            "t",
                            "l",
                            "u",
                            "e",
                            "a",
                            "s",
                            "R",
                            "b",
                            "Q",
                            "0",
                            "1",
                            "2",
                            "\x85",
                            "\x87",
                            "q\x01",
                            "h\x01",
                            "\x94",
                            "(",
                            "(K\x01",
                            "K\x01(K\x02"
                            "a",
                            "](K\x01s",
                            "N(K\x01"
                            "e",
                            "}(K\x01u",
                            "}K\x01"
                            "a",
                            "(K\x01"
                            "d",
                            "NN\x93"}) {
    EXPECT_NE(MessageOf(Pickled(value)), "read") << value;
  }
  EXPECT_THAT(MessageOf("\x80\x01N."), HasSubstr("protocol 1"));
  const std::string whole = Pickled(PickledDict({{"t", PickledFloats("0", {2, 3})}}));
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_NE(MessageOf(whole.substr(0, size)), "read") << size;
  }
}

TEST(PickleTest, ReadsNoFurtherThanItsEnd) {
  const auto pickle = ReadPickle(BytesOf("\x80\x02N.rest"));
  ASSERT_TRUE(pickle.ok());
  EXPECT_EQ(pickle->length, 4u);
}

TEST(PickleTest, TakesNoMoreThanItsLimits) {
  for (const char* grower : {"N", "(", "2", "\x94"}) {
    std::string bytes = "\x80\x02N";
    for (size_t i = 0; i < kMaxPickledValues + 2; ++i) bytes += grower;
    EXPECT_THAT(MessageOf(bytes + "."), HasSubstr("more than 1048576 values"));
  }
  EXPECT_THAT(MessageOf(std::string("\x80\x02N", 3) + "X" + Number(kMaxPickleBytes, 4) +
                        std::string(kMaxPickleBytes, 'x') + "."),
              HasSubstr("cut off"));
}

}  // namespace
}  // namespace stereofarm
