#include "coordinator/reconcile/shot_solution.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "coordinator/reconcile/chain_solver.h"
#include "coordinator/reconcile/shot_links.h"

namespace stereofarm {
namespace {

constexpr int kSteps = 12;
// Holds the first shard where no tie says where the whole shot is.
constexpr double kPin = 1e6;
// All uncertainties are of log(scale), and of the level in units of the spread. How much a shard
// drifts from its begin to its end is told from how much more neighbours' drifts differ than noise
// would make them; at least and at most, as a rule. What drifts add up to over a shot can't be told
// without a skeleton, so that then noise mustn't pass for them.
constexpr double kLeastDrift = 5e-4, kMostDrift = 0.01;
constexpr double kLeastTiedDrift = 0.01, kMostTiedDrift = 0.1;
// How far a shard lies off the straight line in its middle, as a part of what it drifts.
constexpr double kBend = 0.3;
// Of a tie to the skeleton: at first, and at least.
constexpr double kTieStart = 0.05;
constexpr double kTieFloor = 3e-3;
constexpr int kTieStartSteps = 4;  // in which all ties count alike
// A residual of so many uncertainties counts half (Cauchy's weights).
constexpr double kCauchy = 2.0;
constexpr double kMedianToSigma = 1.4826;

// Unknowns of a shard: log(scale) and shift where its full range begins, and where it ends; and how
// far both lie off the straight line in its middle.
constexpr size_t kLogFrom = 0, kLogTo = 1, kLogBend = 2;
constexpr size_t kShiftFrom = 3, kShiftTo = 4, kShiftBend = 5;
using Unknowns = std::vector<BlockVector>;

// A shard's alignment: a ramp that may be bent.
struct Curve {
  AlignmentRamp ramp;
  double log_bend = 0;
  double shift_bend = 0;
};

Curve CurveOf(const BlockVector& x) {
  return {{{std::exp(x[kLogFrom]), x[kShiftFrom]}, {std::exp(x[kLogTo]), x[kShiftTo]}},
          x[kLogBend],
          x[kShiftBend]};
}

// How much of a bend there is at one part of the range: 0 at its ends, 1 in its middle.
double BendAt(double part) { return 4 * part * (1 - part); }

// A shard's alignment at one part of its range, and how it moves with the unknowns.
struct Local {
  double scale = 1;
  double shift = 0;
  BlockVector d_log{};    // of log(scale)
  BlockVector d_scale{};  // of scale
  BlockVector d_shift{};
};

Local At(const Curve& curve, double part) {
  Local out;
  const double bend = BendAt(part);
  const double gain = std::exp(bend * curve.log_bend);
  const double from = (1 - part) * curve.ramp.from.scale * gain;
  const double to = part * curve.ramp.to.scale * gain;
  out.scale = from + to;
  out.shift =
      (1 - part) * curve.ramp.from.shift + part * curve.ramp.to.shift + bend * curve.shift_bend;
  out.d_scale = {from, to, bend * out.scale, 0, 0, 0};
  out.d_log = {from / out.scale, to / out.scale, bend, 0, 0, 0};
  out.d_shift = {0, 0, 0, 1 - part, part, bend};
  return out;
}

// The normal equations of the squares of c . x_i - r and of cl . x_i + cr . x_(i+1) - r.
struct Normal {
  explicit Normal(size_t n) : diagonal(n), lower(n), right(n) {}
  static void AddTo(const BlockVector& a, const BlockVector& b, double weight, BlockMatrix* m) {
    for (size_t i = 0; i < kBlock; ++i) {
      for (size_t j = 0; j < kBlock; ++j) (*m)[kBlock * i + j] += weight * a[i] * b[j];
    }
  }
  void Add(size_t i, const BlockVector& c, double r, double weight) {
    AddTo(c, c, weight, &diagonal[i]);
    for (size_t k = 0; k < kBlock; ++k) right[i][k] += weight * c[k] * r;
  }
  void Add(size_t i, const BlockVector& cl, const BlockVector& cr, double r, double weight) {
    Add(i, cl, r, weight);
    Add(i + 1, cr, r, weight);
    AddTo(cr, cl, weight, &lower[i + 1]);
  }
  std::vector<BlockMatrix> diagonal;
  std::vector<BlockMatrix> lower;
  std::vector<BlockVector> right;
};

BlockVector Times(double factor, BlockVector v) {
  for (double& value : v) value *= factor;
  return v;
}

BlockVector Sum(BlockVector a, const BlockVector& b) {
  for (size_t k = 0; k < kBlock; ++k) a[k] += b[k];
  return a;
}

// How far both sides are apart: in log(spread), and in level over the spread.
struct Residual {
  double log = 0;
  double level = 0;
  double unit = 1;
};

Residual ResidualOf(const Moments& m, const Local& a, const Local& b) {
  Residual out;
  out.log = std::log(a.scale / b.scale) + m.log_ratio;
  out.unit = std::sqrt(a.scale * b.scale * m.sd_a * m.sd_b);
  out.level = (a.scale * m.mean_a + a.shift - b.scale * m.mean_b - b.shift) / out.unit;
  return out;
}

// How a side's level, over the unit, moves with its unknowns.
BlockVector LevelMoves(const Local& side, double mean, double unit) {
  return Sum(Times(mean / unit, side.d_scale), Times(1 / unit, side.d_shift));
}

void AddJoint(size_t i, const Joint& joint, const Curve& left, const Curve& right, Normal* normal) {
  for (const Link& link : joint.links) {
    const Local a = At(left, link.part_a);
    const Local b = At(right, link.part_b);
    const Residual residual = ResidualOf(link.moments, a, b);
    normal->Add(i, a.d_log, Times(-1, b.d_log), -residual.log, link.weight);
    normal->Add(i, LevelMoves(a, link.moments.mean_a, residual.unit),
                Times(-1, LevelMoves(b, link.moments.mean_b, residual.unit)), -residual.level,
                link.weight);
  }
}

// From begin to end of a shard, as a rule.
struct Drift {
  double log = 0;
  double level = 0;
};

// That the shard drifts little, and hardly bends.
void AddPrior(size_t i, const ShardDigest& digest, const Curve& curve, const Drift& drift,
              Normal* normal) {
  const Local a = At(curve, 0);
  const Local b = At(curve, 1);
  normal->Add(i, Sum(b.d_log, Times(-1, a.d_log)), std::log(a.scale / b.scale),
              1 / (drift.log * drift.log));
  const double unit = UnitOf(digest) * std::sqrt(a.scale * b.scale);
  const double level = (b.scale - a.scale) * digest.mean + b.shift - a.shift;
  normal->Add(i, Sum(LevelMoves(b, digest.mean, unit), Times(-1, LevelMoves(a, digest.mean, unit))),
              -level / unit, 1 / (drift.level * drift.level));
  const Local middle = At(curve, 0.5);
  const double bend = kBend * drift.log, level_bend = kBend * drift.level;
  normal->Add(i, {0, 0, 1, 0, 0, 0}, -curve.log_bend, 1 / (bend * bend));
  const double middle_unit = UnitOf(digest) * middle.scale;
  normal->Add(i, {0, 0, middle.scale * digest.mean / middle_unit, 0, 0, 1 / middle_unit},
              -(middle.scale * curve.log_bend * digest.mean + curve.shift_bend) / middle_unit,
              1 / (level_bend * level_bend));
}

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// How much shards drift, of what their seams' lines say: neighbours' drifts differ by twice the
// variance of one, and by the lines' own.
double DriftOf(const std::vector<Joint>& joints, Line Joint::*line, bool tied) {
  constexpr double kMedianOfSquare = 0.455;  // of a normal variable, in its variance
  std::vector<double> squares, variances;
  for (const Joint& joint : joints) {
    if (!joint.has_lines) continue;
    squares.push_back((joint.*line).slope * (joint.*line).slope);
    variances.push_back((joint.*line).slope_variance);
  }
  const double least = tied ? kLeastTiedDrift : kLeastDrift;
  if (squares.empty()) return least;
  // By two standard errors more than noise alone would make it.
  const double sure = 1 + 2 * std::sqrt(2.7 / static_cast<double>(squares.size()));
  const double surplus = Median(squares) / kMedianOfSquare - sure * Median(variances);
  return std::clamp(std::sqrt(std::max(0.0, surplus / 2)), least,
                    tied ? kMostTiedDrift : kMostDrift);
}

// Of the worse of its two parts.
double SizeOf(const Residual& residual) {
  return std::max(std::abs(residual.log), std::abs(residual.level));
}

// Uncertainty of the ties as they fit now.
double TieSigma(const std::vector<std::vector<Link>>& ties, const Unknowns& x) {
  std::vector<double> sizes;
  for (size_t i = 0; i < ties.size(); ++i) {
    const Curve curve = CurveOf(x[i]);
    for (const Link& tie : ties[i]) {
      sizes.push_back(SizeOf(ResidualOf(tie.moments, At(curve, tie.part_a), Local())));
    }
  }
  return sizes.empty() ? kTieStart : std::max(kTieFloor, kMedianToSigma * Median(sizes));
}

// The skeleton's gauge is the shot's: its own alignment is the identity.
void AddTies(size_t i, const std::vector<Link>& ties, const Curve& curve, double sigma, bool robust,
             Normal* normal) {
  for (const Link& tie : ties) {
    const Local a = At(curve, tie.part_a);
    const Residual residual = ResidualOf(tie.moments, a, Local());
    const double size = SizeOf(residual) / (kCauchy * sigma);
    const double weight = tie.weight / (sigma * sigma) / (robust ? 1 + size * size : 1);
    normal->Add(i, a.d_log, -residual.log, weight);
    normal->Add(i, LevelMoves(a, tie.moments.mean_a, residual.unit), -residual.level, weight);
  }
}

// Start: every seam met on the whole, no drift, from the first shard on.
Unknowns Chained(const std::vector<Joint>& joints) {
  Unknowns x{BlockVector{}};
  for (const Joint& joint : joints) {
    const Moments& m = joint.whole;
    const Local before = At(CurveOf(x.back()), 1);
    const double scale = before.scale * std::exp(m.log_ratio);
    const double shift = before.scale * m.mean_a + before.shift - scale * m.mean_b;
    x.push_back({std::log(scale), std::log(scale), 0, shift, shift, 0});
  }
  return x;
}

// All of it turned by one scale and shift.
void Turn(double log_scale, double shift, Unknowns* x) {
  for (BlockVector& unknown : *x) {
    for (const size_t k : {kLogFrom, kLogTo}) unknown[k] += log_scale;
    for (const size_t k : {kShiftFrom, kShiftTo}) {
      unknown[k] = unknown[k] * std::exp(log_scale) + shift;
    }
    unknown[kShiftBend] *= std::exp(log_scale);
  }
}

// Brings the start near the skeleton: by the median tie.
void TurnToSkeleton(const std::vector<std::vector<Link>>& ties, Unknowns* x) {
  for (const bool of_level : {false, true}) {
    std::vector<double> apart;
    for (size_t i = 0; i < ties.size(); ++i) {
      for (const Link& tie : ties[i]) {
        const Local a = At(CurveOf((*x)[i]), tie.part_a);
        const Moments& m = tie.moments;
        apart.push_back(of_level ? m.mean_b - a.scale * m.mean_a - a.shift
                                 : -std::log(a.scale) - m.log_ratio);
      }
    }
    of_level ? Turn(0, Median(apart), x) : Turn(Median(apart), 0, x);
  }
}

void Solve(std::span<const ShardDigest> digests, const std::vector<Joint>& joints,
           const std::vector<std::vector<Link>>& ties, Unknowns* x) {
  const size_t n = x->size();
  const bool tied = std::any_of(ties.begin(), ties.end(), [](const auto& t) { return !t.empty(); });
  if (tied) TurnToSkeleton(ties, x);
  const Drift drift{DriftOf(joints, &Joint::log, tied), DriftOf(joints, &Joint::level, tied)};
  for (int step = 0; step < kSteps; ++step) {
    Normal normal(n);
    std::vector<Curve> curves;
    for (const BlockVector& unknown : *x) curves.push_back(CurveOf(unknown));
    for (size_t i = 0; i + 1 < n; ++i) {
      AddJoint(i, joints[i], curves[i], curves[i + 1], &normal);
    }
    for (size_t i = 0; i < n; ++i) AddPrior(i, digests[i], curves[i], drift, &normal);
    const bool robust = step >= kTieStartSteps;
    const double sigma = robust ? TieSigma(ties, *x) : kTieStart;
    for (size_t i = 0; i < ties.size(); ++i) {
      AddTies(i, ties[i], curves[i], sigma, robust, &normal);
    }
    // Where no tie says where the whole shot is, its first shard stays as good as fixed; the gauge
    // is set afterwards.
    const double weight = tied ? kPrior : kPin;
    const Local first = At(curves[0], 0.5);
    const double unit = UnitOf(digests[0]) * first.scale;
    normal.Add(0, first.d_log, 0, weight);
    normal.Add(0, LevelMoves(first, digests[0].mean, unit), 0, weight);
    const std::vector<BlockVector> move =
        SolveBlockTridiagonal(normal.diagonal, normal.lower, normal.right);
    double largest = 0;
    for (size_t i = 0; i < n; ++i) {
      for (size_t k = 0; k < kBlock; ++k) (*x)[i][k] += move[i][k];
      largest = std::max({largest, std::abs(move[i][kLogFrom]), std::abs(move[i][kLogTo])});
    }
    if (largest < (tied ? 1e-6 : 1e-10) && (!tied || robust)) break;
  }
}

// Makes a shard's alignment straight: the line that's nearest to its bend over the core.
void Straighten(const ShardDigest& digest, BlockVector* x) {
  const double begin = PartOf(digest, static_cast<double>(digest.core.begin) - 0.5);
  const double end = PartOf(digest, static_cast<double>(digest.core.end) - 0.5);
  const double middle = (begin + end) / 2;
  const double half = (end - begin) / 2;
  const double slope = 4 * (1 - 2 * middle);
  const double at_begin = BendAt(middle) - 4 * half * half / 3 - slope * middle;
  (*x)[kLogFrom] += at_begin * (*x)[kLogBend];
  (*x)[kLogTo] += (at_begin + slope) * (*x)[kLogBend];
  (*x)[kShiftFrom] += at_begin * (*x)[kShiftBend];
  (*x)[kShiftTo] += (at_begin + slope) * (*x)[kShiftBend];
  (*x)[kLogBend] = (*x)[kShiftBend] = 0;
}

// Where the shard's core is half over.
double Middle(const ShardDigest& digest) {
  return PartOf(digest, static_cast<double>(digest.core.begin + digest.core.end - 1) / 2);
}

// Turns the whole shot's depth by one scale and shift: see the header.
void SetGauge(std::span<const ShardDigest> digests, Unknowns* x) {
  double frames = 0;
  double logs = 0;
  for (size_t i = 0; i < digests.size(); ++i) {
    frames += static_cast<double>(digests[i].core.size());
    logs += static_cast<double>(digests[i].core.size()) *
            std::log(At(CurveOf((*x)[i]), Middle(digests[i])).scale);
  }
  Turn(-logs / frames, 0, x);
  double apart = 0;
  for (size_t i = 0; i < digests.size(); ++i) {
    const double part = static_cast<double>(digests[i].core.size()) / frames;
    const Local now = At(CurveOf((*x)[i]), Middle(digests[i]));
    apart += part * (digests[i].mean - now.scale * digests[i].mean - now.shift);
  }
  Turn(0, apart, x);
}

double MeasuredOf(std::span<const ShardDigest> digests) {
  double measured = 0;
  double frames = 0;
  for (const ShardDigest& digest : digests) {
    if (digest.quantiles.empty()) continue;
    const auto size = static_cast<double>(digest.core.size());
    measured += size * digest.measured;
    frames += size;
  }
  return frames > 0 ? measured / frames : 0;
}

DepthRange RangeOf(std::span<const ShardDigest> digests, std::span<const AlignedShard> shards,
                   double measured, const ReconcileOptions& options) {
  const bool any = std::any_of(digests.begin(), digests.end(),
                               [](const ShardDigest& d) { return !d.quantiles.empty(); });
  if (!any) return {};
  DepthRange range{DepthQuantile(digests, shards, options.low_part),
                   DepthQuantile(digests, shards, options.high_part)};
  const double known = std::min(1.0, measured / options.enough_measured);
  const double span = options.guessed_span + known * (1 - options.guessed_span);
  const double middle = (range.lo + range.hi) / 2;
  const double half = (range.hi - range.lo) / (2 * span);
  range = {middle - half, middle + half};
  const double least = std::max(options.least_range * std::abs(middle), 1e-6);
  if (range.hi - range.lo < least) range = {middle - least / 2, middle + least / 2};
  return range;
}

// Raw depth as d.
CutDepth InRange(const CutDepth& raw, const Alignment& alignment, const DepthRange& range) {
  const auto d = [&](double value) {
    return (alignment.scale * value + alignment.shift - range.lo) / (range.hi - range.lo);
  };
  return {d(raw.far), d(raw.middle), d(raw.near)};
}

SeamReport ReportOf(const Seam& seam, const AlignedShard& left, const AlignedShard& right,
                    double percent) {
  SeamReport report{.frame = seam.frame, .compared = seam.paired, .worst_frame = seam.frame};
  for (const SeamFrame& frame : seam.frames) {
    const double step = percent * frame.StepUnder(left.At(frame.frame), right.At(frame.frame));
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
                                       std::span<const std::vector<SeamFrame>> skeleton,
                                       const ReconcileOptions& options) {
  if (digests.empty() || seams.size() + 1 != digests.size() ||
      (!skeleton.empty() && skeleton.size() != digests.size())) {
    return absl::InvalidArgumentError(
        "a shot needs shards, a seam between each two, and ties of all shards or of none");
  }
  for (size_t i = 0; i + 1 < digests.size(); ++i) {
    if (digests[i].core.end != digests[i + 1].core.begin) {
      return absl::InvalidArgumentError(absl::StrFormat("depth shards %s and %s don't adjoin",
                                                        RangeName(digests[i].core),
                                                        RangeName(digests[i + 1].core)));
    }
  }
  std::vector<Joint> joints;
  for (size_t i = 0; i < seams.size(); ++i) {
    joints.push_back(JointOf(seams[i], digests[i], digests[i + 1]));
  }
  std::vector<std::vector<Link>> ties(skeleton.size());
  for (size_t i = 0; i < skeleton.size(); ++i) {
    for (const SeamFrame& frame : skeleton[i]) {
      Link tie{MomentsOf(frame.sums, digests[i].spread, 0),
               PartOf(digests[i], static_cast<double>(frame.frame))};
      tie.weight = tie.moments.weight;
      if (tie.weight > 0) ties[i].push_back(tie);
    }
  }
  Unknowns x = Chained(joints);
  Solve(digests, joints, ties, &x);
  for (size_t i = 0; i < digests.size(); ++i) Straighten(digests[i], &x[i]);
  SetGauge(digests, &x);

  ShotSolution out;
  for (size_t i = 0; i < digests.size(); ++i) {
    out.shards.push_back(
        {.core = digests[i].core, .full = digests[i].full, .ramp = CurveOf(x[i]).ramp});
  }
  out.measured = MeasuredOf(digests);
  out.range = RangeOf(digests, out.shards, out.measured, options);
  const ShardDigest& first = digests.front();
  const ShardDigest& last = digests.back();
  if (!first.quantiles.empty()) {
    out.first = InRange(first.first, out.shards.front().At(first.core.begin), out.range);
  }
  if (!last.quantiles.empty()) {
    out.last = InRange(last.last, out.shards.back().At(last.core.end - 1), out.range);
  }
  const double percent = options.budget_percent / (out.range.hi - out.range.lo);
  for (size_t i = 0; i < seams.size(); ++i) {
    out.seams.push_back(ReportOf(seams[i], out.shards[i], out.shards[i + 1], percent));
  }
  return out;
}

absl::StatusOr<ShotSolution> SolveShot(std::span<const ShardSamples> shards,
                                       const ReconcileOptions& options,
                                       const ShardSamples* skeleton) {
  std::vector<const ShardSamples*> ordered;
  for (const ShardSamples& shard : shards) ordered.push_back(&shard);
  std::sort(ordered.begin(), ordered.end(),
            [](const ShardSamples* a, const ShardSamples* b) { return a->core < b->core; });
  std::vector<ShardDigest> digests;
  std::vector<Seam> seams;
  std::vector<std::vector<SeamFrame>> ties;
  for (size_t i = 0; i < ordered.size(); ++i) {
    digests.push_back(DigestShard(*ordered[i]));
    if (i > 0) seams.push_back(ReduceSeam(*ordered[i - 1], *ordered[i]));
    if (skeleton != nullptr) ties.push_back(ReduceTies(*ordered[i], *skeleton));
  }
  return SolveShot(digests, seams, ties, options);
}

}  // namespace stereofarm
