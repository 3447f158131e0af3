#include "coordinator/scheduling/reconcile_shot.h"

#include "absl/strings/str_format.h"
#include "common/farm/seam_samples.h"
#include "coordinator/reconcile/skeleton.h"

namespace stereofarm {
namespace {

constexpr char kSamplesFile[] = "samples.bin";

absl::StatusOr<ShardSamples> ReadSamples(const ShardDepth& shard, AttemptFiles* files) {
  const std::string file = shard.directory + "/" + kSamplesFile;
  const absl::StatusOr<std::string> bytes = files->Read(file);
  if (!bytes.ok()) return absl::DataLossError(std::string(bytes.status().message()));
  absl::StatusOr<ShardSamples> samples = DecodeShardSamples(*bytes);
  if (!samples.ok()) return Annotate(samples.status(), file);
  if (samples->core != shard.shard.core || samples->full != shard.shard.full) {
    return absl::DataLossError(absl::StrFormat("%s holds the samples of another shard", file));
  }
  return samples;
}

}  // namespace

absl::StatusOr<ShotSolution> ReconcileShot(const std::vector<ShardDepth>& shards,
                                           const std::vector<ShardDepth>& skeletons,
                                           double budget_percent, AttemptFiles* files,
                                           std::string* damaged) {
  std::vector<ShardDigest> digests;
  std::vector<Seam> seams;
  std::vector<std::vector<SeamFrame>> ties;
  ShardSamples before;
  std::vector<ShardSamples> looked_at;
  for (const ShardDepth& skeleton : skeletons) {
    absl::StatusOr<ShardSamples> samples = ReadSamples(skeleton, files);
    if (!samples.ok()) {
      *damaged = skeleton.task;
      return samples.status();
    }
    looked_at.push_back(*std::move(samples));
  }
  ShardSamples bones;
  if (!looked_at.empty()) bones = MergeSkeletons(std::move(looked_at));
  for (size_t i = 0; i < shards.size(); ++i) {
    absl::StatusOr<ShardSamples> samples = ReadSamples(shards[i], files);
    if (!samples.ok()) {
      *damaged = shards[i].task;
      return samples.status();
    }
    digests.push_back(DigestShard(*samples, {.first = i == 0, .last = i + 1 == shards.size()}));
    if (i > 0) seams.push_back(ReduceSeam(before, *samples));
    if (!skeletons.empty()) ties.push_back(ReduceTies(*samples, bones));
    before = *std::move(samples);
  }
  ReconcileOptions options;
  options.budget_percent = budget_percent;
  return SolveShot(digests, seams, ties, options);
}

}  // namespace stereofarm
