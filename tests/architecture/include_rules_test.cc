#include "tests/architecture/include_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace stereofarm {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

TEST(IncludeRulesTest, EveryIncludeOfTheTreeKeepsTheRules) {
  const SourceTree sources = ReadSources(STEREOFARM_SOURCE_DIR);
  ASSERT_THAT(sources, SizeIs(Gt(10u)));
  for (const std::string& broken : CheckIncludes(sources)) ADD_FAILURE() << broken;
}

TEST(IncludeRulesTest, WhatTheRulesAllowPasses) {
  EXPECT_THAT(
      CheckIncludes({
          {"common/media/reader.cc", "#include <libavformat/avformat.h>\n#include <zimg.h>"},
          {"coordinator/store/database.cc", "#include <sqlite3.h>"},
          {"coordinator/cli/models.cc", "#include \"models/registry/registry.h\""},
          {"coordinator/coordinator_main.cc", "#include <grpcpp/grpcpp.h>"},
          {"models/depth/net.cc", "#include <ATen/core/Tensor.h>\n#include <opencv2/video.hpp>"},
          {"worker/stages/warp.cc", "#include \"models/stereo/splat.h\""},
          {"models/stereo/splat.h", "#include \"models/api/inpainter.h\""},
          {"proto/conversions.h", "#include \"proto/farm.pb.h\""},
          {"tests/unit/coordinator/store_test.cc",
           "#include <sqlite3.h>\n#include \"tests/support/clock.h\""},
          {"tests/e2e/film_test.cc", "#include \"worker/agent/agent.h\""},
      }),
      IsEmpty());
}

TEST(IncludeRulesTest, AnIncludeOfAnotherRoomIsNamedWithFileLineAndRule) {
  EXPECT_THAT(
      CheckIncludes(
          {{"worker/agent/lease.cc", "// Made up.\n\n#include \"coordinator/planning/plan.h\"\n"}}),
      ElementsAre(AllOf(StartsWith("worker/agent/lease.cc:3: \"coordinator/planning/plan.h\""),
                        HasSubstr("worker/ may include common/, proto/, models/, worker/"))));
  EXPECT_THAT(CheckIncludes({
                  {"common/base/a.h", "#include \"proto/farm.h\""},
                  {"coordinator/planning/b.h", "#include \"models/api/inpainter.h\""},
                  {"models/depth/c.h", "#include \"common/media/picture.h\""},
                  {"models/registry/d.h", "#include \"models/depth/create.h\""},
                  {"tests/unit/worker/e_test.cc", "#include \"coordinator/store/database.h\""},
              }),
              SizeIs(5));
}

TEST(IncludeRulesTest, ALibraryOutsideItsFolderIsNamed) {
  EXPECT_THAT(CheckIncludes({{"worker/stages/warp.cc", "#include <opencv2/core.hpp>"}}),
              ElementsAre("worker/stages/warp.cc:1: \"opencv2/core.hpp\" is out of bounds: OpenCV "
                          "belongs to models/ "
                          "(not models/api/, models/registry/, models/weights/) alone"));
  EXPECT_THAT(CheckIncludes({
                  {"common/exr/a.cc", "  #  include <libavutil/frame.h>"},
                  {"common/image/b.cc", "#include \"OpenImageIO/imageio.h\""},
                  {"coordinator/scheduling/c.cc", "#include <sqlite3.h>"},
                  {"coordinator/planning/d.h", "#include \"proto/farm.pb.h\""},
                  {"models/api/e.h", "#include <torch/types.h>"},
                  {"worker/stages/f.h", "#include <grpcpp/channel.h>"},
                  {"tests/unit/proto/g_test.cc", "#include <sqlite3.h>"},
              }),
              SizeIs(7));
}

TEST(IncludeRulesTest, AHeaderThatCarriesALibraryOutOfItsFolderIsNamed) {
  EXPECT_THAT(CheckIncludes({
                  {"models/nn/tensor.h", "#include <ATen/core/Tensor.h>"},
                  {"models/depth/create.h", "#include \"models/nn/tensor.h\""},
                  {"worker/stages/depth.cc", "\n#include \"models/depth/create.h\""},
              }),
              ElementsAre(StartsWith("worker/stages/depth.cc:2: \"models/depth/create.h\" brings "
                                     "\"ATen/core/Tensor.h\" along: LibTorch belongs to models/")));
}

TEST(IncludeRulesTest, AHeaderNamedFromItsOwnFolderIsNamed) {
  EXPECT_THAT(
      CheckIncludes({{"worker/agent/lease.cc", "#include \"lease.h\""}}),
      ElementsAre("worker/agent/lease.cc:1: \"lease.h\" isn't named from the repository root"));
}

}  // namespace
}  // namespace stereofarm
