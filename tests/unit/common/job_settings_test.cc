#include "common/farm/job_settings.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace stereofarm {
namespace {

JobSettings Valid() {
  JobSettings settings;
  settings.input = "/films/in.mov";
  settings.outputs = {{Layout::kSbs, "/films/out.mkv"}};
  return settings;
}

TEST(JobSettingsTest, DefaultsAreValid) { EXPECT_TRUE(ValidateSettings(Valid()).ok()); }

TEST(JobSettingsTest, EveryBadValueIsRefusedByName) {
  struct Case {
    const char* named;
    std::function<void(JobSettings&)> spoil;
  };
  const Case cases[] = {
      {"IN", [](JobSettings& s) { s.input.clear(); }},
      {"OUT", [](JobSettings& s) { s.outputs.clear(); }},
      {"/films/in.mov", [](JobSettings& s) { s.outputs[0].file = s.input; }},
      {"/films/out.mkv", [](JobSettings& s) { s.outputs.push_back(s.outputs[0]); }},
      {"--depth", [](JobSettings& s) { s.depth = "guess"; }},
      {"--depth", [](JobSettings& s) { s.depth = "exr:"; }},
      {"+bfloat16", [](JobSettings& s) { s.depth = "depth-anything-v2-small+float8:/m.pth"; }},
      {"--depth", [](JobSettings& s) { s.depth = "parallax+bfloat16"; }},
      {"parallax+raft-small", [](JobSettings& s) { s.depth = "parallax+raft-tiny:/m.pth"; }},
      {"--depth", [](JobSettings& s) { s.depth = "torchscript+bfloat16:/m.pt"; }},
      {"--inpaint", [](JobSettings& s) { s.inpaint = "magic"; }},
      {"--budget", [](JobSettings& s) { s.budget_percent = -1; }},
      {"--cut-jump", [](JobSettings& s) { s.cut_jump_percent = -1; }},
      {"--cut-jump", [](JobSettings& s) { s.cut_jump_percent = 21; }},
      {"--cut-jump", [](JobSettings& s) { s.cut_jump_percent = std::nan(""); }},
      {"give 0.1 or more", [](JobSettings& s) { s.cut_jump_percent = 0.09; }},
      {"--budget", [](JobSettings& s) { s.budget_percent = std::nan(""); }},
      {"--convergence", [](JobSettings& s) { s.convergence = 1.5; }},
      {"--shard-frames", [](JobSettings& s) { s.shard_frames = 0; }},
      {"--overlap", [](JobSettings& s) { s.overlap = -1; }},
      {"--crf", [](JobSettings& s) { s.crf = 64; }},
      {"slash",
       [](JobSettings& s) {
         s.exports = {{ExportFormat::kExr, "/d/"}};
       }},
      {"--export-depth",
       [](JobSettings& s) {
         s.exports = {{ExportFormat::kExr, ""}};
       }},
      {"exr=/films:",
       [](JobSettings& s) {
         s.exports = {{ExportFormat::kExr, "/films"}};
       }},
      {"/films/out.mkv",
       [](JobSettings& s) {
         s.exports = {{ExportFormat::kExr, "/films/out.mkv"}};
       }},
      {"/d",
       [](JobSettings& s) {
         s.exports = {{ExportFormat::kExr, "/d"}, {ExportFormat::kNpz, "/d"}};
       }},
      {"--depth",
       [](JobSettings& s) {
         s.depth = "exr:/d/in";
         s.exports = {{ExportFormat::kExr, "/d"}};
       }},
      {"--rig",
       [](JobSettings& s) {
         s.exports = {{ExportFormat::kExrMetres, "/d"}};
       }},
      {"--rig",
       [](JobSettings& s) {
         s.rig = Rig{700, 0.1, 9};
       }},
  };
  for (const Case& test : cases) {
    JobSettings settings = Valid();
    test.spoil(settings);
    const absl::Status status = ValidateSettings(settings);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << test.named;
    EXPECT_NE(std::string(status.message()).find(test.named), std::string::npos)
        << status.message();
  }
}

TEST(JobSettingsTest, LayoutsAndEyesAreReadBack) {
  for (int i = 0; i <= static_cast<int>(Layout::kGrid); ++i) {
    const Layout layout = static_cast<Layout>(i);
    EXPECT_EQ(ParseLayout(LayoutName(layout)).value(), layout);
  }
  for (const Eye eye : {Eye::kRight, Eye::kLeft, Eye::kBoth}) {
    EXPECT_EQ(ParseEye(EyeName(eye)).value(), eye);
  }
  EXPECT_NE(std::string(ParseLayout("cube").status().message()).find("half-sbs"),
            std::string::npos);
}

TEST(JobSettingsTest, RigIsReadWholeOrRefused) {
  const Rig rig = ParseRig("fx=693.33,baseline=0.150,convergence=9").value();
  EXPECT_DOUBLE_EQ(rig.fx_px, 693.33);
  EXPECT_EQ(ParseRig(RigText(rig)).value(), rig);
  for (const char* bad :
       {"", "fx=1", "fx=1,baseline=2", "fx=1,baseline=2,convergence=0", "fx=1,fx=1,baseline=2",
        "fx=1,baseline=2,convergence=3,x=4", "fx=1e,baseline=2,convergence=3",
        "fx=nan,baseline=2,convergence=3", "fx=1,baseline=2,convergence=3,"}) {
    EXPECT_EQ(ParseRig(bad).status().code(), absl::StatusCode::kInvalidArgument) << bad;
  }
}

TEST(JobSettingsTest, RangeIsReadWholeOrRefused) {
  EXPECT_EQ(ParseRange("10:20").value(), (FrameRange{10, 20}));
  for (const char* bad : {"", "10", "10:", ":20", "20:10", "10:10", "-1:5", "1:5x", "a:b",
                          "99999999999999999999:5"}) {
    EXPECT_FALSE(ParseRange(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace stereofarm
