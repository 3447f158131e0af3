#include "worker/stages/raw_depth.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

// The nearest that a folder's depth can say, in 1/metre: a tenth of a millimetre.
constexpr float kNearest = 1e4f;

// `values` (metres, or 1/metre when `inverse`) to inverse depth; what isn't depth gets 0 and no
// confidence. Infinitely far is depth.
void ToInverseDepth(const float* values, bool inverse, int width, float* depth, float* confidence) {
  for (int x = 0; x < width; ++x) {
    const float v = values[x];
    const bool known = inverse ? v >= 0 : v > 0;  // not NaN either
    const float raw = !known ? 0 : inverse ? v : 1 / v;
    depth[x] = std::min(raw, kNearest);
    confidence[x] = known ? 1.0f : 0.0f;
  }
}

// d of an export; what isn't finite is infinitely far.
void ToReconciledDepth(const float* values, int width, float* depth, float* confidence) {
  for (int x = 0; x < width; ++x) {
    const bool known = std::isfinite(values[x]);
    depth[x] = known ? std::clamp(values[x], 0.0f, 1.0f) : 0.0f;
    confidence[x] = known ? 1.0f : 0.0f;
  }
}

// Metres of an export.
void ToReconciledMetres(const float* values, int width, float* depth, float* confidence) {
  for (int x = 0; x < width; ++x) {
    depth[x] = std::min(InverseOf(values[x]), std::numeric_limits<float>::max());
    confidence[x] = values[x] > 0 ? 1.0f : 0.0f;
  }
}

std::string Attribute(const ExrImage& exr, const std::string& name) {
  const auto found = exr.attributes.find(name);
  return found == exr.attributes.end() ? std::string() : found->second;
}

}  // namespace

ImageSize SquarePixelSize(const VideoInfo& video) {
  const double sar =
      video.sample_aspect_ratio.IsKnown() ? video.sample_aspect_ratio.ToDouble() : 1.0;
  if (sar >= 1) return {static_cast<int>(std::lround(video.width * sar)), video.height};
  return {video.width, static_cast<int>(std::lround(video.height / sar))};
}

EstimateStage::EstimateStage(std::unique_ptr<Stream<FilmFrame>> frames, DepthEstimator* estimator,
                             FrameRange wanted, TaskRun* run)
    : frames_(std::move(frames)), estimator_(estimator), wanted_(wanted), run_(run) {}

absl::StatusOr<std::optional<RawDepth>> EstimateStage::Next() {
  std::vector<DepthResult> done;
  while (ready_.empty() && !ended_) {
    SF_RETURN_IF_ERROR(run_->CheckCancelled());
    SF_ASSIGN_OR_RETURN(std::optional<FilmFrame> frame, frames_->Next());
    StageTimer timer(run_, "depth");
    done.clear();
    if (frame) {
      SF_RETURN_IF_ERROR(estimator_->Push({frame->frame, std::move(frame->rgb)}, &done));
    } else {
      ended_ = true;
      SF_RETURN_IF_ERROR(estimator_->Finish(&done));
    }
    for (DepthResult& result : done) {
      if (!wanted_.Contains(result.frame)) continue;
      ready_.push_back(
          {result.frame, std::move(result.inverse_depth), std::move(result.confidence)});
    }
  }
  if (ready_.empty()) return std::optional<RawDepth>();
  std::optional<RawDepth> next(std::move(ready_.front()));
  ready_.pop_front();
  return next;
}

absl::StatusOr<std::unique_ptr<Stream<RawDepth>>> DepthFolderStage::Open(
    const std::filesystem::path& folder, std::vector<int64_t> wanted, TaskRun* run) {
  namespace fs = std::filesystem;
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == ".exr") files.push_back(it->path());
  }
  if (error) {
    return absl::NotFoundError(absl::StrFormat("--depth exr: cannot read the folder %s: %s",
                                               folder.string(), error.message()));
  }
  const int64_t frames = run->index()->frame_count();
  const auto found = static_cast<int64_t>(files.size());
  const FrameRange range = run->spec().settings.range.value_or(FrameRange{0, frames});
  const FrameRange made = range.Intersect({0, frames});
  if (found != frames && found != made.size()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--depth exr: %s has %d .exr files, but the film has %d frames and needs "
                        "one for each, or for each of --range",
                        folder.string(), found, frames));
  }
  const int64_t first = found == frames ? 0 : made.begin;
  std::sort(files.begin(), files.end());
  std::vector<fs::path> chosen;
  for (const int64_t frame : wanted) {
    chosen.push_back(files[static_cast<size_t>(frame - first)]);
  }
  return std::make_unique<DepthFolderStage>(std::move(chosen), std::move(wanted), run);
}

