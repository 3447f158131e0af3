#include "coordinator/reconcile/seam.h"

#include <algorithm>
#include <cmath>

#include "coordinator/reconcile/sort_floats.h"

namespace stereofarm {
namespace {

constexpr size_t kProbe = 512;       // samples that the robust start looks at
constexpr int kHypotheses = 128;     // relations that it tries
constexpr size_t kRefine = 1 << 13;  // samples, about, that the refinement uses but at its end
constexpr int kRefinements = 8;
constexpr size_t kFrameProbe = 7;  // every so manieth sample of a frame is looked at
constexpr int kFrameRefinements = 4;
constexpr size_t kPointStep = 43;  // neither rows nor columns: points all over the grid
constexpr double kBiweight = 4.685;
// Median of |x| of a normal distribution to its standard deviation.
constexpr double kMedianToSigma = 1.4826;
// Differences below this part of the spread count as none.
constexpr double kFloor = 1e-5;
constexpr double kLeastSlope = 1e-3;

// Common samples, in standard units of either side.
struct Samples {
  std::vector<float> a, b, w;
  size_t size() const { return a.size(); }
};

struct Relation {
  double alpha = 1;
  double beta = 0;
};

double Median(std::vector<double>* values) {
  if (values->empty()) return 0;
  const auto middle = values->begin() + static_cast<ptrdiff_t>(values->size() / 2);
  std::nth_element(values->begin(), middle, values->end());
  return *middle;
}

// A robust centre and width of one side.
struct Unit {
  double centre = 0;
  double width = 1;
};

Unit UnitOf(const std::vector<float>& values) {
  std::vector<double> probe;
  const size_t step = std::max<size_t>(1, values.size() / (8 * kProbe));
  for (size_t i = 0; i < values.size(); i += step) probe.push_back(values[i]);
  Unit unit;
  unit.centre = Median(&probe);
  for (double& v : probe) v = std::abs(v - unit.centre);
  double width = Median(&probe);
  if (width <= 0) {  // more than half of the picture is one value
    for (double v : probe) width += v / static_cast<double>(probe.size());
  }
  unit.width = width > 0 ? width : 1;
  return unit;
}

// A fixed scatter of samples with weight over all of them.
std::vector<size_t> Probe(const Samples& s) {
  std::vector<size_t> out;
  uint64_t state = 1;
  for (size_t tries = 0; tries < 4 * kProbe && out.size() < kProbe && s.size() > 0; ++tries) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const size_t i = (state >> 33) % s.size();
    if (s.w[i] > 0) out.push_back(i);
  }
  return out;
}

double MedianResidual(const Samples& s, const std::vector<size_t>& probe, const Relation& r,
                      std::vector<double>* scratch) {
  scratch->clear();
  for (size_t i : probe) scratch->push_back(std::abs(r.alpha * s.a[i] + r.beta - s.b[i]));
  return Median(scratch) / std::sqrt(r.alpha);
}

Relation RobustStart(const Samples& s, const std::vector<size_t>& probe) {
  std::vector<double> scratch;
  Relation best;
  double best_residual = MedianResidual(s, probe, best, &scratch);
  uint64_t state = 7;
  for (int k = 0; k < kHypotheses && probe.size() > 1; ++k) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const size_t i = probe[(state >> 33) % probe.size()];
    state = state * 6364136223846793005u + 1442695040888963407u;
    const size_t j = probe[(state >> 33) % probe.size()];
    const double da = s.a[j] - s.a[i];
    const double db = s.b[j] - s.b[i];
    if (std::abs(da) < 0.3 || std::abs(db) < 0.3 || da * db <= 0) continue;
    Relation r;
    r.alpha = db / da;
    r.beta = s.b[i] - r.alpha * s.a[i];
    const double residual = MedianResidual(s, probe, r, &scratch);
    if (residual < best_residual) {
      best_residual = residual;
      best = r;
    }
  }
  return best;
}

