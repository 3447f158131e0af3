#include "models/inpaint/background_inpainter.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <opencv2/core.hpp>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/image/half.h"
#include "models/inpaint/background_fill.h"
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
  // Dense flow depends on it.
  cv::setNumThreads(1);
}

absl::Status BackgroundInpainter::Begin() {
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
    if (frame.frame != last.frame + 1 || !frame.displacement.SameSize(last.displacement)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("frame %d doesn't follow frame %d of the same size; inpainting takes "
                          "consecutive frames",
                          frame.frame, last.frame));
    }
  }
  window_.Add(KeptFrame(frame.frame, frame.rgb, frame.displacement));
  frame.rgb = Image();
  if (settings_.steady || settings_.weighed) {
    Image rgb = CopyColour(frame.warped.rgba);
    Image displacement = frame.warped.displacement.Clone();
    Image variance(rgb.width(), rgb.height(), 1);
    FillFromBackground(frame.warped, &rgb, &displacement, &variance);
    made_up_.emplace(frame.frame, HoleColours(frame.warped, rgb, displacement, variance));
  }
  Waiting waiting{.frame = frame.frame,
                  .wanted = frame.wanted,
                  .displacement = std::move(frame.displacement),
                  .nearer_is_larger = frame.warped.nearer_is_larger};
  if (frame.wanted) {
    waiting.rgba = HalfImage(frame.warped.rgba);
    waiting.seen = HalfImage(frame.warped.displacement);
  }
  waiting_.push_back(std::move(waiting));
  if (static_cast<int>(waiting_.size()) > window()) FillFirst(done);
  return absl::OkStatus();
}

absl::Status BackgroundInpainter::Finish(std::vector<FilledFrame>* done) {
  while (!waiting_.empty()) FillFirst(done);
  return Begin();
}

void BackgroundInpainter::FillFirst(std::vector<FilledFrame>* done) {
  const Waiting frame = std::move(waiting_.front());
  waiting_.pop_front();
  if (frame.wanted) {
    std::vector<SeenFrom> neighbours = window_.Neighbours(frame.frame);
    if (settings_.exposure) {
      const KeptFrame& own = *window_.Find(frame.frame);
      for (SeenFrom& neighbour : neighbours) {
        neighbour.exposure = ExposureBetween(*neighbour.frame, own, neighbour.motion);
      }
    }
    WarpedFrame warped{frame.frame, frame.rgba.ToImage(), frame.seen.ToImage(),
                       frame.nearer_is_larger};
    WarpedFrame filled = warped.Clone();
    if (settings_.elsewhere) {
      elsewhere_.Fill(frame.displacement, neighbours,
                      settings_.weighed ? &made_up_.at(frame.frame) : nullptr, &filled);
    }
    Image rgb = CopyColour(filled.rgba);
    Image displacement = filled.displacement.Clone();
    FillFromBackground(filled, &rgb, &displacement);
    if (settings_.steady) Steady(filled, neighbours, displacement, &rgb);
    if (settings_.mean) {
      const int64_t at = frame.frame;
      std::erase_if(neighbours, [at](const SeenFrom& neighbour) {
        return std::abs(neighbour.frame->frame() - at) > kMeanReach;
      });
      AverageVisible(neighbours, warped, &rgb);
    }
    QuantizeToHalf(rgb);
    done->push_back({frame.frame, std::move(rgb), std::move(warped)});
  }
  window_.Forget(frame.frame + 1 - window());
  made_up_.erase(made_up_.begin(), made_up_.lower_bound(frame.frame + 1 - window()));
}

void BackgroundInpainter::Steady(const WarpedFrame& frame, const std::vector<SeenFrom>& neighbours,
                                 const Image& displacement, Image* rgb) const {
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
  const float tolerance = kOneSurface * std::max(1.0f, static_cast<float>(rgb->width()) / 960.0f);
  std::vector<HoleRun> runs;
  for (int y = 0; y < rgb->height(); ++y) {
    FindHoleRuns(frame.rgba.Row(3, y), rgb->width(), &runs);
    for (const HoleRun run : runs) {
      for (int x = run.begin; x < run.end; ++x) {
        const float d = displacement.Row(0, y)[x];
        const float at = static_cast<float>(x) + d, fy = static_cast<float>(y);
        float sum[3], count = 1;
        for (int c = 0; c < 3; ++c) sum[c] = rgb->Row(c, y)[x];
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
        for (int c = 0; c < 3; ++c) rgb->Row(c, y)[x] = sum[c] / count;
      }
    }
  }
}

}  // namespace stereofarm