DepthFolderStage::DepthFolderStage(std::vector<std::filesystem::path> files,
                                   std::vector<int64_t> wanted, TaskRun* run)
    : files_(std::move(files)), wanted_(std::move(wanted)), run_(run) {}

absl::StatusOr<std::optional<RawDepth>> DepthFolderStage::Next() {
  SF_RETURN_IF_ERROR(run_->CheckCancelled());
  if (next_ == wanted_.size()) return std::optional<RawDepth>();
  StageTimer timer(run_, "depth");
  SF_ASSIGN_OR_RETURN(RawDepth depth, Read(next_));
  ++next_;
  return std::optional<RawDepth>(std::move(depth));
}

absl::StatusOr<RawDepth> DepthFolderStage::Read(size_t index) const {
  const std::filesystem::path& file = files_[index];
  const int64_t frame = wanted_[index];
  const absl::StatusOr<ExrImage> exr = ReadExr(file);
  if (!exr.ok()) {
    // The user's own file: nobody here can make it again.
    if (exr.status().code() != absl::StatusCode::kDataLoss) return exr.status();
    return absl::InvalidArgumentError("--depth exr: " + std::string(exr.status().message()));
  }
  const VideoInfo& video = run_->index()->video;
  const Image& image = exr->image;
  if (image.width() != video.width || image.height() != video.height) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--depth exr: %s is %d x %d, but the film's picture is %d x %d",
                        file.string(), image.width(), image.height(), video.width, video.height));
  }
  const auto channel = std::find(exr->channels.begin(), exr->channels.end(), "Z");
  if (channel == exr->channels.end()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--depth exr: %s has no channel Z", file.string()));
  }
  const std::string values = Attribute(*exr, kDepthValues);
  const bool inverse =
      values.empty() ? run_->spec().settings.depth_exr_inverse : values == kInverseDepth;
  RawDepth depth{frame, Image(image.width(), image.height(), 1),
                 Image(image.width(), image.height(), 1)};
  if (values == kReconciledDepth) depth.values = kReconciledDepth;
  if (values == kReconciledMetres) depth.values = kReconciledInverseMetres;
  if (depth.values != kInverseDepth) SF_RETURN_IF_ERROR(CheckExport(file, *exr, frame));
  const int plane = static_cast<int>(channel - exr->channels.begin());
  for (int y = 0; y < image.height(); ++y) {
    const float* in = image.Row(plane, y);
    float* out = depth.inverse_depth.Row(0, y);
    float* confidence = depth.confidence.Row(0, y);
    if (depth.values == kReconciledDepth) {
      ToReconciledDepth(in, image.width(), out, confidence);
    } else if (depth.values == kReconciledInverseMetres) {
      ToReconciledMetres(in, image.width(), out, confidence);
    } else {
      ToInverseDepth(in, inverse, image.width(), out, confidence);
    }
  }
  return depth;
}

absl::Status DepthFolderStage::CheckExport(const std::filesystem::path& file, const ExrImage& exr,
                                           int64_t frame) const {
  const std::string said = Attribute(exr, "stereofarm:frame");
  if (!said.empty() && said != std::to_string(frame)) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--depth exr: %s says that it is frame %s, but by its name it stands for frame %d; the "
        "folder lacks a file or has one too many",
        file.string(), said, frame));
  }
  if (Attribute(exr, kDepthValues) == kReconciledDepth && run_->spec().settings.rig) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--rig needs metres, but %s holds depth from 0 to 1; leave --rig out, or use a folder that "
        "was written by --export-depth exr-metres",
        file.string()));
  }
  return absl::OkStatus();
}

}  // namespace stereofarm
