#include "common/farm/stage_key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "common/base/file_system.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

TaskSpec SpecOf(TaskKind kind) {
  TaskSpec spec;
  spec.kind = kind;
  spec.shard = {{8, 16}, {4, 20}, {0, 40}};
  spec.settings.overlap = 4;
  spec.settings.input = "/in.mov";
  spec.settings.outputs = {{Layout::kSbs, "/out.mkv"}};
  if (kind == TaskKind::kRender || kind == TaskKind::kWarp || kind == TaskKind::kEncode) {
    spec.depth = {{spec.shard, "depth/000008-000016", "dir", {{1.5, 0.25}, {1.6, 0.5}}}};
  }
  return spec;
}

std::string BasisOf(const TaskSpec& spec) { return StageBasis(spec, "source", {"key"}, "files"); }

TEST(StageKeyTest, NamesAndPlacesDontMatter) {
  TaskSpec spec = SpecOf(TaskKind::kRender);
  const std::string basis = BasisOf(spec);
  spec.job = "other";
  spec.settings.input = "/moved.mov";
  spec.settings.outputs[0].file = "/moved.mkv";
  spec.settings.keep = true;
  spec.depth[0].directory = "elsewhere";
  EXPECT_EQ(BasisOf(spec), basis);
}

// Which settings change which stages: a changed convergence renders again without depth.
TEST(StageKeyTest, EachSettingTouchesJustItsStages) {
  struct Case {
    const char* name;
    std::function<void(JobSettings&)> change;
    std::vector<TaskKind> touched;
  };
  const Case cases[] = {
      {"depth", [](JobSettings& s) { s.depth = "exr:/d"; }, {TaskKind::kDepth}},
      {"perturb", [](JobSettings& s) { s.perturb_depth_seed = 1; }, {TaskKind::kDepth}},
      {"convergence",
       [](JobSettings& s) { s.convergence = 0.4; },
       {TaskKind::kRender, TaskKind::kWarp, TaskKind::kInpaint, TaskKind::kEncode}},
      {"budget",
       [](JobSettings& s) { s.budget_percent = 1; },
       {TaskKind::kRender, TaskKind::kWarp, TaskKind::kInpaint, TaskKind::kEncode}},
      // It's the turns that it asks for which touch their shots.
      {"cut jump", [](JobSettings& s) { s.cut_jump_percent = 0.5; }, {}},
      {"resample",
       [](JobSettings& s) { s.resample = ResampleSetting::kBicubic; },
       {TaskKind::kRender, TaskKind::kWarp, TaskKind::kInpaint, TaskKind::kEncode}},
      {"inpaint",
       [](JobSettings& s) { s.inpaint = "stretch"; },
       {TaskKind::kRender, TaskKind::kInpaint}},
      {"crf", [](JobSettings& s) { s.crf = 20; }, {TaskKind::kRender, TaskKind::kEncode}},
      {"layout",
       [](JobSettings& s) { s.outputs[0].layout = Layout::kTab; },
       {TaskKind::kRender, TaskKind::kEncode}},
      {"export",
       [](JobSettings& s) {
         s.exports = {{ExportFormat::kNpz, "/d"}};
       },
       {TaskKind::kRender, TaskKind::kEncode}},
      {"option",
       [](JobSettings& s) { s.encoder_options["tune"] = "film"; },
       {TaskKind::kRender, TaskKind::kEncode}},
  };
  const TaskKind kinds[] = {TaskKind::kScan, TaskKind::kDepth,   TaskKind::kRender,
                            TaskKind::kWarp, TaskKind::kInpaint, TaskKind::kEncode};
  for (const Case& test : cases) {
    for (const TaskKind kind : kinds) {
      TaskSpec spec = SpecOf(kind);
      const std::string before = BasisOf(spec);
      test.change(spec.settings);
      const bool expected =
          std::find(test.touched.begin(), test.touched.end(), kind) != test.touched.end();
      EXPECT_EQ(BasisOf(spec) != before, expected) << test.name << " " << TaskKindName(kind);
    }
  }
}

