#include "coordinator/reconcile/shot_solution.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_format.h"
#include "coordinator/reconcile/chain_solver.h"

namespace stereofarm {
namespace {

constexpr int kSteps = 4;
// Draws neighbours without information to the same scale and level.
constexpr double kPrior = 1e-9;
// A seam's spread below this part of its level or of its shards' spread is none.
constexpr double kFlat = 1e-6;

// A seam's moments.
struct Link {
  double weight = 0;  // of what it says about scale and shift, 0..1
  double log_ratio = 0;
  double mean_a = 0, mean_b = 0;
  double sd_a = 1, sd_b = 1;
};

double Spread(double w, double wx, double wxx) {
  return std::sqrt(std::max(0.0, wxx / w - wx / w * (wx / w)));
}

Link LinkOf(const Seam& seam, const ShardDigest& left, const ShardDigest& right) {
  Link link;
  link.mean_a = left.mean;
  link.mean_b = right.mean;
  if (seam.w <= 0) return link;
  link.mean_a = seam.wa / seam.w;
  link.mean_b = seam.wb / seam.w;
  const double sd_a = Spread(seam.w, seam.wa, seam.waa);
  const double sd_b = Spread(seam.w, seam.wb, seam.wbb);
  const double floor_a = kFlat * (left.spread + std::abs(link.mean_a));
  const double floor_b = kFlat * (right.spread + std::abs(link.mean_b));
  if (sd_a <= floor_a || sd_b <= floor_b) return link;
  link.weight = 1 / ((1 + floor_a / sd_a) * (1 + floor_b / sd_b));
  link.sd_a = sd_a;
  link.sd_b = sd_b;
  link.log_ratio = std::log(sd_a / sd_b);
  return link;
}

// Unknowns of all shards: u = log(scale), t = shift.
using Unknowns = std::vector<Vec2>;

// Adds the square of c.left . x_l + c.right . x_r - r.
struct Normal {
  explicit Normal(size_t n) : diagonal(n), lower(n), right(n) {
    for (size_t i = 0; i < n; ++i) diagonal[i] = lower[i] = {0, 0, 0, 0};
  }
  void Add(size_t l, const Vec2& cl, const Vec2& cr, double r, double weight) {
    for (size_t i = 0; i < 2; ++i) {
      for (size_t j = 0; j < 2; ++j) {
        diagonal[l][2 * i + j] += weight * cl[i] * cl[j];
        diagonal[l + 1][2 * i + j] += weight * cr[i] * cr[j];
        lower[l + 1][2 * i + j] += weight * cr[i] * cl[j];
      }
      right[l][i] += weight * cl[i] * r;
      right[l + 1][i] += weight * cr[i] * r;
    }
  }
  std::vector<Mat2> diagonal;
  std::vector<Mat2> lower;
  std::vector<Vec2> right;
};

// Start: every seam met exactly, from the first shard on.
Unknowns Chained(const std::vector<Link>& links, const Vec2& first) {
  Unknowns x{first};
  for (const Link& link : links) {
    const Vec2 before = x.back();
    Vec2 next;
    next[0] = before[0] + link.log_ratio;
    next[1] = std::exp(before[0]) * link.mean_a + before[1] - std::exp(next[0]) * link.mean_b;
    x.push_back(next);
  }
  return x;
}

void Solve(const std::vector<Link>& links, Unknowns* x) {
  const size_t n = x->size();
  for (int step = 0; step < kSteps; ++step) {
    Normal normal(n);
    for (size_t i = 0; i + 1 < n; ++i) {
      const Link& link = links[i];
      const double sl = std::exp((*x)[i][0]);
      const double sr = std::exp((*x)[i + 1][0]);
      const double delta = (*x)[i][0] - (*x)[i + 1][0] + link.log_ratio;
      normal.Add(i, {1, 0}, {-1, 0}, -delta, link.weight + kPrior);
      const double unit = std::sqrt(sl * sr * link.sd_a * link.sd_b);
      const double gap = (sl * link.mean_a + (*x)[i][1] - sr * link.mean_b - (*x)[i + 1][1]) / unit;
      normal.Add(i, {sl * link.mean_a / unit, 1 / unit}, {-sr * link.mean_b / unit, -1 / unit},
                 -gap, link.weight + kPrior);
    }
    // The first shard stays where it is; the gauge is set afterwards.
    normal.diagonal[0] = {1, 0, 0, 1};
    normal.right[0] = {0, 0};
    if (n > 1) normal.lower[1] = {0, 0, 0, 0};
    const std::vector<Vec2> move =
        SolveBlockTridiagonal(normal.diagonal, normal.lower, normal.right);
    double largest = 0;
    for (size_t i = 0; i < n; ++i) {
      (*x)[i][0] += move[i][0];
      (*x)[i][1] += move[i][1];
      largest = std::max(largest, std::abs(move[i][0]));
    }
    if (largest < 1e-12) break;
  }
}

// Turns the whole shot's depth by one scale and shift: see the header.
void SetGauge(std::span<const ShardDigest> digests, Unknowns* x) {
  double frames = 0;
  double logs = 0;
  for (size_t i = 0; i < digests.size(); ++i) {
    frames += static_cast<double>(digests[i].core.size());
    logs += static_cast<double>(digests[i].core.size()) * (*x)[i][0];
  }
  const double by = -logs / frames;
  double wanted = 0;
  double got = 0;
  for (size_t i = 0; i < digests.size(); ++i) {
    (*x)[i][0] += by;
    (*x)[i][1] *= std::exp(by);
    const double part = static_cast<double>(digests[i].core.size()) / frames;
    wanted += part * digests[i].mean;
    got += part * (std::exp((*x)[i][0]) * digests[i].mean + (*x)[i][1]);
  }
  for (Vec2& unknown : *x) unknown[1] += wanted - got;
}

DepthRange RangeOf(std::span<const ShardDigest> digests, std::span<const AlignedShard> shards,
                   const ReconcileOptions& options) {
  const bool any = std::any_of(digests.begin(), digests.end(),
                               [](const ShardDigest& d) { return !d.quantiles.empty(); });
  if (!any) return {};
  DepthRange range{DepthQuantile(digests, shards, options.low_part),
                   DepthQuantile(digests, shards, options.high_part)};
  const double middle = (range.lo + range.hi) / 2;
  const double least = std::max(options.least_range * std::abs(middle), 1e-6);
  if (range.hi - range.lo < least) range = {middle - least / 2, middle + least / 2};
  return range;
}

SeamReport ReportOf(const Seam& seam, const AlignedShard& left, const AlignedShard& right,
                    double percent) {
  SeamReport report{.frame = seam.frame, .compared = seam.paired, .worst_frame = seam.frame};
  const double unit = percent * std::sqrt(left.scale * right.scale);
  for (const SeamFrame& frame : seam.frames) {
    const double step = unit * frame.step;
    report.mean_percent += step / static_cast<double>(seam.frames.size());
    if (step > report.worst_percent) {
      report.worst_percent = step;
      report.worst_frame = frame.frame;
    }
  }
  return report;
}

}  // namespace

absl::StatusOr<ShotSolution> SolveShot(std::span<const ShardDigest> digests,
                                       std::span<const Seam> seams,
                                       const ReconcileOptions& options) {
  if (digests.empty() || seams.size() + 1 != digests.size()) {
    return absl::InvalidArgumentError("a shot needs shards and a seam between each two");
  }
  for (size_t i = 0; i + 1 < digests.size(); ++i) {
    if (digests[i].core.end != digests[i + 1].core.begin) {
      return absl::InvalidArgumentError(absl::StrFormat("depth shards %s and %s don't adjoin",
                                                        RangeName(digests[i].core),
                                                        RangeName(digests[i + 1].core)));
    }
  }
  if (options.before.has_value() && options.before->last.core != digests[0].core) {
    return absl::InvalidArgumentError(
        absl::StrFormat("the section before ends with shard %s, not %s",
                        RangeName(options.before->last.core), RangeName(digests[0].core)));
  }
  std::vector<Link> links;
  for (size_t i = 0; i < seams.size(); ++i) {
    links.push_back(LinkOf(seams[i], digests[i], digests[i + 1]));
  }
  Vec2 first{0, 0};
  if (options.before.has_value()) {
    first = {std::log(options.before->last.scale), options.before->last.shift};
  }
  Unknowns x = Chained(links, first);
  Solve(links, &x);
  if (!options.before.has_value()) SetGauge(digests, &x);

  ShotSolution out;
  for (size_t i = 0; i < digests.size(); ++i) {
    out.shards.push_back({.core = digests[i].core,
                          .full = digests[i].full,
                          .scale = std::exp(x[i][0]),
                          .shift = x[i][1]});
  }
  if (options.before.has_value()) out.shards[0] = options.before->last;
  const size_t own = options.before.has_value() && digests.size() > 1 ? 1 : 0;
  out.range.frames = {digests[own].core.begin, digests.back().core.end};
  out.range.to = RangeOf(digests.subspan(own), std::span(out.shards).subspan(own), options);
  out.range.from = options.before.has_value() ? options.before->range : out.range.to;
  const double percent = options.budget_percent / (out.range.to.hi - out.range.to.lo);
  for (size_t i = 0; i < seams.size(); ++i) {
    out.seams.push_back(ReportOf(seams[i], out.shards[i], out.shards[i + 1], percent));
  }
  return out;
}

absl::StatusOr<ShotSolution> SolveShot(std::span<const ShardSamples> shards,
                                       const ReconcileOptions& options) {
  std::vector<const ShardSamples*> ordered;
  for (const ShardSamples& shard : shards) ordered.push_back(&shard);
  std::sort(ordered.begin(), ordered.end(),
            [](const ShardSamples* a, const ShardSamples* b) { return a->core < b->core; });
  std::vector<ShardDigest> digests;
  std::vector<Seam> seams;
  for (size_t i = 0; i < ordered.size(); ++i) {
    digests.push_back(DigestShard(*ordered[i]));
    if (i > 0) seams.push_back(ReduceSeam(*ordered[i - 1], *ordered[i]));
  }
  return SolveShot(digests, seams, options);
}

}  // namespace stereofarm
