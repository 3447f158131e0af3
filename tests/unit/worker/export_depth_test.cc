#include "worker/stages/export_depth.h"

#include <gtest/gtest.h>

#include <cstring>
#include <span>

#include "common/base/file_system.h"
#include "common/exr/exr.h"
#include "models/weights/zip_directory.h"
#include "tests/unit/worker/tiny_farm.h"
#include "worker/stages/depth.h"
#include "worker/stages/encode.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

// The bytes of the segments that a task made.
std::vector<std::string> Segments(const TinyFarm& farm, const TaskLease& lease) {
  std::vector<std::string> segments;
  for (size_t i = 0; i < farm.settings.outputs.size(); ++i) {
    segments.push_back(
        ReadFile(farm.FolderOf(lease) / SegmentFileName(i, farm.settings.codec)).value());
  }
  return segments;
}

// The depth of `sources` as the film is made with it, rendered with the farm's settings.
TaskLease Rendered(TinyFarm* farm, const std::vector<DepthSource>& sources) {
  const TaskLease lease = farm->Render(farm->ShardOf(0, 8), sources);
  const absl::StatusOr<Manifest> manifest = farm->Run(lease);
  EXPECT_TRUE(manifest.ok()) << manifest.status();
  return lease;
}

// A folder of the files that `lease` has exported in `place`, under their final names.
fs::path Exported(const TinyFarm& farm, const TaskLease& lease, size_t place) {
  const fs::path folder = farm.folder() / ("export" + std::to_string(place));
  EXPECT_TRUE(MakeDirectories(folder).ok());
  const ExportFormat format = lease.spec.settings.exports[place].format;
  for (int64_t frame = 0; frame < 8; ++frame) {
    fs::copy_file(farm.FolderOf(lease) / ExportPartName(place, format, frame),
                  folder / ExportFileName(format, frame));
  }
  return folder;
}

// Two shards whose scales and shifts differ, so that the join has something to do.
std::vector<DepthSource> TwoShards(TinyFarm* farm) {
  std::vector<DepthSource> sources = {farm->Depth(farm->ShardOf(0, 4)),
                                      farm->Depth(farm->ShardOf(4, 8))};
  sources[1].ramp = {{1.25, 0.05}, {1.25, 0.05}};
  return sources;
}

// The films of a job whose depth is read from `folder`, with another solution of reconcile.
std::vector<std::string> RenderedFrom(TinyFarm* farm, const fs::path& folder) {
  farm->settings.depth = "exr:" + folder.string();
  farm->settings.exports.clear();
  std::vector<DepthSource> sources = TwoShards(farm);
  TaskLease lease = farm->Render(farm->ShardOf(0, 8), sources);
  lease.spec.shard = farm->ShardOf(0, 8);
  lease.spec.depth_low = 0.1;
  lease.spec.depth_high = 0.7;
  const absl::StatusOr<Manifest> manifest = farm->Run(lease);
  EXPECT_TRUE(manifest.ok()) << manifest.status();
  return Segments(*farm, lease);
}

TEST(ExportDepthTest, WhatWasExportedGivesTheSameFilmAgain) {
  TinyFarm farm;
  farm.settings.outputs = {{Layout::kSbs, "a"}, {Layout::kDepth, "b"}, {Layout::kGrid, "c"}};
  farm.settings.exports = {{ExportFormat::kExr, "/d"}};
  const TaskLease lease = Rendered(&farm, TwoShards(&farm));
  const std::vector<std::string> films = Segments(farm, lease);
  farm.settings.perturb_depth_seed = 7;  // must not touch it
  EXPECT_EQ(RenderedFrom(&farm, Exported(farm, lease, 0)), films);
}

TEST(ExportDepthTest, MetresGiveTheSameFilmAgainWithTheirRig) {
  TinyFarm farm;
  farm.settings.rig = Rig{300, 0.1, 4};
  farm.settings.exports = {{ExportFormat::kExrMetres, "/d"}};
  const TaskLease lease = Rendered(&farm, TwoShards(&farm));
  const std::vector<std::string> films = Segments(farm, lease);
  const fs::path folder = Exported(farm, lease, 0);
  const ExrImage exr = ReadExr(folder / "depth.000003.exr").value();
  EXPECT_EQ(exr.attributes.at(kDepthValues), kReconciledMetres);
  EXPECT_EQ(exr.attributes.at("stereofarm:rig"), RigText(*farm.settings.rig));
  EXPECT_GT(exr.image.Row(0, 10)[20], 0.5f);
  EXPECT_EQ(RenderedFrom(&farm, folder), films);
}

TEST(ExportDepthTest, FilesBetweenTheStagesChangeNoExport) {
  TinyFarm farm;
  farm.settings.rig = Rig{300, 0.1, 4};
  farm.settings.exports = {{ExportFormat::kExr, "/a"},
                           {ExportFormat::kExrMetres, "/b"},
                           {ExportFormat::kPng16, "/c"},
                           {ExportFormat::kNpz, "/d"}};
  const std::vector<DepthSource> depth = TwoShards(&farm);
  const absl::StatusOr<Manifest> at_once = farm.Run(farm.Render(farm.ShardOf(0, 8), depth));
  ASSERT_TRUE(at_once.ok()) << at_once.status();
  EXPECT_EQ(at_once->files.size(), 1u + 4 * 8);
  const absl::StatusOr<Manifest> in_steps =
      farm.Run(farm.EncodeThroughFiles(farm.ShardOf(0, 8), depth));
  ASSERT_TRUE(in_steps.ok()) << in_steps.status();
  EXPECT_EQ(at_once->files, in_steps->files);
}