// Weighted sums of every `step`-th sample of begin .. end - 1, re-weighted by its residual from
// `r`. Eight sums side by side, always added up in the same order: fast, and the same numbers
// everywhere.
SeamSums Reweighted(const Samples& s, size_t begin, size_t end, size_t step, const Relation& r,
                    double sigma) {
  constexpr size_t kLanes = 8;
  float w[kLanes] = {}, wa[kLanes] = {}, wb[kLanes] = {};
  float waa[kLanes] = {}, wbb[kLanes] = {}, wab[kLanes] = {};
  const auto alpha = static_cast<float>(r.alpha);
  const auto beta = static_cast<float>(r.beta);
  const auto scale = static_cast<float>(1 / (kBiweight * sigma * std::sqrt(r.alpha)));
  SeamSums total;
  size_t held = 0;
  const auto flush = [&] {
    for (size_t l = 0; l < kLanes; ++l) {
      total.w += w[l];
      total.wa += wa[l];
      total.wb += wb[l];
      total.waa += waa[l];
      total.wbb += wbb[l];
      total.wab += wab[l];
      w[l] = wa[l] = wb[l] = waa[l] = wbb[l] = wab[l] = 0;
    }
    held = 0;
  };
  for (size_t i = begin; i + kLanes <= end; i += kLanes * step) {
    for (size_t l = 0; l < kLanes; ++l) {
      const float a = s.a[i + l];
      const float b = s.b[i + l];
      const float e = (alpha * a + beta - b) * scale;
      const float inside = std::max(0.0f, 1.0f - e * e);
      const float weight = s.w[i + l] * inside * inside;
      w[l] += weight;
      wa[l] += weight * a;
      wb[l] += weight * b;
      waa[l] += weight * a * a;
      wbb[l] += weight * b * b;
      wab[l] += weight * a * b;
    }
    if (++held == 64) flush();  // floats add up too little to lose digits
  }
  flush();
  return total;
}

// The relation of equal spreads and means.
bool Fit(const SeamSums& s, Relation* r) {
  if (s.w <= 0) return false;
  const double ma = s.wa / s.w;
  const double mb = s.wb / s.w;
  const double va = s.waa / s.w - ma * ma;
  const double vb = s.wbb / s.w - mb * mb;
  if (va <= kFloor * kFloor || vb <= kFloor * kFloor) return false;
  r->alpha = std::clamp(std::sqrt(vb / va), kLeastSlope, 1 / kLeastSlope);
  r->beta = mb - r->alpha * ma;
  return true;
}

// One frame's sums, from the relation of all on.
SeamSums ReduceFrame(const Samples& s, size_t begin, Relation r) {
  std::vector<size_t> probe;
  for (size_t i = begin; i < begin + kSampleCells; i += kFrameProbe) {
    if (s.w[i] > 0) probe.push_back(i);
  }
  std::vector<double> scratch;
  SeamSums sums;
  for (int k = 0; k < kFrameRefinements; ++k) {
    const double sigma = std::max(kMedianToSigma * MedianResidual(s, probe, r, &scratch), kFloor);
    sums = Reweighted(s, begin, begin + kSampleCells, 1, r, sigma);
    if (!Fit(sums, &r)) break;
  }
  return sums;
}

void AddPoints(const Samples& s, size_t begin, const Unit& ua, const Unit& ub, SeamFrame* frame) {
  double weight = 0;
  for (size_t i = begin + kPointStep / 2; i < begin + kSampleCells; i += kPointStep) {
    if (s.w[i] <= 0) continue;
    frame->points.push_back({static_cast<float>(ua.centre + ua.width * s.a[i]),
                             static_cast<float>(ub.centre + ub.width * s.b[i]), s.w[i]});
    weight += s.w[i];
  }
  for (SeamFrame::Point& point : frame->points) {
    point.part = static_cast<float>(point.part / weight);
  }
}

// Back from standard units: value = centre + width * standard.
void ToRawSums(const SeamSums& s, const Unit& ua, const Unit& ub, SeamSums* seam) {
  seam->w = s.w;
  seam->wa = ua.width * s.wa + ua.centre * s.w;
  seam->wb = ub.width * s.wb + ub.centre * s.w;
  seam->waa =
      ua.width * ua.width * s.waa + 2 * ua.width * ua.centre * s.wa + ua.centre * ua.centre * s.w;
  seam->wbb =
      ub.width * ub.width * s.wbb + 2 * ub.width * ub.centre * s.wb + ub.centre * ub.centre * s.w;
  seam->wab = ua.width * ub.width * s.wab + ua.width * ub.centre * s.wa +
              ua.centre * ub.width * s.wb + ua.centre * ub.centre * s.w;
}

// Weighted moments of one frame, its tails cut off: what a thing that enters changes most.
Unit MomentsOf(const FrameSamples* frame, double* weight) {
  std::vector<float> values;
  if (frame != nullptr) {
    values.reserve(frame->values.size());
    for (size_t i = 0; i < frame->values.size(); ++i) {
      if (frame->weights[i] > 0) values.push_back(frame->values[i]);
    }
  }
  *weight = static_cast<double>(values.size());
  if (values.empty()) return {};
  SortFloats(&values);
  const size_t cut = values.size() / 20;
  double sum = 0;
  double squares = 0;
  for (size_t i = cut; i < values.size() - cut; ++i) sum += values[i];
  const auto n = static_cast<double>(values.size() - 2 * cut);
  const double centre = sum / n;
  for (size_t i = cut; i < values.size() - cut; ++i) {
    squares += (values[i] - centre) * (values[i] - centre);
  }
  return {.centre = centre, .width = std::sqrt(squares / n)};
}

