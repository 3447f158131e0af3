#include "models/inpaint/background_inpainter.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_format.h"
#include "models/flow/prepare_opencv.h"
#include "models/inpaint/background_fill.h"
#include "models/inpaint/background_rim.h"
#include "models/inpaint/hole_runs.h"
#include "models/inpaint/target.h"
#include "models/inpaint/visible_mean.h"

namespace stereofarm {
namespace {

// Two frames' fills are of one surface where their displacements differ by less, pixels at a width
// of 960.
constexpr float kOneSurface = 1.5f;
// Frames to either side that the mean of known pixels looks at.
constexpr int64_t kMeanReach = 4;

}  // namespace

BackgroundInpainter::BackgroundInpainter(const BackgroundSettings& settings) : settings_(settings) {
  PrepareOpenCv();
}

absl::Status BackgroundInpainter::Begin() {
  filling_ = {};
  window_ = ShotWindow();
  waiting_.clear();
  made_up_.clear();
  return absl::OkStatus();
}

absl::Status BackgroundInpainter::Push(InpaintFrame frame, std::vector<FilledFrame>* done) {
  SF_RETURN_IF_ERROR(CheckTarget(frame.warped));
  if (frame.rgb.channels() != 3 || frame.displacement.channels() != 1 ||
      !frame.rgb.SameSize(frame.warped.rgba) || !frame.displacement.SameSize(frame.rgb)) {
    return absl::InvalidArgumentError(
        "inpainting needs the source's picture and displacement, as large as the warped frame");
  }
  if (!waiting_.empty()) {
    const Waiting& last = waiting_.back();
    const KeptFrame& kept = *window_.Find(last.frame);
    if (frame.frame != last.frame + 1 || frame.rgb.width() != kept.width() ||
        frame.rgb.height() != kept.height()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("frame %d doesn't follow frame %d of the same size; inpainting takes "
                          "consecutive frames",
                          frame.frame, last.frame));
    }
  }
  Arrived arrived = Look(std::move(frame));
  TakeFilled(done);
  if (arrived.made_up) made_up_.emplace(arrived.waiting.frame, *std::move(arrived.made_up));
  window_.Add(std::move(arrived.seen));
  waiting_.push_back(std::move(arrived.waiting));
  if (static_cast<int>(waiting_.size()) > window()) {
    filling_ = std::async(std::launch::async, [this] { return FillFirst(); });
  }
  return absl::OkStatus();
}

absl::Status BackgroundInpainter::Finish(std::vector<FilledFrame>* done) {
  TakeFilled(done);
  while (!waiting_.empty()) {
    if (std::optional<FilledFrame> first = FillFirst()) done->push_back(*std::move(first));
    ForgetFirst();
  }
  return Begin();
}

BackgroundInpainter::Arrived BackgroundInpainter::Look(InpaintFrame frame) {
  Waiting waiting{
      .frame = frame.frame, .wanted = frame.wanted, .hand_back = frame.hand_back, .eye = {}};
  if (frame.wanted) waiting.eye = HalfEye(frame.warped);
  KeptFrame kept(frame.frame, frame.rgb, frame.displacement);
  frame.rgb = Image();
  std::optional<HoleColours> made_up;
  if (settings_.steady || settings_.weighed) {
    Image variance = std::move(frame.displacement);  // its memory
    CleanBackgroundRims(&frame.warped);
    FillFromBackground(&frame.warped, &variance);
    made_up.emplace(frame.warped, variance);
  }
  return {std::move(waiting), std::move(made_up), window_.Prepare(std::move(kept))};
}

