#include "worker/stages/joined_depth.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "models/stereo/depth_upsample.h"
#include "worker/stages/depth.h"
#include "worker/stages/exr_attributes.h"

namespace stereofarm {
namespace {

// Inverse metres that come back bit for bit from an export.
void ToExportable(Image* inverse) {
  for (int y = 0; y < inverse->height(); ++y) {
    float* row = inverse->Row(0, y);
    for (int x = 0; x < inverse->width(); ++x) row[x] = InverseOf(MetresOf(row[x]));
  }
}

}  // namespace

absl::StatusOr<JoinedDepth> JoinedDepth::Open(const TaskRun& run) {
  const TaskSpec& spec = run.spec();
  JoinedDepth joined;
  joined.range_ = {.shot = spec.shard.shot,
                   .range = {spec.depth_low, spec.depth_high},
                   .begin = spec.ease_begin,
                   .end = spec.ease_end};
  if (spec.depth.empty()) {
    return absl::InternalError(absl::StrFormat("%s comes without its depth", spec.task));
  }
  std::vector<DepthSource> sources = spec.depth;
  std::sort(sources.begin(), sources.end(),
            [](const DepthSource& a, const DepthSource& b) { return a.shard.core < b.shard.core; });
  for (const DepthSource& source : sources) {
    SF_ASSIGN_OR_RETURN(CommittedFolder folder,
                        CommittedFolder::Open(source.task, run.place().store / source.directory));
    joined.folders_.push_back(std::move(folder));
    joined.shards_.push_back({source.shard.core, source.shard.full, source.ramp});
  }
  return joined;
}

absl::StatusOr<JoinedDepth::Frame> JoinedDepth::Read(int64_t frame) const {
  const std::vector<JoinTerm> terms = JoinTerms(shards_, frame);
  if (terms.empty()) {
    return absl::InternalError(
        absl::StrFormat("no shard of the task has depth of frame %d", frame));
  }
  Frame read{.number = frame};
  for (const JoinTerm& term : terms) {
    SF_ASSIGN_OR_RETURN(ExrImage exr, folders_[term.shard].Read(DepthFileName(frame)));
    read.values = exr.attributes[kDepthValues];
    read.model = exr.attributes[kModelAttribute];
    read.images.push_back(std::move(exr.image));
    if (!read.images.back().SameSize(read.images.front())) {
      return absl::InternalError(
          absl::StrFormat("the depths of frame %d that meet at a seam differ in size", frame));
    }
  }
  for (size_t i = 0; i < terms.size(); ++i) {
    const AlignedShard& shard = shards_[terms[i].shard];
    read.inputs.push_back({&read.images[i], shard.At(frame), terms[i].weight});
  }
  return read;
}

absl::StatusOr<Image> JoinedDepth::Normalised(const Frame& read) const {
  if (read.values == kReconciledDepth) return read.images.front().Clone();
  const DepthRange range = range_.At(read.number);
  if (!(range.hi > range.lo)) {
    return absl::InternalError("a task comes without its depth's range");
  }
  return NormalisedDepth(read.inputs, range);
}

Image JoinedDepth::Unscaled(const Frame& read) {
  const Image& first = read.images.front();
  if (read.values == kReconciledInverseMetres) return first.Clone();
  Image out(first.width(), first.height(), 1);
  for (int y = 0; y < out.height(); ++y) {
    float* row = out.Row(0, y);
    for (int x = 0; x < out.width(); ++x) {
      double sum = 0;
      for (const JoinInput& input : read.inputs) {
        sum += input.weight *
               (input.alignment.scale * input.raw->Row(0, y)[x] + input.alignment.shift);
      }
      row[x] = static_cast<float>(sum);
    }
  }
  return out;
}

JoinStage::JoinStage(std::unique_ptr<Stream<FilmFrame>> frames, JoinedDepth depth, JoinWants wants,
                     TaskRun* run)
    : frames_(std::move(frames)), depth_(std::move(depth)), wants_(wants), run_(run) {}

absl::StatusOr<std::optional<FilmFrame>> JoinStage::Next() {
  SF_RETURN_IF_ERROR(run_->CheckCancelled());
  SF_ASSIGN_OR_RETURN(std::optional<FilmFrame> frame, frames_->Next());
  if (!frame) return frame;
  StageTimer timer(run_, "join");
  SF_ASSIGN_OR_RETURN(const JoinedDepth::Frame read, depth_.Read(frame->frame));
  frame->depth_model = read.model;
  if (wants_.inverse_metres) {
    frame->inverse_metres = UpsampleDepth(JoinedDepth::Unscaled(read), frame->rgb);
    ToExportable(&frame->inverse_metres);
  }
  if (wants_.depth) {
    SF_ASSIGN_OR_RETURN(const Image d, depth_.Normalised(read));
    frame->depth = UpsampleDepth(d, frame->rgb);
  }
  return frame;
}

}  // namespace stereofarm
