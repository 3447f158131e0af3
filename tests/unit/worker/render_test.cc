#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <utility>
#include <vector>

#include "common/base/file_system.h"
#include "common/exr/exr.h"
#include "tests/unit/worker/tiny_farm.h"
#include "worker/stages/damage.h"
#include "worker/stages/depth.h"
#include "worker/stages/encode.h"
#include "worker/stages/eye_files.h"

namespace stereofarm {
namespace {

std::filesystem::path Segment(const TinyFarm& farm, const TaskLease& lease, size_t output = 0) {
  return farm.FolderOf(lease) / SegmentFileName(output, farm.settings.codec);
}

// Changes one byte in the middle of a file.
void Damage(const std::filesystem::path& file) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  ASSERT_TRUE(stream);
  stream.seekg(0, std::ios::end);
  const auto middle = stream.tellg() / 2;
  stream.seekg(middle);
  const char byte = static_cast<char>(stream.get() ^ 0x55);
  stream.seekp(middle);
  stream.put(byte);
}

TEST(RenderTest, TheSourceEyeIsUntouchedInSideBySide) {
  for (const std::string format : {"yuv420p", "yuv422p10le", "yuv444p", "gbrp10le"}) {
    TinyFarm farm(TinyFilm{.pixel_format = format});
    const Shard shard = farm.ShardOf(2, 6);
    const TaskLease lease = farm.Render(shard, {farm.Depth(farm.ShardOf(0, 8))});
    ASSERT_TRUE(farm.Run(lease).ok()) << format;
    const std::vector<Picture> packed = DecodeAll(Segment(farm, lease));
    ASSERT_EQ(packed.size(), 4u);
    for (int i = 0; i < 4; ++i) {
      const Picture source = TinyPicture(farm.film(), 2 + i);
      EXPECT_TRUE(SamePixels(Part(packed[static_cast<size_t>(i)], 0, 0, 48, 32), source)) << format;
      EXPECT_FALSE(SamePixels(Part(packed[static_cast<size_t>(i)], 48, 0, 48, 32), source));
    }
  }
}

TEST(RenderTest, FilesBetweenTheStagesChangeNoByte) {
  for (const Eye eye : {Eye::kRight, Eye::kLeft, Eye::kBoth}) {
    TinyFarm farm;
    farm.settings.synthesize = eye;
    farm.settings.outputs = {{Layout::kSbs, "a"},
                             {Layout::kAnaglyph, "b"},
                             {Layout::kGrid, "c"},
                             {Layout::kDepth, "d"},
                             {Layout::kHalfTab, "e"}};
    const std::vector<DepthSource> depth = {farm.Depth(farm.ShardOf(0, 4)),
                                            farm.Depth(farm.ShardOf(4, 8))};
    const TaskLease fused = farm.Render(farm.ShardOf(0, 4), depth);
    const absl::StatusOr<Manifest> at_once = farm.Run(fused);
    ASSERT_TRUE(at_once.ok()) << at_once.status();
    const TaskLease split = farm.EncodeThroughFiles(farm.ShardOf(0, 4), depth);
    const absl::StatusOr<Manifest> in_steps = farm.Run(split);
    ASSERT_TRUE(in_steps.ok()) << in_steps.status();
    EXPECT_EQ(at_once->files, in_steps->files) << EyeName(eye);
    EXPECT_EQ(at_once->files.size(), 5u);
  }
}

TEST(RenderTest, AFillThatLooksAroundSeesBeyondItsShard) {
  for (const Eye eye : {Eye::kRight, Eye::kBoth}) {
    TinyFarm farm(TinyFilm{.frames = 16});
    farm.settings.synthesize = eye;
    farm.settings.inpaint = "window-mean";
    const std::vector<DepthSource> depth = {farm.Depth(farm.ShardOf(0, 16))};
    const TaskLease whole = farm.Render(farm.ShardOf(0, 16), depth);
    ASSERT_TRUE(farm.Run(whole).ok());
    const std::vector<Picture> expected = DecodeAll(Segment(farm, whole));
    for (const auto& [begin, end] : {std::pair{0, 5}, {5, 6}, {6, 16}}) {
      for (const bool through_files : {false, true}) {
        const Shard shard = farm.ShardOf(begin, end);
        const TaskLease part =
            through_files ? farm.EncodeThroughFiles(shard, depth) : farm.Render(shard, depth);
        const absl::StatusOr<Manifest> made = farm.Run(part);
        ASSERT_TRUE(made.ok()) << made.status();
        const std::vector<Picture> pictures = DecodeAll(Segment(farm, part));
        ASSERT_EQ(pictures.size(), static_cast<size_t>(end - begin));
        for (size_t i = 0; i < pictures.size(); ++i) {
          EXPECT_TRUE(SamePixels(pictures[i], expected[static_cast<size_t>(begin) + i]))
              << EyeName(eye) << " " << begin + static_cast<int>(i) << " " << through_files;
        }
      }
    }
  }
}

TEST(RenderTest, ResamplingChangesColoursAndNothingElse) {
  TinyFarm farm;
  const std::vector<DepthSource> depth = {farm.Depth(farm.ShardOf(0, 8))};
  std::map<ResampleSetting, ExrImage> warped;
  for (const ResampleSetting resample :
       {ResampleSetting::kSplat, ResampleSetting::kSoft, ResampleSetting::kBicubic}) {
    farm.settings.resample = resample;
    TaskLease lease = farm.Lease(TaskKind::kWarp, farm.ShardOf(3, 4));
    lease.spec.depth = depth;
    ASSERT_TRUE(farm.Run(lease).ok());
    absl::StatusOr<ExrImage> exr = ReadExr(farm.FolderOf(lease) / WarpFileName(3));
    ASSERT_TRUE(exr.ok()) << exr.status();
    warped[resample] = *std::move(exr);
  }
  const ExrImage& splat = warped[ResampleSetting::kSplat];
  for (const ResampleSetting resample : {ResampleSetting::kSoft, ResampleSetting::kBicubic}) {
    for (int c = 0; c < splat.image.channels(); ++c) {
      const std::string& name = splat.channels[static_cast<size_t>(c)];
      const bool is_colour = !name.ends_with(".A") && !name.ends_with(".D");
      bool same = true;
      for (int y = 0; y < splat.image.height(); ++y) {
        const float* a = splat.image.Row(c, y);
        same &= std::equal(a, a + splat.image.width(), warped[resample].image.Row(c, y));
      }
      EXPECT_NE(same, is_colour) << ResampleName(resample) << " " << name;
    }
  }
}

TEST(RenderTest, RunningAgainGivesTheSameBytes) {
  TinyFarm farm;
  const std::vector<DepthSource> depth = {farm.Depth(farm.ShardOf(0, 8))};
  const absl::StatusOr<Manifest> first = farm.Run(farm.Render(farm.ShardOf(0, 8), depth));
  const absl::StatusOr<Manifest> second = farm.Run(farm.Render(farm.ShardOf(0, 8), depth));
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->files, second->files);
}

