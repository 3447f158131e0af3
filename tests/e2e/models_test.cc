// What `stereofarm models` does and says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/file_system.h"
#include "tests/e2e/programs.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/models/registry/made_weights_of.h"

namespace stereofarm {
namespace {

using ::testing::HasSubstr;

std::string SomeRaft() { return MadeWeightsOf(*FindKnownModel("raft-large")); }

class ModelsTest : public ::testing::Test {
 protected:
  Ended Models(std::vector<std::string> words) {
    words.insert(words.begin(), "models");
    words.insert(words.end(), {"--models", (folder_ / "models").string()});
    return Stereofarm(words, 60);
  }
  std::string Write(const std::string& name, const std::string& content) {
    EXPECT_TRUE(WriteFileAtomically(folder_ / name, content).ok());
    return (folder_ / name).string();
  }
  TempFolder folder_;
};

TEST_F(ModelsTest, WeightsAreAddedListedAndVerified) {
  const std::string file = Write("raft.safetensors", SomeRaft());
  const Ended added = Models({"add", "raft-large", file});
  EXPECT_EQ(added.code, 0) << added.err;
  EXPECT_THAT(added.out, HasSubstr("isn't the published file"));
  const Ended list = Models({"list"});
  EXPECT_EQ(list.code, 0);
  EXPECT_THAT(
      list.out,
      HasSubstr("depth-anything-v2-base      CC-BY-NC-4.0, non-commercial  390 MB  missing"));
  EXPECT_THAT(list.out, HasSubstr("here, not the published file"));
  const Ended json = Models({"list", "--json"});
  EXPECT_EQ(json.LastJson()["model"], "raft-large");
  EXPECT_EQ(json.LastJson()["state"], "here");
  EXPECT_EQ(json.LastJson()["published"], false);
  EXPECT_EQ(json.LastJson()["sha256"].get<std::string>().size(), 64u);
  EXPECT_EQ(Models({"verify"}).out, "raft-large is sound\n");
  ASSERT_TRUE(WriteFileAtomically(json.LastJson()["file"].get<std::string>(),
                                  std::string(SomeRaft().size(), 'x'))
                  .ok());
  const Ended damaged = Models({"verify", "raft-large", "raft-small"});
  EXPECT_EQ(damaged.code, 3);
  EXPECT_THAT(damaged.err, HasSubstr("is damaged; add or fetch raft-large again"));
  EXPECT_THAT(damaged.err, HasSubstr("the weights of raft-small are not in"));
}

TEST_F(ModelsTest, WhatIsNotThatModelIsRefused) {
  const std::string file = Write("raft.safetensors", SomeRaft());
  const Ended other = Models({"add", "raft-small", file});
  EXPECT_EQ(other.code, 3);
  EXPECT_THAT(other.err, HasSubstr("does not hold the weights of raft-small"));
  EXPECT_EQ(Models({"add", "raft-small", Write("text", "text")}).code, 3);
  EXPECT_EQ(Models({"add", "raft-small", "/nowhere"}).code, 3);
  const Ended unknown = Models({"add", "raft", file});
  EXPECT_EQ(unknown.code, 3);
  EXPECT_THAT(unknown.err,
              HasSubstr("there is no model 'raft'; known are depth-anything-v2-small"));
  EXPECT_EQ(Models({"verify"}).out, "no weights are in " + (folder_ / "models").string() + "\n");
}

TEST_F(ModelsTest, ALicenceWithoutCommercialUseWantsAYes) {
  const std::string file = Write("raft.safetensors", SomeRaft());
  const Ended asked = Models({"add", "video-depth-anything-large", file});
  EXPECT_EQ(asked.code, 2);
  EXPECT_THAT(asked.err, HasSubstr("may not be used commercially (CC-BY-NC-4.0, https://"));
  EXPECT_THAT(asked.err, HasSubstr("--yes accepts that"));
  // With it, only the tensors stand against it.
  const Ended accepted = Models({"add", "video-depth-anything-large", file, "--yes"});
  EXPECT_EQ(accepted.code, 3);
  EXPECT_THAT(accepted.err, HasSubstr("pretrained.pos_embed"));
}

TEST_F(ModelsTest, AMirrorThatIsAwayIsNamed) {
  const Ended away = Models({"fetch", "raft-small", "--mirror", "http://127.0.0.1:1"});
  EXPECT_EQ(away.code, 5);
  EXPECT_THAT(away.err,
              HasSubstr("http://127.0.0.1:1/models/raft_small_C_T_V2-01064c6d.pth broke off"));
}

TEST_F(ModelsTest, UsageIsToldOfTheInnerCommand) {
  const Ended none = Stereofarm({"models"}, 60);
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("name a command; see stereofarm models --help"));
  const Ended unknown = Stereofarm({"models", "lsit"}, 60);
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("there is no command 'models lsit'; see stereofarm models "));
  const Ended incomplete = Stereofarm({"models", "add", "raft-small"}, 60);
  EXPECT_EQ(incomplete.code, 2);
  EXPECT_THAT(incomplete.err, HasSubstr("FILE is required; see stereofarm models add --help"));
  const Ended help = Stereofarm({"models", "fetch", "--help"}, 60);
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("--mirror URL"));
  EXPECT_EQ(Stereofarm({"nonsense"}, 60).err,
            "stereofarm: there is no command 'nonsense'; see stereofarm --help\n");
}

}  // namespace
}  // namespace stereofarm
