#include "worker/stages/depth.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/base/random.h"
#include "common/exr/exr.h"
#include "common/farm/seam_samples.h"
#include "common/image/half.h"
#include "worker/stages/decode.h"
#include "worker/stages/exr_attributes.h"
#include "worker/stages/prefetch.h"

namespace stereofarm {
namespace {

constexpr float kLargestHalf = 65504.0f;

// The raw depth of the task's frames from where its settings say.
absl::StatusOr<std::unique_ptr<Stream<RawDepth>>> OpenDepth(DepthEstimator* estimator,
                                                            TaskRun* run) {
  const TaskSpec& spec = run->spec();
  if (estimator == nullptr) {
    const TaskPlace& place = run->place();
    if (!place.depth_pictures.empty()) {
      return std::make_unique<DepthFolderStage>(place.depth_pictures, spec.shard.full, run);
    }
    return DepthFolderStage::Open(place.depth.substr(place.depth.find(':') + 1), spec.shard.full,
                                  run);
  }
  const ImageSize picture = SquarePixelSize(run->index()->video);
  SF_ASSIGN_OR_RETURN(const DepthPlan plan, estimator->Plan(picture));
  SF_RETURN_IF_ERROR(estimator->Begin(picture));
  const FrameRange read = spec.shard.full.Grow(plan.window, spec.shard.shot);
  SF_ASSIGN_OR_RETURN(
      std::unique_ptr<Stream<FilmFrame>> frames,
      DecodeFilm(read, {.picture = false, .rgb = true, .rgb_size = plan.input}, run));
  return std::make_unique<EstimateStage>(Ahead(std::move(frames), 4), estimator, spec.shard.full,
                                         run);
}

// Perturbed where the job asks for it, then brought to halves, which is what everybody reads.
void Settle(const Perturbation& perturbation, Image* depth) {
  const float scale = static_cast<float>(perturbation.scale);
  const float shift = static_cast<float>(perturbation.shift);
  for (int y = 0; y < depth->height(); ++y) {
    float* row = depth->Row(0, y);
    for (int x = 0; x < depth->width(); ++x) {
      row[x] = std::clamp(row[x] * scale + shift, -kLargestHalf, kLargestHalf);
    }
  }
  QuantizeToHalf(*depth);
}

}  // namespace

std::string DepthFileName(int64_t frame) { return absl::StrFormat("depth.%06d.exr", frame); }

Perturbation PerturbationOf(uint64_t seed, int64_t begin) {
  if (seed == 0) return {};
  // Far apart for neighbouring shards and for neighbouring seeds.
  const std::unique_ptr<Random> random =
      SeededRandom(seed * 0x9e3779b97f4a7c15u + static_cast<uint64_t>(begin) * 0xd1b54a32d192ed03u);
  const auto unit = [&] { return std::ldexp(static_cast<double>(random->Next() >> 11), -53); };
  Perturbation drawn;
  drawn.scale = std::exp2(2 * unit() - 1);
  drawn.shift = 0.5 * unit() - 0.25;
  return drawn;
}

absl::Status RunDepth(DepthEstimator* estimator, TaskRun* run) {
  const Shard& shard = run->spec().shard;
  run->ExpectFrames(shard.core.size());
  SF_ASSIGN_OR_RETURN(std::unique_ptr<Stream<RawDepth>> depth, OpenDepth(estimator, run));
  depth = Ahead(std::move(depth));
  const Perturbation perturbation =
      PerturbationOf(run->spec().settings.perturb_depth_seed, shard.core.begin);
  const std::string model = estimator == nullptr ? "exr" : estimator->Id();
  ShardSamples samples{shard.core, shard.full, {}};
  int64_t next = shard.full.begin;
  while (true) {
    SF_RETURN_IF_ERROR(run->CheckCancelled());
    SF_ASSIGN_OR_RETURN(std::optional<RawDepth> frame, depth->Next());
    if (!frame) break;
    StageTimer timer(run, "write");
    if (frame->frame != next++) {
      return absl::InternalError(
          absl::StrFormat("%s gave frame %d twice or out of order", model, frame->frame));
    }
    // Depth that a film was made with is used as it stands.
    const bool as_it_stands = frame->values != kInverseDepth;
    if (!as_it_stands) Settle(perturbation, &frame->inverse_depth);
    if (KeepsSamples(shard, frame->frame)) {
      samples.frames.push_back(SampleFrame(frame->frame, frame->inverse_depth, frame->confidence));
    }
    ExrAttributes attributes = AttributesOf(*run, frame->frame, model);
    attributes[kDepthValues] = frame->values;
    SF_RETURN_IF_ERROR(WriteExr(run->folder() / DepthFileName(frame->frame), frame->inverse_depth,
                                {kDepthChannel}, attributes,
                                as_it_stands ? ExrPixels::kFloat : ExrPixels::kHalf));
    if (shard.core.Contains(frame->frame)) run->FrameDone();
  }
  if (next != shard.full.end) {
    return absl::InternalError(absl::StrFormat("%s gave no depth for frame %d", model, next));
  }
  return WriteFileAtomically(run->folder() / kSamplesFile, EncodeShardSamples(samples));
}

}  // namespace stereofarm