TEST(RenderTest, ARigMovesByMetres) {
  TinyFarm farm;
  const std::filesystem::path folder = farm.folder() / "z";
  ASSERT_TRUE(MakeDirectories(folder).ok());
  for (int i = 0; i < 8; ++i) {
    Image z(48, 32, 1);
    z.Fill(2);
    ASSERT_TRUE(WriteExr(folder / ("z" + std::to_string(i) + ".exr"), z, {"Z"}, {}).ok());
  }
  farm.settings.depth = "exr:" + folder.string();
  // 4 px: 16 * 1 * (1/2 - 1/4).
  farm.settings.rig = Rig{16, 1, 4};
  const Shard shard = farm.ShardOf(0, 8);
  const std::vector<DepthSource> depth = {farm.Depth(shard)};
  TaskLease warp = farm.Lease(TaskKind::kWarp, shard);
  warp.spec.depth = depth;
  farm.RunAndCommit(warp);
  const absl::StatusOr<ExrImage> exr = ReadExr(farm.FolderOf(warp) / WarpFileName(3));
  ASSERT_TRUE(exr.ok()) << exr.status();
  const auto channel = std::find(exr->channels.begin(), exr->channels.end(), "right.D");
  ASSERT_NE(channel, exr->channels.end());
  EXPECT_EQ(exr->image.Row(static_cast<int>(channel - exr->channels.begin()), 10)[20], 4.0f);
}

TEST(RenderTest, DamagedDepthNamesItsTask) {
  TinyFarm farm;
  const Shard shard = farm.ShardOf(2, 6);
  const DepthSource depth = farm.Depth(farm.ShardOf(0, 8));
  Damage(farm.store() / depth.directory / DepthFileName(4));
  const absl::Status status = farm.Run(farm.Render(shard, {depth})).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(DamagedTask(status), depth.task);
}

TEST(RenderTest, MissingDepthNamesItsTask) {
  TinyFarm farm;
  const Shard shard = farm.ShardOf(2, 6);
  const DepthSource depth = farm.Depth(farm.ShardOf(0, 8));
  std::filesystem::remove(farm.store() / depth.directory / DepthFileName(3));
  EXPECT_EQ(DamagedTask(farm.Run(farm.Render(shard, {depth})).status()), depth.task);
  std::filesystem::remove_all(farm.store() / depth.directory);
  EXPECT_EQ(DamagedTask(farm.Run(farm.Render(shard, {depth})).status()), depth.task);
}

TEST(RenderTest, DamagedEyesNameTheTaskThatMadeThem) {
  TinyFarm farm;
  const Shard shard = farm.ShardOf(0, 8);
  const TaskLease encode = farm.EncodeThroughFiles(shard, {farm.Depth(shard)});
  Damage(farm.store() / encode.spec.inpaint_directory / InpaintFileName(5));
  EXPECT_EQ(DamagedTask(farm.Run(encode).status()), encode.spec.inpaint_task);
}

TEST(RenderTest, AFilmThatIsGoneIsTheUsersMatter) {
  TinyFarm farm;
  const Shard shard = farm.ShardOf(0, 8);
  const DepthSource depth = farm.Depth(shard);
  std::filesystem::remove(farm.settings.input);
  const absl::Status status = farm.Run(farm.Render(shard, {depth})).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound) << status;
  EXPECT_TRUE(DamagedTask(status).empty());
}

TEST(RenderTest, TheLogTellsTimesAndTheEnd) {
  TinyFarm farm;
  const Shard shard = farm.ShardOf(0, 8);
  const TaskLease lease = farm.RunAndCommit(farm.Render(shard, {farm.Depth(shard)}));
  const absl::StatusOr<std::string> log = ReadFile(farm.store() / lease.log_file);
  ASSERT_TRUE(log.ok()) << log.status();
  for (const char* text :
       {"render/000000-000008", "warp ", "encode ", "made 1 files of 8 frames"}) {
    EXPECT_NE(log->find(text), std::string::npos) << text << " in\n" << *log;
  }
}

}  // namespace
}  // namespace stereofarm
