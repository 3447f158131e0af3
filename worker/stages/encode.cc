#include "worker/stages/encode.h"

#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "common/media/segment.h"
#include "worker/stages/export_depth.h"
#include "worker/stages/packer.h"
#include "worker/stages/prefetch.h"

namespace stereofarm {
namespace {

// One frame's pictures, one for each output.
struct PackedFrame {
  std::vector<Picture> pictures;
};

class PackStage : public Stream<PackedFrame> {
 public:
  PackStage(std::unique_ptr<Stream<FilmFrame>> frames, std::vector<std::unique_ptr<Packer>> packers,
            TaskRun* run)
      : frames_(std::move(frames)), packers_(std::move(packers)), run_(run) {}
  absl::StatusOr<std::optional<PackedFrame>> Next() override {
    SF_RETURN_IF_ERROR(run_->CheckCancelled());
    SF_ASSIGN_OR_RETURN(const std::optional<FilmFrame> frame, frames_->Next());
    if (!frame) return std::optional<PackedFrame>();
    StageTimer timer(run_, "pack");
    PackedFrame packed;
    for (const std::unique_ptr<Packer>& packer : packers_) {
      SF_ASSIGN_OR_RETURN(Picture picture, packer->Pack(*frame));
      packed.pictures.push_back(std::move(picture));
    }
    return std::optional<PackedFrame>(std::move(packed));
  }

 private:
  const std::unique_ptr<Stream<FilmFrame>> frames_;
  std::vector<std::unique_ptr<Packer>> packers_;
  TaskRun* const run_;
};

absl::Status EncodeAll(Stream<PackedFrame>* frames,
                       const std::vector<std::unique_ptr<SegmentWriter>>& writers, TaskRun* run) {
  while (true) {
    SF_RETURN_IF_ERROR(run->CheckCancelled());
    SF_ASSIGN_OR_RETURN(const std::optional<PackedFrame> frame, frames->Next());
    StageTimer timer(run, "encode");
    for (size_t k = 0; k < writers.size(); ++k) {
      SF_RETURN_IF_ERROR(frame ? writers[k]->Add(frame->pictures[k]) : writers[k]->Finish());
    }
    if (!frame) return absl::OkStatus();
    run->FrameDone();
  }
}

}  // namespace

std::string SegmentFileName(size_t output, const std::string& codec) {
  return absl::StrFormat("segment.%d.%s", output, SegmentExtension(codec));
}

absl::Status EncodeSegments(std::unique_ptr<Stream<FilmFrame>> frames, TaskRun* run) {
  const JobSettings& settings = run->spec().settings;
  const VideoInfo& source = run->index()->video;
  std::vector<std::unique_ptr<Packer>> packers;
  std::vector<std::unique_ptr<SegmentWriter>> writers;
  for (size_t k = 0; k < settings.outputs.size(); ++k) {
    SF_ASSIGN_OR_RETURN(const PackPlan plan,
                        PlanPacking(settings.outputs[k].layout, settings, source));
    if (!plan.remark.empty()) run->Log(plan.remark);
    SF_ASSIGN_OR_RETURN(std::unique_ptr<SegmentWriter> writer,
                        SegmentWriter::Create(run->folder() / SegmentFileName(k, settings.codec),
                                              plan.video, plan.encoder, run->place().film));
    writers.push_back(std::move(writer));
    packers.push_back(std::make_unique<Packer>(plan, source.color));
  }
  if (!settings.exports.empty()) {
    frames = Ahead<FilmFrame>(std::make_unique<ExportStage>(std::move(frames), run));
  }
  const std::unique_ptr<Stream<PackedFrame>> packed =
      Ahead<PackedFrame>(std::make_unique<PackStage>(std::move(frames), std::move(packers), run));
  SF_RETURN_IF_ERROR(EncodeAll(packed.get(), writers, run));
  for (size_t k = 0; k < settings.outputs.size(); ++k) {
    const std::string name = SegmentFileName(k, settings.codec);
    SF_ASSIGN_OR_RETURN(const int64_t count, CheckSegment(run->folder() / name));
    if (count != run->spec().shard.core.size()) {
      return absl::InternalError(absl::StrFormat("%s has %d frames where %d were encoded", name,
                                                 count, run->spec().shard.core.size()));
    }
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
