#include "models/registry/model_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "common/base/file_system.h"
#include "common/base/hash.h"
#include "models/registry/model_record.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/models/registry/small_model.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// A folder of models below a temporary one, and files to add.
class ModelFolderTest : public ::testing::Test {
 protected:
  fs::path Write(const std::string& name, const std::string& content) {
    EXPECT_TRUE(WriteFileAtomically(temporary_ / name, content).ok());
    return temporary_ / name;
  }
  int FilesIn(const fs::path& folder) {
    int count = 0;
    for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder)) ++count;
    return count;
  }

  TempFolder temporary_;
  const ModelFolder folder_{temporary_ / "models"};
  const KnownModel model_ = SmallModel();
};

TEST_F(ModelFolderTest, AddedWeightsAreFoundAndVerified) {
  EXPECT_TRUE(absl::IsNotFound(folder_.Find("small-model").status()));
  EXPECT_TRUE(absl::IsNotFound(folder_.Verify(model_)));
  const auto added = folder_.Add(model_, Write("mine", SmallWeights("ab")));
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(added->sha256, Sha256Hex(SmallWeights("ab")));
  const auto found = folder_.Find("small-model");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->file, added->file);
  EXPECT_EQ(*ReadFile(found->file), SmallWeights("ab"));
  EXPECT_TRUE(folder_.Verify(model_).ok());
  EXPECT_TRUE(fs::exists(temporary_ / "mine"));
}

TEST_F(ModelFolderTest, NewWeightsReplaceOldOnes) {
  const auto old = folder_.Add(model_, Write("mine", SmallWeights("ab")));
  ASSERT_TRUE(old.ok()) << old.status();
  ASSERT_TRUE(folder_.Add(model_, Write("mine", SmallWeights("cd"))).ok());
  EXPECT_EQ(*ReadFile(folder_.Find("small-model")->file), SmallWeights("cd"));
  EXPECT_FALSE(fs::exists(old->file));
  // The same again changes nothing.
  ASSERT_TRUE(folder_.Add(model_, temporary_ / "mine").ok());
  EXPECT_TRUE(folder_.Verify(model_).ok());
  EXPECT_EQ(FilesIn(folder_.path()), 2);
}

TEST_F(ModelFolderTest, WeightsOfAnotherModelAreRefusedAndNothingStays) {
  ASSERT_TRUE(folder_.Add(model_, Write("mine", SmallWeights("ab"))).ok());
  const auto other = Write(
      "other", MadeSafetensors(R"({"t":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})", "abc"));
  EXPECT_EQ(std::string(folder_.Add(model_, other).status().message()),
            other.string() +
                " does not hold the weights of small-model: the tensor \"t\" is [3], not [2]");
  EXPECT_TRUE(absl::IsInvalidArgument(folder_.Add(model_, Write("none", "text")).status()));
  EXPECT_TRUE(absl::IsNotFound(folder_.Add(model_, temporary_ / "gone").status()));
  EXPECT_EQ(FilesIn(folder_.path()), 2);
  EXPECT_TRUE(folder_.Verify(model_).ok());
}

TEST_F(ModelFolderTest, DamageIsFound) {
  const auto added = folder_.Add(model_, Write("mine", SmallWeights("ab")));
  ASSERT_TRUE(WriteFileAtomically(added->file, SmallWeights("ac")).ok());
  EXPECT_TRUE(folder_.Find("small-model").ok());
  EXPECT_TRUE(absl::IsDataLoss(folder_.Verify(model_)));
  ASSERT_TRUE(WriteFileAtomically(added->file, "short").ok());
  EXPECT_TRUE(absl::IsDataLoss(folder_.Find("small-model").status()));
  fs::remove(added->file);
  EXPECT_THAT(std::string(folder_.Find("small-model").status().message()), HasSubstr("is gone"));
  ASSERT_TRUE(WriteFileAtomically(folder_.path() / "small-model.json", "{}").ok());
  EXPECT_THAT(std::string(folder_.Find("small-model").status().message()),
              HasSubstr("small-model.json is damaged (it lacks file, bytes or sha256)"));
}

TEST_F(ModelFolderTest, OneWithoutANameHoldsNothing) {
  EXPECT_EQ(std::string(ModelFolder("").Find("small-model").status().message()),
            "there is no folder of weights; name one in STEREOFARM_MODELS");
  EXPECT_TRUE(absl::IsNotFound(ModelFolder("").FindByHash(std::string(64, '0')).status()));
}