TEST(ExportDepthTest, EveryFormatHoldsTheSameDepthAndSaysWhatItIs) {
  TinyFarm farm;
  farm.settings.exports = {{ExportFormat::kExr, "/a"},
                           {ExportFormat::kExrHalf, "/b"},
                           {ExportFormat::kPng16, "/c"},
                           {ExportFormat::kNpz, "/d"}};
  const TaskLease lease = Rendered(&farm, TwoShards(&farm));
  const ExrImage exr = ReadExr(Exported(farm, lease, 0) / "depth.000005.exr").value();
  EXPECT_EQ(exr.channels, std::vector<std::string>{"Z"});
  EXPECT_EQ(exr.image.width(), 48);
  EXPECT_EQ(exr.image.height(), 32);
  EXPECT_EQ(exr.attributes.at(kDepthValues), kReconciledDepth);
  EXPECT_EQ(exr.attributes.at("stereofarm:frame"), "5");
  EXPECT_EQ(exr.attributes.at("stereofarm:model"), "brightness/1");
  EXPECT_EQ(exr.attributes.at("stereofarm:shot"), "000000-000008");
  EXPECT_EQ(exr.attributes.at("stereofarm:shot_range"), "0 1");
  EXPECT_EQ(exr.attributes.count("stereofarm:job"), 0u);

  const ExrImage half = ReadExr(Exported(farm, lease, 1) / "depth.000005.exr").value();
  const std::string npz = ReadFile(Exported(farm, lease, 3) / "depth.000005.npz").value();
  const auto zip = ReadZipDirectory(std::as_bytes(std::span(npz)));
  ASSERT_TRUE(zip.ok()) << zip.status();
  ASSERT_EQ(zip->size(), 3u);
  const auto values_of = [&](const std::string& name, size_t bytes) {
    const std::span<const std::byte> member = zip->at(name).last(bytes);
    return std::string(reinterpret_cast<const char*>(member.data()), member.size());
  };
  const std::string header(reinterpret_cast<const char*>(zip->at("depths.npy").data()), 128);
  EXPECT_EQ(header.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  EXPECT_NE(header.find("'descr': '<f4', 'fortran_order': False, 'shape': (1, 32, 48), }"),
            std::string::npos);
  const std::string depths = values_of("depths.npy", 48 * 32 * sizeof(float));
  float least = 1, most = 0;
  for (int y = 0; y < 32; ++y) {
    for (int x = 0; x < 48; ++x) {
      const float d = exr.image.Row(0, y)[x];
      float from_npz = 0;
      std::memcpy(&from_npz, depths.data() + sizeof(float) * static_cast<size_t>(48 * y + x), 4);
      ASSERT_EQ(from_npz, d);
      ASSERT_NEAR(half.image.Row(0, y)[x], d, 0.0005f);
      least = std::min(least, d);
      most = std::max(most, d);
    }
  }
  EXPECT_GT(most - least, 0.1f);
  int64_t frame = 0;
  std::memcpy(&frame, values_of("frames.npy", 8).data(), 8);
  EXPECT_EQ(frame, 5);
  double pts = 0;
  std::memcpy(&pts, values_of("pts.npy", 8).data(), 8);
  EXPECT_NEAR(pts,
              static_cast<double>(farm.index().frames[5].pts) * farm.index().time_base.ToDouble(),
              1e-12);
}

class ExportedFolderErrorTest : public ::testing::Test {
 protected:
  ExportedFolderErrorTest() {
    farm_.settings.exports = {{ExportFormat::kExr, "/d"}};
    folder_ = Exported(farm_, Rendered(&farm_, {farm_.Depth(farm_.ShardOf(0, 8))}), 0);
    farm_.settings.depth = "exr:" + folder_.string();
  }
  void Expect(const std::vector<std::string>& said) {
    const absl::Status status =
        farm_.Run(farm_.Lease(TaskKind::kDepth, farm_.ShardOf(0, 8))).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    for (const std::string& text : said) {
      EXPECT_NE(status.message().find(text), absl::string_view::npos) << status;
    }
  }
  TinyFarm farm_;
  fs::path folder_;
};

TEST_F(ExportedFolderErrorTest, AFrameInAnothersPlaceIsNamed) {
  fs::rename(folder_ / "depth.000003.exr", folder_ / "depth.000009.exr");
  Expect({"depth.000004.exr", "frame 4", "frame 3"});
}

TEST_F(ExportedFolderErrorTest, ARigWantsMetres) {
  farm_.settings.rig = Rig{300, 0.1, 4};
  Expect({"--rig needs metres", "depth.000000.exr", "exr-metres"});
}

TEST_F(ExportedFolderErrorTest, HolesAreInfinitelyFarAndValuesOutsideAreBrought) {
  // As another program might leave it.
  Image image(48, 32, 1);
  image.Fill(1.5f);
  image.Row(0, 0)[0] = -1;
  ASSERT_TRUE(WriteExr(folder_ / "depth.000000.exr", image, {"Z"},
                       {{kDepthValues, kReconciledDepth}, {"stereofarm:frame", "0"}},
                       ExrPixels::kFloat)
                  .ok());
  const TaskLease lease = farm_.RunAndCommit(farm_.Lease(TaskKind::kDepth, farm_.ShardOf(0, 8)));
  const ExrImage read = ReadExr(farm_.FolderOf(lease) / DepthFileName(0)).value();
  EXPECT_EQ(read.image.Row(0, 0)[0], 0.0f);
  EXPECT_EQ(read.image.Row(0, 0)[1], 1.0f);
}

}  // namespace
}  // namespace stereofarm