void ReduceUnpaired(const ShardSamples& left, const ShardSamples& right, Seam* seam) {
  double weight_a = 0;
  double weight_b = 0;
  const Unit a = MomentsOf(left.Find(left.core.end - 1), &weight_a);
  const Unit b = MomentsOf(right.Find(right.core.begin), &weight_b);
  const double w = std::min(weight_a, weight_b);
  ToRawSums({.w = w, .waa = w, .wbb = w, .wab = w}, a, b, &seam->sums);
}

// What two shards say of their common frames; false when they've none.
bool ReduceCommon(const ShardSamples& left, const ShardSamples& right, Seam* seam) {
  Samples s;
  std::vector<int64_t> numbers;
  for (const FrameSamples& fa : left.frames) {
    const FrameSamples* fb = right.Find(fa.frame);
    if (fb == nullptr) continue;
    numbers.push_back(fa.frame);
    s.a.insert(s.a.end(), fa.values.begin(), fa.values.end());
    s.b.insert(s.b.end(), fb->values.begin(), fb->values.end());
    for (size_t i = 0; i < fa.weights.size(); ++i) {
      s.w.push_back(static_cast<float>(fa.weights[i]) * static_cast<float>(fb->weights[i]) /
                    (255.0f * 255.0f));
    }
  }
  const std::vector<size_t> probe = Probe(s);
  if (probe.empty()) return false;
  const Unit ua = UnitOf(s.a);
  const Unit ub = UnitOf(s.b);
  for (float& v : s.a) v = static_cast<float>((v - ua.centre) / ua.width);
  for (float& v : s.b) v = static_cast<float>((v - ub.centre) / ub.width);

  Relation r = RobustStart(s, probe);
  std::vector<double> scratch;
  SeamSums sums;
  const size_t step = std::max<size_t>(1, s.size() / kRefine);
  for (int k = 0; k <= kRefinements; ++k) {
    const bool last = k == kRefinements;
    const double sigma = std::max(kMedianToSigma * MedianResidual(s, probe, r, &scratch), kFloor);
    sums = Reweighted(s, 0, s.size(), last ? 1 : step, r, sigma);
    if (!Fit(sums, &r)) break;
  }
  ToRawSums(sums, ua, ub, &seam->sums);

  // Steps in raw units: b = alpha' a + beta' there has alpha' = alpha * width_b / width_a.
  const double to_raw = ub.width / std::sqrt(r.alpha * ub.width / ua.width);
  for (size_t f = 0; f < numbers.size(); ++f) {
    const size_t begin = f * kSampleCells;
    SeamFrame frame;
    frame.frame = numbers[f];
    double sum = 0;
    double weight = 0;
    for (size_t i = begin; i < begin + kSampleCells; ++i) {
      sum += s.w[i] * std::abs(r.alpha * s.a[i] + r.beta - s.b[i]);
      weight += s.w[i];
    }
    if (weight <= 0) continue;
    frame.step = to_raw * sum / weight;
    ToRawSums(ReduceFrame(s, begin, r), ua, ub, &frame.sums);
    AddPoints(s, begin, ua, ub, &frame);
    for (const SeamFrame::Point& point : frame.points) {
      const double a = (point.a - ua.centre) / ua.width;
      const double b = (point.b - ub.centre) / ub.width;
      frame.points_step += to_raw * point.part * std::abs(r.alpha * a + r.beta - b);
    }
    seam->frames.push_back(std::move(frame));
  }
  return true;
}

}  // namespace

double SeamFrame::StepUnder(const Alignment& left, const Alignment& right) const {
  double sum = 0;
  for (const Point& point : points) {
    const double apart = left.scale * point.a + left.shift - right.scale * point.b - right.shift;
    sum += point.part * std::abs(apart);
  }
  // The points alone would be a small sample: they say by how much the step is another one.
  return std::max(0.0, sum + std::sqrt(left.scale * right.scale) * (step - points_step));
}

Seam ReduceSeam(const ShardSamples& left, const ShardSamples& right) {
  Seam seam;
  seam.frame = right.core.begin;
  seam.paired = ReduceCommon(left, right, &seam);
  if (!seam.paired) ReduceUnpaired(left, right, &seam);
  return seam;
}

std::vector<SeamFrame> ReduceTies(const ShardSamples& shard, const ShardSamples& skeleton) {
  Seam seam;
  ReduceCommon(shard, skeleton, &seam);
  return std::move(seam.frames);
}

}  // namespace stereofarm