TEST_F(ModelFolderTest, ProgressEndsAtItsTotal) {
  int64_t last = 0, whole = 0;
  ASSERT_TRUE(folder_
                  .Add(model_, Write("mine", SmallWeights("ab")),
                       [&](int64_t done, int64_t total) {
                         EXPECT_GE(done, last);
                         last = done;
                         whole = total;
                       })
                  .ok());
  EXPECT_EQ(last, whole);
  EXPECT_EQ(whole, static_cast<int64_t>(SmallWeights("ab").size()));
}

TEST_F(ModelFolderTest, ThePublishedFileIsTakenByItsHash) {
  KnownModel model = model_;
  model.sha256 = Sha256Hex(SmallWeights("ab"));
  ASSERT_TRUE(MakeDirectories(folder_.path()).ok());
  const auto part = Write("models/part", SmallWeights("ac"));
  EXPECT_THAT(std::string(folder_.TakePublished(model, part).status().message()),
              HasSubstr("its SHA-256 is " + Sha256Hex(SmallWeights("ac")) + " and should be " +
                        model.sha256));
  EXPECT_TRUE(fs::exists(part));
  Write("models/part", SmallWeights("ab"));
  model.sha256.resize(8);
  EXPECT_TRUE(folder_.TakePublished(model, part).ok());
  EXPECT_FALSE(fs::exists(part));
  EXPECT_TRUE(IsPublished(model, folder_.Find("small-model")->sha256));
  // Of a model whose hash isn't known nothing is the published file.
  EXPECT_FALSE(IsPublished(model_, folder_.Find("small-model")->sha256));
}

TEST_F(ModelFolderTest, WeightsAreFoundByTheirHash) {
  KnownModel known = *FindKnownModel("raft-small");
  known.spellings = model_.spellings;
  const auto added = folder_.Add(known, Write("mine", SmallWeights("ab")));
  ASSERT_TRUE(added.ok()) << added.status();
  EXPECT_EQ(folder_.FindByHash(added->sha256)->file, added->file);
  EXPECT_TRUE(absl::IsNotFound(folder_.FindByHash(std::string(64, '0')).status()));
}

TEST(ModelFolderPlaceTest, TheOptionComesBeforeTheEnvironment) {
  setenv("STEREOFARM_MODELS", "/mine", 1);
  EXPECT_EQ(*FindModelFolder("/option"), "/option");
  EXPECT_EQ(*FindModelFolder(""), "/mine");
  unsetenv("STEREOFARM_MODELS");
  setenv("HOME", "/home/ann", 1);
  setenv("XDG_DATA_HOME", "/data", 1);
  EXPECT_EQ(*FindModelFolder(""), "/data/stereofarm/models");
  setenv("XDG_DATA_HOME", "relative", 1);
  EXPECT_EQ(*FindModelFolder(""), "/home/ann/.local/share/stereofarm/models");
  unsetenv("XDG_DATA_HOME");
  unsetenv("HOME");
  EXPECT_TRUE(absl::IsInvalidArgument(FindModelFolder("").status()));
}

TEST(ModelRecordTest, ComesBackAsItWas) {
  const ModelRecord record{"a-b.weights", 123, std::string(64, 'f')};
  EXPECT_EQ(*ParseModelRecord(SerializeModelRecord(record)), record);
}

TEST(ModelRecordTest, RefusesWhatIsDamaged) {
  const std::string hash = std::string(64, 'f');
  for (const std::string& json :
       {std::string(), std::string("{"), std::string("[]"),
        R"({"file":"../x","bytes":1,"sha256":")" + hash + "\"}",
        R"({"file":".x","bytes":1,"sha256":")" + hash + "\"}",
        R"({"file":"","bytes":1,"sha256":")" + hash + "\"}",
        R"({"file":"x","bytes":-1,"sha256":")" + hash + "\"}",
        R"({"file":"x","bytes":18446744073709551615,"sha256":")" + hash + "\"}",
        R"({"file":"x","bytes":"1","sha256":")" + hash + "\"}",
        R"({"file":1,"bytes":1,"sha256":")" + hash + "\"}",
        std::string(R"({"file":"x","bytes":1,"sha256":"F"})")}) {
    EXPECT_TRUE(absl::IsDataLoss(ParseModelRecord(json).status())) << json;
  }
}

}  // namespace
}  // namespace stereofarm