std::optional<FilledFrame> BackgroundInpainter::FillFirst() {
  const Waiting& frame = waiting_.front();
  if (!frame.wanted) return std::nullopt;
  const KeptFrame& own = *window_.Find(frame.frame);
  std::vector<SeenFrom> neighbours = window_.Neighbours(frame.frame);
  if (settings_.exposure) {
    for (SeenFrom& neighbour : neighbours) {
      neighbour.exposure = ExposureBetween(*neighbour.frame, own, neighbour.motion);
    }
  }
  WarpedFrame filled = frame.eye.ToFrame();
  CleanBackgroundRims(&filled);
  if (settings_.elsewhere) {
    elsewhere_.Fill(own, neighbours, settings_.weighed ? &made_up_.at(frame.frame) : nullptr,
                    &filled);
  }
  FillFromBackground(&filled);
  if (settings_.steady) Steady(neighbours, &filled);
  filled.rgba.KeepChannels(3);
  if (settings_.mean) {
    std::erase_if(neighbours, [&frame](const SeenFrom& neighbour) {
      return std::abs(neighbour.frame->frame() - frame.frame) > kMeanReach;
    });
    AverageVisible(neighbours, frame.eye.ToFrame(), &filled.rgba);
  }
  return FilledFrame{frame.frame, std::move(filled.rgba),
                     frame.hand_back ? frame.eye.ToFrame() : WarpedFrame()};
}

void BackgroundInpainter::TakeFilled(std::vector<FilledFrame>* done) {
  if (!filling_.valid()) return;
  if (std::optional<FilledFrame> first = filling_.get()) done->push_back(*std::move(first));
  ForgetFirst();
}

void BackgroundInpainter::ForgetFirst() {
  const int64_t frame = waiting_.front().frame;
  waiting_.pop_front();
  window_.Forget(frame + 1 - window());
  made_up_.erase(made_up_.begin(), made_up_.lower_bound(frame + 1 - window()));
}

void BackgroundInpainter::Steady(const std::vector<SeenFrom>& neighbours,
                                 WarpedFrame* filled) const {
  struct Other {
    const HoleColours* colours;
    std::array<float, 16> motion;  // from this frame
    Exposure exposure;             // to this frame
  };
  std::vector<Other> others;
  for (const SeenFrom& neighbour : neighbours) {
    const auto found = made_up_.find(neighbour.frame->frame());
    if (found == made_up_.end()) continue;
    Other other{&found->second, {}, neighbour.exposure};
    const std::array<double, 16> rows = neighbour.motion.Inverse().rows();
    for (size_t i = 0; i < rows.size(); ++i) other.motion[i] = static_cast<float>(rows[i]);
    others.push_back(other);
  }
  if (others.empty()) return;
  const float tolerance =
      kOneSurface * std::max(1.0f, static_cast<float>(filled->rgba.width()) / 960.0f);
  Image& rgba = filled->rgba;
  std::vector<HoleRun> runs;
  for (int y = 0; y < rgba.height(); ++y) {
    FindHoleRuns(rgba.Row(3, y), rgba.width(), &runs);
    for (const HoleRun run : runs) {
      for (int x = run.begin; x < run.end; ++x) {
        const float d = filled->displacement.Row(0, y)[x];
        const float at = static_cast<float>(x) + d, fy = static_cast<float>(y);
        float sum[3], count = 1;
        for (int c = 0; c < 3; ++c) sum[c] = rgba.Row(c, y)[x];
        for (const Other& other : others) {
          const std::array<float, 16>& m = other.motion;
          const float scale = 1.0f / (m[8] * at + m[9] * fy + m[10] + m[11] * d);
          const float seen_x = (m[0] * at + m[1] * fy + m[2] + m[3] * d) * scale;
          const float seen_y = (m[4] * at + m[5] * fy + m[6] + m[7] * d) * scale;
          const float seen_d = (m[12] * at + m[13] * fy + m[14] + m[15] * d) * scale;
          float colour[3];
          if (!other.colours->Sample(seen_x - seen_d, seen_y, seen_d, tolerance, colour)) {
            continue;
          }
          for (size_t c = 0; c < 3; ++c) {
            sum[c] += other.exposure.gain[c] * colour[c] + other.exposure.offset[c];
          }
          count += 1;
        }
        for (int c = 0; c < 3; ++c) rgba.Row(c, y)[x] = sum[c] / count;
      }
    }
  }
}

}  // namespace stereofarm
