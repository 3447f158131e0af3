#include "proto/records.h"

#include <gtest/gtest.h>

#include "common/base/file_system.h"
#include "tests/support/temp_folder.h"

namespace stereofarm {
namespace {

// Every field away from its default.
JobSettings Everything() {
  JobSettings settings;
  settings.input = "/in.mov";
  settings.outputs = {{Layout::kTab, "/out.mkv"}, {Layout::kAnaglyph, "/red.mp4"}};
  settings.exports = {{ExportFormat::kExrMetres, "/metres"}, {ExportFormat::kNpz, "/n\xff"}};
  settings.depth = "exr:/depth";
  settings.depth_exr_inverse = true;
  settings.perturb_depth_seed = 9;
  settings.inpaint = "stretch";
  settings.budget_percent = 1.25;
  settings.convergence = 0.75;
  settings.rig = Rig{693.33, 0.15, 9};
  settings.synthesize = Eye::kBoth;
  settings.resample = ResampleSetting::kBicubic;
  settings.codec = "ffv1";
  settings.crf.reset();
  settings.pixel_format = "yuv444p10le";
  settings.encoder_options = {{"level", "3"}, {"coder", "1"}};
  settings.encoder_threads = 1;
  settings.shard_frames = 24;
  settings.overlap = 6;
  settings.exr = ExrMode::kAll;
  settings.range = FrameRange{5, 50};
  settings.keep = true;
  return settings;
}

TaskSpec SpecOfEverything() {
  TaskSpec spec;
  spec.job = "j1";
  spec.task = "encode/000024-000048";
  spec.kind = TaskKind::kEncode;
  spec.shard = {{24, 48}, {18, 54}, {0, 96}};
  spec.settings = Everything();
  spec.index_file = "jobs/j1/index.pb";
  spec.depth = {{{{0, 24}, {0, 30}, {0, 96}},
                 "depth/000000-000024",
                 "jobs/j1/d",
                 {{1.5, -0.25}, {1.75, 0.5}}}};
  spec.depth_low = 0.1;
  spec.depth_high = 3.5;
  spec.ease_begin = {0.9, 0.05};
  spec.ease_end = {1, -0.2};
  spec.warp_task = "warp/000024-000048";
  spec.warp_directory = "w";
  spec.inpaint_task = "inpaint/000024-000048";
  spec.inpaint_directory = "i";
  spec.stage_basis = "basis";
  return spec;
}

TEST(RecordsTest, SettingsComeBackWhole) {
  EXPECT_EQ(ParseSettings(SerializeSettings(Everything())).value(), Everything());
  EXPECT_EQ(ParseSettings(SerializeSettings(JobSettings())).value(), JobSettings());
}

TEST(RecordsTest, SpecComesBackWhole) {
  EXPECT_EQ(ParseSpec(SerializeSpec(SpecOfEverything())).value(), SpecOfEverything());
}

TEST(RecordsTest, RangesThatDontNestAreRefused) {
  TaskSpec spec = SpecOfEverything();
  spec.shard.core.end = 60;
  EXPECT_EQ(ParseSpec(SerializeSpec(spec)).status().code(), absl::StatusCode::kInvalidArgument);
  spec = SpecOfEverything();
  spec.shard.shot.begin = -1;
  EXPECT_EQ(ParseSpec(SerializeSpec(spec)).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(RecordsTest, ManifestFileSurvivesAndDamageIsSeen) {
  const TempFolder folder;
  Manifest manifest;
  manifest.job = "j1";
  manifest.task = "depth/000000-000024";
  manifest.epoch = 3;
  manifest.lease_id = "ab";
  manifest.stage_key = "key";
  manifest.numeric_class = "cpu";
  manifest.build = "0.1.0";
  manifest.model = "parallax/1";
  manifest.frames = 24;
  manifest.files = {{"depth.000000.exr", 12, std::string(64, 'a')}};
  ASSERT_TRUE(WriteManifest(folder / kManifestFile, manifest).ok());
  EXPECT_EQ(ReadManifest(folder / kManifestFile).value(), manifest);
  const std::string bytes = ReadFile(folder / kManifestFile).value();
  ASSERT_TRUE(WriteFileAtomically(folder / kManifestFile, bytes.substr(0, bytes.size() - 5)).ok());
  EXPECT_EQ(ReadManifest(folder / kManifestFile).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReadManifest(folder / "none").status().code(), absl::StatusCode::kNotFound);
}

TEST(RecordsTest, AJobsNoteComesBackWhole) {
  JobNote note;
  note.job = "j1";
  note.state = JobState::kFailed;
  note.settings = Everything();
  note.replace = true;
  note.priority = -3;
  note.paused = true;
  note.max_workers = 4;
  note.tags = {"a", "b"};
  note.owner = "ann";
  note.error = "why";
  note.source_identity = "film";
  note.model_files = "files";
  note.fingerprint = "print";
  note.range = {10, 500};
  note.created_micros = 1;
  note.started_micros = 2;
  note.ended_micros = 3;
  EXPECT_EQ(ParseJobNote(SerializeJobNote(note)).value(), note);
  EXPECT_EQ(ParseJobNote("").status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace stereofarm