// What made a shard run again with more overlap belongs to its result.
TEST(StageKeyTest, GateAndBudgetMatterToWidenedDepth) {
  for (const bool is_widened : {false, true}) {
    TaskSpec spec = SpecOf(TaskKind::kDepth);
    if (is_widened) spec.shard.full = {0, 24};
    const std::string before = BasisOf(spec);
    spec.settings.seam_gate_percent = 0.2;
    EXPECT_EQ(BasisOf(spec) != before, is_widened);
  }
}

TEST(StageKeyTest, RangesSourceInputsAndClassMatter) {
  const TaskSpec spec = SpecOf(TaskKind::kRender);
  const std::string basis = BasisOf(spec);
  TaskSpec other = spec;
  other.shard.full.end = 21;
  EXPECT_NE(BasisOf(other), basis);
  other = spec;
  other.depth[0].ramp.to.scale = 1.5000001;
  EXPECT_NE(BasisOf(other), basis);
  other = spec;
  other.depth_high = 0.9;
  EXPECT_NE(BasisOf(other), basis);
  other = spec;
  other.ease_begin.shift = 0.1;
  EXPECT_NE(BasisOf(other), basis);
  other = spec;
  other.ease_end.shift = 0.1;
  EXPECT_NE(BasisOf(other), basis);
  EXPECT_NE(StageBasis(spec, "other source", {"key"}, "files"), basis);
  EXPECT_NE(StageBasis(spec, "source", {"other key"}, "files"), basis);
  EXPECT_NE(StageKey(basis, "cpu/a"), StageKey(basis, "cpu/b"));
}

TEST(StageKeyTest, AModelCountsByItsNameAndHashWhereverItLies) {
  TaskSpec spec = SpecOf(TaskKind::kDepth);
  for (const char* depth : {"depth-anything-v2-small:", "torchscript:", "exr:"}) {
    spec.settings.depth = depth + std::string("/here");
    const std::string here = StageBasis(spec, "source", {}, "hash");
    const std::string film = JobFingerprint(spec.settings, "source", "hash");
    spec.settings.depth = depth + std::string("/moved/there");
    EXPECT_EQ(StageBasis(spec, "source", {}, "hash"), here);
    EXPECT_EQ(JobFingerprint(spec.settings, "source", "hash"), film);
    EXPECT_NE(StageBasis(spec, "source", {}, "other hash"), here);
    spec.settings.depth = "depth-anything-v2-base:/here";
    EXPECT_NE(StageBasis(spec, "source", {}, "hash"), here);
  }
}

// A folder may hold the files of the range alone, which then stand for other frames.
TEST(StageKeyTest, TheRangeMattersToDepthOfFiles) {
  TaskSpec spec = SpecOf(TaskKind::kDepth);
  for (const bool of_files : {false, true}) {
    spec.settings.depth = of_files ? "exr:/d" : "parallax";
    spec.settings.range.reset();
    const std::string whole = BasisOf(spec);
    spec.settings.range = FrameRange{0, 50};
    EXPECT_EQ(BasisOf(spec) != whole, of_files);
  }
}

TEST(StageKeyTest, JobFingerprintSeesSettingsAndSource) {
  JobSettings settings = SpecOf(TaskKind::kRender).settings;
  const std::string print = JobFingerprint(settings, "source", "");
  settings.outputs[0].file = "/moved.mkv";
  EXPECT_EQ(JobFingerprint(settings, "source", ""), print);
  EXPECT_NE(JobFingerprint(settings, "other", ""), print);
  settings.range = FrameRange{0, 5};
  EXPECT_NE(JobFingerprint(settings, "source", ""), print);
}

TEST(StageKeyTest, DepthFolderIsHashedByWhatIsInIt) {
  const TempFolder folder;
  const std::string setting = "exr:" + folder.path().string();
  EXPECT_EQ(HashModelFiles(setting).status().code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(WriteFileAtomically(folder / "a.exr", std::string(200000, 'a')).ok());
  const std::string first = HashModelFiles(setting).value();
  ASSERT_TRUE(WriteFileAtomically(folder / "a.exr", std::string(199999, 'a') + "b").ok());
  EXPECT_NE(HashModelFiles(setting).value(), first);
  EXPECT_EQ(HashModelFiles("exr:" + (folder / "none").string()).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(HashModelFiles("torchscript:" + (folder / "none.pt").string()).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(HashModelFiles("parallax").value(), "");
}

}  // namespace
}  // namespace stereofarm
