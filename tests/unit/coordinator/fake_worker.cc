#include "tests/unit/coordinator/fake_worker.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/base/hash.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "common/farm/cut_features.h"
#include "common/farm/seam_samples.h"
#include "common/farm/stage_key.h"
#include "proto/records.h"

namespace stereofarm {
namespace {

// Frames of one shot look alike, those of two shots have nothing to do with each other.
std::string Features(const FrameRange& frames, const std::set<int64_t>& cuts) {
  std::vector<CutFeatures> all;
  for (int64_t frame = frames.begin; frame < frames.end; ++frame) {
    const auto shot = std::distance(cuts.begin(), cuts.upper_bound(frame));
    const auto random = SeededRandom(static_cast<uint64_t>(shot) + 7);
    CutFeatures features;
    for (uint8_t& value : features.luma) value = static_cast<uint8_t>(random->Next() % 256);
    for (uint8_t& value : features.chroma) value = 128;
    features.mean = 0.5f;
    features.spread = 0.25f;
    features.texture = 0.1f;
    features.match = cuts.contains(frame) ? 0.0f : 1.0f;
    features.difference = cuts.contains(frame) ? 0.4f : 0.0f;
    all.push_back(features);
  }
  return EncodeCutFeatures(all);
}

// Depth that rises from left to right.
const FrameSamples& Slope() {
  static const FrameSamples slope = [] {
    FrameSamples samples;
    for (int i = 0; i < kSampleCells; ++i) {
      samples.values.push_back(static_cast<float>(i % kSampleColumns) / kSampleColumns);
      samples.weights.push_back(255);
    }
    return samples;
  }();
  return slope;
}

std::string Samples(const TaskSpec& spec, bool is_rough,
                    const std::function<float(int64_t, float)>& depth) {
  const Shard& shard = spec.shard;
  ShardSamples samples;
  samples.core = shard.core;
  samples.full = shard.full;
  for (int64_t frame = shard.full.begin; frame < shard.full.end; ++frame) {
    const bool is_bone =
        std::binary_search(spec.sample_frames.begin(), spec.sample_frames.end(), frame);
    if (spec.IsSkeleton() ? !is_bone : !KeepsSamples(shard, frame)) continue;
    samples.frames.push_back(Slope());
    samples.frames.back().frame = frame;
    if (depth) {
      for (float& value : samples.frames.back().values) value = depth(frame, value);
    }
    if (!is_rough) continue;
    const auto random = SeededRandom(static_cast<uint64_t>(shard.core.begin) + 3);
    for (float& value : samples.frames.back().values) {
      value += 0.5f * static_cast<float>(random->Next() % 256) / 256.0f;
    }
  }
  return EncodeShardSamples(samples);
}

using Files = std::vector<std::pair<std::string, std::string>>;

void AddPictures(const char* name, const FrameRange& frames, Files* files) {
  for (int64_t frame = frames.begin; frame < frames.end; ++frame) {
    files->emplace_back(absl::StrFormat("%s.%06d.exr", name, frame),
                        absl::StrFormat("%s of %d", name, frame));
  }
}

// Not flushed: no test pulls the plug, and it's slow. So is a stream.
void Write(const std::filesystem::path& path, const std::string& content) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  SF_CHECK(file >= 0);
  SF_CHECK(write(file, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  SF_CHECK(close(file) == 0);
}

}  // namespace

WorkerRecord FakeWorker::Record() const {
  return {id_, "host/" + id_, "cpu", numeric_class_, "build", {"tag"}};
}

void FakeWorker::UsePicture(std::filesystem::path file, const std::string& content) {
  picture_ = std::move(file);
  picture_facts_ = {"", static_cast<int64_t>(content.size()), Sha256Hex(content)};
}

std::vector<ManifestFile> FakeWorker::MakeFiles(const TaskSpec& spec,
                                                const std::filesystem::path& folder,
                                                const std::string& signature) const {
  Files files;
  switch (spec.kind) {
    case TaskKind::kScan:
      files.emplace_back("features.bin", Features(spec.shard.core, cuts_));
      break;
    case TaskKind::kDepth:
      if (!spec.IsSkeleton()) AddPictures("depth", spec.shard.full, &files);
      files.emplace_back("samples.bin", Samples(spec, is_rough_ && is_rough_(spec), depth_));
      break;
    case TaskKind::kWarp:
      AddPictures("warp", spec.shard.core, &files);
      break;
    case TaskKind::kInpaint:
      AddPictures("inpaint", spec.shard.core, &files);
      break;
    case TaskKind::kRender:
    case TaskKind::kEncode:
      for (size_t i = 0; i < spec.settings.outputs.size(); ++i) {
        files.emplace_back(
            absl::StrFormat("segment.%d.mov", i),
            absl::StrFormat("%d frames, %s, convergence %g, %d depths", spec.shard.core.size(),
                            spec.shard.Name(), spec.settings.convergence, spec.depth.size()) +
                signature);
      }
      for (size_t i = 0; i < spec.settings.exports.size(); ++i) {
        for (int64_t frame = spec.shard.core.begin; frame < spec.shard.core.end; ++frame) {
          files.emplace_back(ExportPartName(i, spec.settings.exports[i].format, frame),
                             absl::StrFormat("frame %d", frame));
        }
      }
      break;
  }
  // The farm may have a thousand of these at once: the folders above are there, as a rule.
  std::error_code error;
  std::filesystem::create_directory(folder.parent_path(), error);
  if (error || !std::filesystem::create_directory(folder, error)) {
    SF_CHECK(MakeDirectories(folder).ok());
  }
  std::vector<ManifestFile> made;
  for (const auto& [name, content] : files) {
    if (!picture_.empty() && name.ends_with(".exr") &&
        link(picture_.c_str(), (folder / name).c_str()) == 0) {
      made.push_back(picture_facts_);
      made.back().name = name;
      continue;
    }
    Write(folder / name, content);
    made.push_back({name, static_cast<int64_t>(content.size()), Sha256Hex(content)});
  }
  return made;
}

Manifest FakeWorker::ManifestOf(const TaskLease& lease, std::vector<ManifestFile> files) const {
  Manifest manifest;
  manifest.job = lease.spec.job;
  manifest.task = lease.spec.task;
  manifest.epoch = lease.epoch;
  manifest.lease_id = lease.lease_id;
  manifest.stage_key = StageKey(lease.spec.stage_basis, numeric_class_);
  manifest.numeric_class = numeric_class_;
  manifest.build = "build";
  manifest.frames = lease.spec.shard.core.size();
  manifest.files = std::move(files);
  return manifest;
}

Manifest FakeWorker::Do(const TaskLease& lease, bool sign) const {
  const std::filesystem::path folder = store_ / lease.attempt_directory;
  Manifest manifest =
      ManifestOf(lease, MakeFiles(lease.spec, folder, sign ? ", by " + lease.lease_id : ""));
  if (picture_.empty()) Write(folder / kManifestFile, SerializeManifest(manifest));
  return manifest;
}

AttemptRef AttemptOf(const TaskLease& lease) {
  return {lease.spec.job, lease.spec.task, lease.epoch, lease.lease_id};
}

}  // namespace stereofarm
