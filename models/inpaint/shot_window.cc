#include "models/inpaint/shot_window.h"

#include <algorithm>
#include <utility>

namespace stereofarm {
namespace {

// Flow is looked at from each frame to the next, and between frames whose numbers are multiples of
// this: half a dozen steps lead anywhere in the window.
constexpr int kLongStep = 4;
// Share of the points that must agree with a motion.
constexpr double kAgreeing = 0.5;

}  // namespace

ShotWindow::Arrival ShotWindow::Prepare(KeptFrame frame) {
  Arrival arrival{std::move(frame), {}};
  for (const int step : {1, kLongStep}) {
    const KeptFrame* earlier = Find(arrival.frame.frame() - step);
    if (earlier == nullptr || arrival.frame.frame() % step != 0) continue;
    arrival.motions.emplace_back(step, MotionBetween(*earlier, arrival.frame, &flow_));
  }
  return arrival;
}

void ShotWindow::Add(Arrival arrival) {
  const int64_t frame = arrival.frame.frame();
  frames_.push_back(std::move(arrival.frame));
  for (auto& [step, fit] : arrival.motions) motions_[{step, frame - step}] = std::move(fit);
}

void ShotWindow::Forget(int64_t frame) {
  while (!frames_.empty() && frames_.front().frame() < frame) frames_.pop_front();
  std::erase_if(motions_, [frame](const auto& entry) { return entry.first.second < frame; });
}

const KeptFrame* ShotWindow::Find(int64_t frame) const {
  if (frames_.empty()) return nullptr;
  const int64_t at = frame - frames_.front().frame();
  if (at < 0 || at >= static_cast<int64_t>(frames_.size())) return nullptr;
  return &frames_[static_cast<size_t>(at)];
}

std::optional<DisparityMotion> ShotWindow::Between(int64_t from, int distance) const {
  DisparityMotion motion;
  while (distance > 0) {
    const int step = distance >= kLongStep && from % kLongStep == 0 ? kLongStep : 1;
    const auto fit = motions_.find({step, from});
    if (fit == motions_.end() || fit->second.agreeing < kAgreeing) return std::nullopt;
    motion = motion.Then(fit->second.motion);
    distance -= step;
    from += step;
  }
  return motion;
}

std::vector<SeenFrom> ShotWindow::Neighbours(int64_t frame) const {
  std::vector<SeenFrom> neighbours;
  for (int distance = -kReach; distance <= kReach; ++distance) {
    if (distance == 0) continue;
    const KeptFrame* other = Find(frame + distance);
    if (other == nullptr) continue;
    const auto motion =
        distance < 0 ? Between(frame + distance, -distance) : Between(frame, distance);
    if (!motion) continue;
    neighbours.push_back({other, distance < 0 ? *motion : motion->Inverse()});
  }
  return neighbours;
}

}  // namespace stereofarm
