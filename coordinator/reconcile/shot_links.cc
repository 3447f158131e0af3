#include "coordinator/reconcile/shot_links.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace stereofarm {
namespace {

// A seam's spread below this part of its level or of its shards' spread is none.
constexpr double kFlat = 1e-6;
// Of a seam at least, however well its frames agree: they're wrong together.
constexpr double kSeamFloor = 3e-3;
constexpr size_t kFewFrames = 4;
constexpr size_t kMostLinks = 8;         // of a seam
constexpr double kFewFramesSeam = 1e-2;  // where it can't be told from fewer frames

double Spread(double w, double wx, double wxx) {
  return std::sqrt(std::max(0.0, wxx / w - wx / w * (wx / w)));
}

Line LineOf(const std::vector<Link>& links, const std::function<double(const Moments&)>& value_of) {
  double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
  for (const Link& link : links) {
    const double value = value_of(link.moments);
    x += link.part_a;
    y += value;
    xx += link.part_a * link.part_a;
    yy += value * value;
    xy += link.part_a * value;
  }
  const auto n = static_cast<double>(links.size());
  const double vxx = xx - x * x / n;
  const double vxy = xy - x * y / n;
  Line line;
  line.slope = vxy / vxx;
  line.variance = std::max(0.0, yy - y * y / n - vxy * line.slope) / (n - 2);
  line.slope_variance = line.variance / vxx;
  return line;
}

// At most kMostLinks of them, spread evenly: more say no more.
std::vector<Link> Thinned(const std::vector<Link>& links) {
  if (links.size() <= kMostLinks) return links;
  std::vector<Link> out;
  for (size_t i = 0; i < kMostLinks; ++i) {
    out.push_back(links[i * (links.size() - 1) / (kMostLinks - 1)]);
  }
  return out;
}

}  // namespace

Moments MomentsOf(const SeamSums& sums, double spread_a, double spread_b) {
  Moments out;
  if (sums.w <= 0) return out;
  out.mean_a = sums.wa / sums.w;
  out.mean_b = sums.wb / sums.w;
  const double sd_a = Spread(sums.w, sums.wa, sums.waa);
  const double sd_b = Spread(sums.w, sums.wb, sums.wbb);
  const double floor_a = kFlat * (spread_a + std::abs(out.mean_a));
  const double floor_b = kFlat * (spread_b + std::abs(out.mean_b));
  if (sd_a <= floor_a || sd_b <= floor_b) return out;
  out.weight = 1 / ((1 + floor_a / sd_a) * (1 + floor_b / sd_b));
  out.sd_a = sd_a;
  out.sd_b = sd_b;
  out.log_ratio = std::log(sd_a / sd_b);
  return out;
}

double PartOf(const ShardDigest& digest, double frame) {
  return std::clamp((frame + 0.5 - static_cast<double>(digest.full.begin)) /
                        static_cast<double>(digest.full.size()),
                    0.0, 1.0);
}

double UnitOf(const ShardDigest& digest) {
  const double unit = std::max(digest.spread, 1e-3 * std::abs(digest.mean));
  return unit > 0 ? unit : 1;
}

Joint JointOf(const Seam& seam, const ShardDigest& left, const ShardDigest& right) {
  Joint joint;
  joint.whole = MomentsOf(seam.sums, left.spread, right.spread);
  if (joint.whole.weight <= 0) {
    if (seam.sums.w <= 0) {
      joint.whole.mean_a = left.mean;
      joint.whole.mean_b = right.mean;
    }
    joint.whole.sd_a = UnitOf(left);
    joint.whole.sd_b = UnitOf(right);
  }
  if (joint.whole.weight > 0) {
    for (const SeamFrame& frame : seam.frames) {
      const auto number = static_cast<double>(frame.frame);
      Link link{MomentsOf(frame.sums, left.spread, right.spread), PartOf(left, number),
                PartOf(right, number)};
      if (link.moments.weight > 0) joint.links.push_back(link);
    }
  }
  if (!joint.links.empty()) {
    double variance = kFewFramesSeam * kFewFramesSeam;
    joint.has_lines = joint.links.size() >= kFewFrames;
    if (joint.has_lines) {
      joint.log = LineOf(joint.links, [](const Moments& m) { return m.log_ratio; });
      joint.level = LineOf(joint.links, [&](const Moments& m) {
        return (m.mean_a - joint.whole.mean_a) / joint.whole.sd_a -
               (m.mean_b - joint.whole.mean_b) / joint.whole.sd_b;
      });
      variance = std::max({joint.log.variance, joint.level.variance, kSeamFloor * kSeamFloor});
    }
    joint.links = Thinned(joint.links);
    // The frames of a seam are wrong together: all of them count as two.
    const double each = 2 / (static_cast<double>(joint.links.size()) * variance);
    for (Link& link : joint.links) link.weight = each * link.moments.weight;
    return joint;
  }
  const auto border = static_cast<double>(seam.frame) - 0.5;
  Link link{joint.whole, PartOf(left, border), PartOf(right, border)};
  link.weight = joint.whole.weight / (kFewFramesSeam * kFewFramesSeam) + kPrior;
  joint.links.push_back(link);
  return joint;
}

}  // namespace stereofarm
