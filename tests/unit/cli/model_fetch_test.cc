#include "coordinator/cli/model_fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "common/base/file_system.h"
#include "common/base/hash.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/cli/weight_server.h"
#include "tests/unit/models/registry/small_model.h"

namespace stereofarm {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

class ModelFetchTest : public ::testing::Test {
 protected:
  ModelFetchTest() {
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    unsetenv("all_proxy");
    answer_.content = SmallWeights("ab");
    model_.address = "https://publisher.invalid/files/weights.pth";
    model_.bytes = static_cast<int64_t>(answer_.content.size());
    model_.sha256 = Sha256Hex(answer_.content);
  }
  absl::StatusOr<InstalledModel> Fetch() {
    server_.Give(answer_);
    return FetchModel(folder_, model_, server_.base());
  }
  bool PartIsThere() { return std::filesystem::exists(folder_.path() / "small-model.part"); }

  TempFolder temporary_;
  const ModelFolder folder_{temporary_ / "models"};
  WeightServer server_;
  WeightServer::Answer answer_;
  KnownModel model_ = SmallModel();
};

TEST(MirroredAddressTest, TheMirrorStandsInForTheHost) {
  const std::string address = "https://publisher.org/a/b.pth";
  EXPECT_EQ(MirroredAddress(address, ""), address);
  EXPECT_EQ(MirroredAddress(address, "http://mirror:8080"), "http://mirror:8080/a/b.pth");
  EXPECT_EQ(MirroredAddress(address, "http://mirror/copy/"), "http://mirror/copy/a/b.pth");
}

TEST_F(ModelFetchTest, PublishedWeightsComeToTheFolder) {
  const auto model = Fetch();
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(*ReadFile(model->file), answer_.content);
  EXPECT_TRUE(folder_.Verify(model_).ok());
  EXPECT_FALSE(PartIsThere());
  // And don't come again.
  EXPECT_TRUE(Fetch().ok());
  EXPECT_THAT(server_.requests(), SizeIs(1));
}

TEST_F(ModelFetchTest, AnInterruptedOneGoesOn) {
  answer_.break_at = 10;
  EXPECT_TRUE(absl::IsUnavailable(Fetch().status()));
  EXPECT_TRUE(PartIsThere());
  answer_.break_at.reset();
  EXPECT_TRUE(Fetch().ok());
  EXPECT_EQ(server_.requests().back().range, "bytes=10-");
}

TEST_F(ModelFetchTest, WhatIsNotThePublishedFileIsDropped) {
  answer_.content = SmallWeights("ac");
  const absl::Status status = Fetch().status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("what " + server_.url() + " offers was dropped"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("its SHA-256 is"));
  EXPECT_FALSE(PartIsThere());
  EXPECT_TRUE(absl::IsNotFound(folder_.Find("small-model").status()));
}

TEST_F(ModelFetchTest, WhatDoesNotFitTheModelIsDropped) {
  model_.spellings = {{{"another", {1}}}};
  EXPECT_THAT(std::string(Fetch().status().message()), HasSubstr("there is no tensor \"another\""));
  EXPECT_FALSE(PartIsThere());
}

TEST_F(ModelFetchTest, ThePublishedFileReplacesAnotherOne) {
  ASSERT_TRUE(WriteFileAtomically(temporary_ / "mine", SmallWeights("ac")).ok());
  ASSERT_TRUE(folder_.Add(model_, temporary_ / "mine").ok());
  const auto model = Fetch();
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->sha256, model_.sha256);
}

TEST_F(ModelFetchTest, NothingIsAskedWhereTheDiskHasNoRoom) {
  model_.bytes = int64_t{1} << 60;
  EXPECT_TRUE(absl::IsResourceExhausted(Fetch().status()));
  EXPECT_THAT(server_.requests(), SizeIs(0));
}

}  // namespace
}  // namespace stereofarm
