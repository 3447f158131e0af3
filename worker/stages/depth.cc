#include "worker/stages/depth.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

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

// Frames from all over the film, numbered from 0: to a model they're one after another.
class SampleFrames : public Stream<FilmFrame> {
 public:
  SampleFrames(std::vector<int64_t> frames, DecodeWants wants, TaskRun* run)
      : frames_(std::move(frames)), wants_(wants), run_(run) {}

  absl::StatusOr<std::optional<FilmFrame>> Next() override {
    if (next_ == frames_.size()) return std::optional<FilmFrame>();
    const int64_t number = frames_[next_];
    SF_ASSIGN_OR_RETURN(const std::unique_ptr<Stream<FilmFrame>> film,
                        DecodeFilm({number, number + 1}, wants_, run_));
    SF_ASSIGN_OR_RETURN(std::optional<FilmFrame> frame, film->Next());
    if (!frame) return absl::InternalError(absl::StrFormat("frame %d can't be decoded", number));
    frame->frame = static_cast<int64_t>(next_++);
    return frame;
  }

 private:
  const std::vector<int64_t> frames_;
  const DecodeWants wants_;
  TaskRun* const run_;
  size_t next_ = 0;
};

// The raw depth of the task's frames from where its settings say.
absl::StatusOr<std::unique_ptr<Stream<RawDepth>>> OpenDepth(DepthEstimator* estimator,
                                                            TaskRun* run) {
  const TaskSpec& spec = run->spec();
  if (estimator == nullptr) {
    const TaskPlace& place = run->place();
    if (!place.depth_pictures.empty()) {
      return std::make_unique<DepthFolderStage>(place.depth_pictures, DepthFrames(spec), run);
    }
    return DepthFolderStage::Open(place.depth.substr(place.depth.find(':') + 1), DepthFrames(spec),
                                  run);
  }
  const ImageSize picture = SquarePixelSize(run->index()->video);
  SF_ASSIGN_OR_RETURN(const DepthPlan plan, estimator->Plan(picture));
  SF_RETURN_IF_ERROR(estimator->Begin(picture));
  const DecodeWants wants{.picture = false, .rgb = true, .rgb_size = plan.input};
  if (spec.IsSkeleton()) {
    const auto count = static_cast<int64_t>(spec.sample_frames.size());
    return std::make_unique<EstimateStage>(
        Ahead<FilmFrame>(std::make_unique<SampleFrames>(spec.sample_frames, wants, run), 4),
        estimator, FrameRange{0, count}, run);
  }
  const FrameRange read = spec.shard.full.Grow(plan.window, spec.shard.shot);
  SF_ASSIGN_OR_RETURN(std::unique_ptr<Stream<FilmFrame>> frames, DecodeFilm(read, wants, run));
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

namespace {

// The skeleton of a shot: looked at as if its frames followed one another, so that they share one
// gauge, which is another one than its shards'.
absl::Status RunSkeleton(DepthEstimator* estimator, TaskRun* run) {
  const TaskSpec& spec = run->spec();
  run->ExpectFrames(spec.FrameCount());
  SF_ASSIGN_OR_RETURN(std::unique_ptr<Stream<RawDepth>> depth, OpenDepth(estimator, run));
  const Perturbation perturbation =
      PerturbationOf(spec.settings.perturb_depth_seed, ~spec.shard.core.begin);
  ShardSamples samples{spec.shard.core, spec.shard.full, {}};
  for (const int64_t number : spec.sample_frames) {
    SF_RETURN_IF_ERROR(run->CheckCancelled());
    SF_ASSIGN_OR_RETURN(std::optional<RawDepth> frame, depth->Next());
    if (!frame) {
      return absl::InternalError(absl::StrFormat("there is no depth for frame %d", number));
    }
    if (frame->values == kInverseDepth) Settle(perturbation, &frame->inverse_depth);
    samples.frames.push_back(SampleFrame(number, frame->inverse_depth, frame->confidence));
    run->FrameDone();
  }
  return WriteFileAtomically(run->folder() / kSamplesFile, EncodeShardSamples(samples));
}

}  // namespace

absl::Status RunDepth(DepthEstimator* estimator, TaskRun* run) {
  if (run->spec().IsSkeleton()) return RunSkeleton(estimator, run);
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
