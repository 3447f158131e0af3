#include "worker/stages/depth.h"

#include <gtest/gtest.h>

#include "common/base/file_system.h"
#include "common/exr/exr.h"
#include "common/farm/cut_features.h"
#include "common/farm/seam_samples.h"
#include "tests/unit/worker/tiny_farm.h"
#include "worker/stages/scan.h"

namespace stereofarm {
namespace {

ExrImage DepthOf(const TinyFarm& farm, const TaskLease& lease, int64_t frame) {
  absl::StatusOr<ExrImage> exr = ReadExr(farm.FolderOf(lease) / DepthFileName(frame));
  EXPECT_TRUE(exr.ok()) << exr.status();
  return exr.ok() ? *std::move(exr) : ExrImage();
}

// A folder of depth for every frame: Z = value(frame) in every pixel.
template <typename Value>
void WriteFolder(const std::filesystem::path& folder, int frames, int width, int height,
                 const std::string& channel, Value value,
                 const std::map<std::string, std::string>& attributes = {}) {
  ASSERT_TRUE(MakeDirectories(folder).ok());
  for (int i = 0; i < frames; ++i) {
    Image image(width, height, 1);
    image.Fill(value(i));
    const std::string name = "z" + std::to_string(100 + i) + ".exr";
    ASSERT_TRUE(WriteExr(folder / name, image, {channel}, attributes).ok());
  }
}

TEST(ScanTest, FeaturesOfARangeAreThoseOfTheWholeFilm) {
  TinyFarm farm;
  const auto scan = [&](int64_t begin, int64_t end) {
    const FrameRange range{begin, end};
    const TaskLease lease = farm.RunAndCommit(farm.Lease(TaskKind::kScan, {range, range, range}));
    const absl::StatusOr<std::string> bytes = ReadFile(farm.FolderOf(lease) / kFeaturesFile);
    EXPECT_TRUE(bytes.ok());
    return *DecodeCutFeatures(*bytes);
  };
  const std::vector<CutFeatures> all = scan(0, 8);
  const std::vector<CutFeatures> part = scan(3, 6);
  ASSERT_EQ(all.size(), 8u);
  EXPECT_EQ(part, std::vector<CutFeatures>(all.begin() + 3, all.begin() + 6));
}

TEST(DepthStageTest, ASkeletonLeavesSamplesOfItsFramesAndNothingElse) {
  TinyFarm farm;
  TaskLease lease = farm.Lease(TaskKind::kDepth, farm.ShardOf(0, 8));
  lease.spec.shard.full = lease.spec.shard.core;
  lease.spec.sample_frames = {1, 4, 7};
  const absl::StatusOr<Manifest> manifest = farm.Run(lease);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(manifest->frames, 3);
  ASSERT_EQ(manifest->files.size(), 1u);
  const absl::StatusOr<std::string> bytes = ReadFile(farm.FolderOf(lease) / kSamplesFile);
  ASSERT_TRUE(bytes.ok());
  const absl::StatusOr<ShardSamples> samples = DecodeShardSamples(*bytes);
  ASSERT_TRUE(samples.ok());
  ASSERT_EQ(samples->frames.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(samples->frames[i].frame, lease.spec.sample_frames[i]);
    EXPECT_EQ(samples->frames[i].weights.front(), 255);
  }
}

TEST(DepthStageTest, EveryFrameOfTheFullRangeHasAFileThatSaysWhatItIs) {
  TinyFarm farm;
  const TaskLease lease = farm.Lease(TaskKind::kDepth, farm.ShardOf(3, 5));
  const absl::StatusOr<Manifest> manifest = farm.Run(lease);
  ASSERT_TRUE(manifest.ok()) << manifest.status();
  EXPECT_EQ(manifest->model, "brightness/1");
  EXPECT_EQ(manifest->frames, 2);
  ASSERT_EQ(manifest->files.size(), 7u);  // 1..6, samples
  EXPECT_TRUE(CheckFiles(farm.FolderOf(lease), *manifest).ok());
  for (int64_t frame = 1; frame < 7; ++frame) {
    const ExrImage exr = DepthOf(farm, lease, frame);
    EXPECT_EQ(exr.channels, std::vector<std::string>{"D"});
    EXPECT_EQ(exr.image.width(), 24);
    EXPECT_EQ(exr.attributes.at("stereofarm:frame"), std::to_string(frame));
    EXPECT_EQ(exr.attributes.at("stereofarm:model"), "brightness/1");
    EXPECT_EQ(exr.attributes.at(kDepthValues), kInverseDepth);
  }
  EXPECT_EQ(farm.progress.frames_done, 2);
  EXPECT_EQ(farm.progress.frames_total, 2);
}

TEST(DepthStageTest, AFrameHasTheSameDepthInEveryShard) {
  TinyFarm farm;
  const TaskLease left = farm.RunAndCommit(farm.Lease(TaskKind::kDepth, farm.ShardOf(0, 4)));
  const TaskLease right = farm.RunAndCommit(farm.Lease(TaskKind::kDepth, farm.ShardOf(4, 8)));
  for (int64_t frame = 2; frame < 6; ++frame) {
    const Image a = DepthOf(farm, left, frame).image;
    const Image b = DepthOf(farm, right, frame).image;
    for (int y = 0; y < a.height(); ++y) {
      for (int x = 0; x < a.width(); ++x) ASSERT_EQ(a.Row(0, y)[x], b.Row(0, y)[x]) << frame;
    }
  }
}

TEST(DepthStageTest, SamplesAreOfWhatTheFilesHold) {
  TinyFarm farm;
  const TaskLease lease = farm.RunAndCommit(farm.Lease(TaskKind::kDepth, farm.ShardOf(2, 6)));
  const absl::StatusOr<ShardSamples> samples =
      DecodeShardSamples(*ReadFile(farm.FolderOf(lease) / kSamplesFile));
  ASSERT_TRUE(samples.ok());
  EXPECT_EQ(samples->core, (FrameRange{2, 6}));
  EXPECT_EQ(samples->full, (FrameRange{0, 8}));
  ASSERT_NE(samples->Find(1), nullptr);
  EXPECT_EQ(*samples->Find(1), SampleFrame(1, DepthOf(farm, lease, 1).image));
}

TEST(DepthStageTest, PerturbedShardsDifferByScaleAndShift) {
  TinyFarm farm;
  const TaskLease plain = farm.RunAndCommit(farm.Lease(TaskKind::kDepth, farm.ShardOf(0, 4)));
  farm.settings.perturb_depth_seed = 7;
  const TaskLease moved = farm.RunAndCommit(farm.Lease(TaskKind::kDepth, farm.ShardOf(0, 4)));
  const Perturbation drawn = PerturbationOf(7, 0);
  EXPECT_GE(drawn.scale, 0.5);
  EXPECT_LE(drawn.scale, 2.0);
  const Image a = DepthOf(farm, plain, 3).image;
  const Image b = DepthOf(farm, moved, 3).image;
  EXPECT_NEAR(b.Row(0, 5)[7], drawn.scale * a.Row(0, 5)[7] + drawn.shift, 2e-3);
  EXPECT_NE(PerturbationOf(7, 0).scale, PerturbationOf(7, 96).scale);
  EXPECT_NE(PerturbationOf(7, 0).scale, PerturbationOf(8, 0).scale);
  EXPECT_EQ(PerturbationOf(0, 96).scale, 1);
}

TEST(DepthFolderTest, MetresBecomeInverseMetres) {
  TinyFarm farm;
  const float values[] = {2, 0.5f, 0, -1, 1, 65504, 4, 8};
  const std::filesystem::path folder = farm.folder() / "z";
  WriteFolder(folder, 8, 48, 32, "Z", [&](int i) { return values[i]; });
  farm.settings.depth = "exr:" + folder.string();
  const TaskLease lease = farm.RunAndCommit(farm.Lease(TaskKind::kDepth, farm.ShardOf(2, 6)));
  EXPECT_EQ(DepthOf(farm, lease, 0).image.Row(0, 3)[4], 0.5f);
  EXPECT_EQ(DepthOf(farm, lease, 1).image.Row(0, 3)[4], 2.0f);
  EXPECT_EQ(DepthOf(farm, lease, 2).image.Row(0, 3)[4], 0.0f);
  EXPECT_EQ(DepthOf(farm, lease, 3).image.Row(0, 3)[4], 0.0f);
  EXPECT_EQ(DepthOf(farm, lease, 0).image.width(), 48);
  EXPECT_EQ(DepthOf(farm, lease, 7).attributes.at("stereofarm:model"), "exr");
}

TEST(DepthFolderTest, TheAttributeOverrulesTheSetting) {
  TinyFarm farm;
  WriteFolder(farm.folder() / "plain", 8, 48, 32, "Z", [](int) { return 4.0f; });
  WriteFolder(farm.folder() / "inverse", 8, 48, 32, "Z", [](int) { return 4.0f; },
              {{kDepthValues, kInverseDepth}});
  farm.settings.depth = "exr:" + (farm.folder() / "inverse").string();
  TaskLease lease = farm.RunAndCommit(farm.Lease(TaskKind::kDepth, farm.ShardOf(0, 8)));
  EXPECT_EQ(DepthOf(farm, lease, 0).image.Row(0, 0)[0], 4.0f);
  farm.settings.depth = "exr:" + (farm.folder() / "plain").string();
  lease = farm.RunAndCommit(farm.Lease(TaskKind::kDepth, farm.ShardOf(0, 8)));
  EXPECT_EQ(DepthOf(farm, lease, 0).image.Row(0, 0)[0], 0.25f);
  farm.settings.depth_exr_inverse = true;
  lease = farm.RunAndCommit(farm.Lease(TaskKind::kDepth, farm.ShardOf(0, 8)));
  EXPECT_EQ(DepthOf(farm, lease, 0).image.Row(0, 0)[0], 4.0f);
}

class DepthFolderErrorTest : public ::testing::Test {
 protected:
  void Expect(absl::StatusCode code, const std::vector<std::string>& said) {
    farm_.settings.depth = "exr:" + folder_.string();
    const absl::Status status =
        farm_.Run(farm_.Lease(TaskKind::kDepth, farm_.ShardOf(2, 6))).status();
    EXPECT_EQ(status.code(), code) << status;
    for (const std::string& text : said) {
      EXPECT_NE(status.message().find(text), absl::string_view::npos) << status;
    }
  }
  TinyFarm farm_;
  const std::filesystem::path folder_ = farm_.folder() / "z";
};

TEST_F(DepthFolderErrorTest, AMissingFolderIsNamed) {
  Expect(absl::StatusCode::kNotFound, {folder_.string()});
}

TEST_F(DepthFolderErrorTest, TooFewFilesAreCounted) {
  WriteFolder(folder_, 7, 48, 32, "Z", [](int) { return 1.0f; });
  Expect(absl::StatusCode::kInvalidArgument, {"7 .exr files", "8 frames"});
}

TEST_F(DepthFolderErrorTest, AnotherSizeIsNamedWithTheOneExpected) {
  WriteFolder(folder_, 8, 24, 16, "Z", [](int) { return 1.0f; });
  Expect(absl::StatusCode::kInvalidArgument, {"z100.exr", "24 x 16", "48 x 32"});
}

TEST_F(DepthFolderErrorTest, AMissingChannelIsNamed) {
  WriteFolder(folder_, 8, 48, 32, "depth", [](int) { return 1.0f; });
  Expect(absl::StatusCode::kInvalidArgument, {"z100.exr", "no channel Z"});
}

TEST_F(DepthFolderErrorTest, ADamagedFileIsTheUsersOwn) {
  WriteFolder(folder_, 8, 48, 32, "Z", [](int) { return 1.0f; });
  ASSERT_TRUE(WriteFileAtomically(folder_ / "z103.exr", "not an image").ok());
  Expect(absl::StatusCode::kInvalidArgument, {"z103.exr"});
}

TEST(DepthStageTest, ACancelledTaskSaysSo) {
  TinyFarm farm;
  farm.progress.cancelled = true;
  EXPECT_EQ(farm.Run(farm.Lease(TaskKind::kDepth, farm.ShardOf(0, 8))).status().code(),
            absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace stereofarm
