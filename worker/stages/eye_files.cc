#include "worker/stages/eye_files.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/exr/exr.h"
#include "worker/stages/damage.h"
#include "worker/stages/exr_attributes.h"

namespace stereofarm {
namespace {

const std::vector<std::string> kWarpedChannels = {"R", "G", "B", "A", "D"};
const std::vector<std::string> kFilledChannels = {"R", "G", "B"};

std::string Prefix(SynthesizedEye eye) { return eye == SynthesizedEye::kLeft ? "left." : "right."; }

void CopyPlane(const Image& from, int from_channel, Image* to, int to_channel) {
  for (int y = 0; y < from.height(); ++y) {
    std::memcpy(to->Row(to_channel, y), from.Row(from_channel, y),
                sizeof(float) * static_cast<size_t>(from.width()));
  }
}

// The image and the plane of it that hold channel number `channel` of a warped eye.
std::pair<const Image*, int> WarpedPlane(const EyeFrame& eye, int channel) {
  return channel < 4 ? std::pair(&eye.warped.rgba, channel)
                     : std::pair(&eye.warped.displacement, 0);
}
std::pair<const Image*, int> FilledPlane(const EyeFrame& eye, int channel) {
  return {&eye.filled, channel};
}

template <typename PlaneOf>
absl::Status WriteFrame(const FilmFrame& frame, const std::vector<std::string>& channels,
                        PlaneOf plane_of, const std::string& name, const std::string& model,
                        TaskRun* run) {
  StageTimer timer(run, "write");
  const std::vector<SynthesizedEye> eyes = EyesToMake(run->spec().settings.synthesize);
  const int count = static_cast<int>(channels.size());
  const Image& first = *plane_of(frame.eye(eyes[0]), 0).first;
  Image all(first.width(), first.height(), count * static_cast<int>(eyes.size()));
  std::vector<std::string> names;
  for (SynthesizedEye eye : eyes) {
    for (int c = 0; c < count; ++c) {
      const auto [image, plane] = plane_of(frame.eye(eye), c);
      CopyPlane(*image, plane, &all, static_cast<int>(names.size()));
      names.push_back(Prefix(eye) + channels[static_cast<size_t>(c)]);
    }
  }
  // Read once and then deleted: not worth the time that compressing takes.
  SF_RETURN_IF_ERROR(WriteExr(run->folder() / name, all, names,
                              AttributesOf(*run, frame.frame, model), ExrPixels::kFastHalf));
  run->FrameDone();
  return absl::OkStatus();
}

}  // namespace

std::string WarpFileName(int64_t frame) { return absl::StrFormat("warp.%06d.exr", frame); }
std::string InpaintFileName(int64_t frame) { return absl::StrFormat("inpaint.%06d.exr", frame); }

absl::Status WriteWarpFiles(Stream<FilmFrame>* frames, TaskRun* run) {
  while (true) {
    SF_ASSIGN_OR_RETURN(const std::optional<FilmFrame> frame, frames->Next());
    if (!frame) return absl::OkStatus();
    SF_RETURN_IF_ERROR(
        WriteFrame(*frame, kWarpedChannels, WarpedPlane, WarpFileName(frame->frame), "splat", run));
  }
}

absl::Status WriteInpaintFiles(Stream<FilmFrame>* frames, const std::string& model, TaskRun* run) {
  while (true) {
    SF_ASSIGN_OR_RETURN(const std::optional<FilmFrame> frame, frames->Next());
    if (!frame) return absl::OkStatus();
    SF_RETURN_IF_ERROR(WriteFrame(*frame, kFilledChannels, FilledPlane,
                                  InpaintFileName(frame->frame), model, run));
  }
}

EyeFilesStage::EyeFilesStage(std::unique_ptr<Stream<FilmFrame>> frames, CommittedFolder folder,
                             Kind kind, TaskRun* run)
    : frames_(std::move(frames)), folder_(std::move(folder)), kind_(kind), run_(run) {}

absl::StatusOr<std::optional<FilmFrame>> EyeFilesStage::Next() {
  SF_RETURN_IF_ERROR(run_->CheckCancelled());
  SF_ASSIGN_OR_RETURN(std::optional<FilmFrame> frame, frames_->Next());
  if (!frame || !run_->spec().shard.core.Contains(frame->frame)) return frame;
  StageTimer timer(run_, "read");
  SF_RETURN_IF_ERROR(Read(&*frame));
  return frame;
}

absl::Status EyeFilesStage::Read(FilmFrame* frame) const {
  const bool warped = kind_ == Kind::kWarped;
  const std::string name = warped ? WarpFileName(frame->frame) : InpaintFileName(frame->frame);
  SF_ASSIGN_OR_RETURN(const ExrImage exr, folder_.Read(name));
  const Image& image = exr.image;
  const std::vector<std::string>& channels = warped ? kWarpedChannels : kFilledChannels;
  for (SynthesizedEye which : EyesToMake(run_->spec().settings.synthesize)) {
    EyeFrame& eye = frame->eye(which);
    if (warped) {
      eye.warped.frame = frame->frame;
      eye.warped.nearer_is_larger = NearerIsLarger(which);
      eye.warped.rgba = Image(image.width(), image.height(), 4);
      eye.warped.displacement = Image(image.width(), image.height(), 1);
    } else {
      eye.filled = Image(image.width(), image.height(), 3);
    }
    for (int c = 0; c < static_cast<int>(channels.size()); ++c) {
      const auto found = std::find(exr.channels.begin(), exr.channels.end(),
                                   Prefix(which) + channels[static_cast<size_t>(c)]);
      if (found == exr.channels.end()) {
        return folder_.Damaged(absl::StrFormat("%s has no channel %s%s", name, Prefix(which),
                                               channels[static_cast<size_t>(c)]));
      }
      const int from = static_cast<int>(found - exr.channels.begin());
      if (!warped) {
        CopyPlane(image, from, &eye.filled, c);
      } else if (c < 4) {
        CopyPlane(image, from, &eye.warped.rgba, c);
      } else {
        CopyPlane(image, from, &eye.warped.displacement, 0);
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
