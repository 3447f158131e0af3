#include "coordinator/planning/cut_rules.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "coordinator/planning/thumbnail.h"

namespace stereofarm {
namespace {

// Hard cuts: what part of a frame's structure the frame before doesn't explain.
constexpr double kBreak = 0.28;
// ... and how much more that must be than around it.
constexpr double kBreakRatio = 1.7;
constexpr int kNeighbours = 6;
// So many of the neighbours may be as bad: other cuts nearby.
constexpr size_t kOtherBreaks = 3;
// Frames without structure on both sides: thumbnails that differ by this much.
constexpr double kFlatSpread = 0.02;
constexpr double kFlatBreak = 0.08;

// Flashes, and other pictures that go as they came, last so many frames at most.
constexpr int kFlashFrames = 6;
constexpr double kSamePicture = 0.4;

// Fades.
constexpr double kBlankSpread = 0.025;
constexpr double kBlackMean = 0.07;
constexpr double kBrightMean = 0.5;
constexpr int kFadeFrames = 32;
constexpr int kRunFrames = 112;
constexpr double kBlackLeave = 0.03;
constexpr double kBrightLeave = 0.08;
constexpr int kHoldFrames = 24;
constexpr float kPlateau = 0.006f;

// Dissolves.
constexpr std::array<int, 5> kHalfLengths = {3, 6, 12, 20, 30};
constexpr double kDissolveDistance = 0.06;
constexpr double kDissolveLikeness = 0.55;
constexpr double kDissolveResidual = 0.34;
constexpr double kDissolveBackwards = 0.12;
constexpr double kDissolveStep = 0.6;
constexpr int kDissolveNeighbours = 24;

}  // namespace

CutRules::CutRules(const FeatureStore* store)
    : store_(store), memo_(static_cast<size_t>(store->frames())) {}

std::optional<bool> CutRules::IsCut(int64_t frame) {
  missing_ = false;
  if (InFilm(frame)) BlankAt(frame);  // kept for long blank stretches, whatever else it is
  const bool cut = Cut(frame);
  if (missing_) return std::nullopt;
  return cut;
}

const CutFeatures& CutRules::At(int64_t frame) {
  static const CutFeatures grey;
  const CutFeatures* features = store_->Find(frame);
  if (features == nullptr) missing_ = true;
  return features == nullptr ? grey : *features;
}

bool CutRules::Cut(int64_t frame) {
  if (frame <= 0 || !InFilm(frame)) return false;
  if (HardCut(frame)) return true;
  if (FadeCut(frame)) return true;
  const float score = DissolveScore(frame);
  if (score <= 0) return false;
  for (int64_t f = frame - kDissolveNeighbours; f <= frame + kDissolveNeighbours; ++f) {
    if (!InFilm(f) || f == frame) continue;
    const float other = DissolveScore(f);
    if (other > score || (other == score && f < frame)) return false;
  }
  return true;
}

bool CutRules::HardCut(int64_t frame) {
  Memo& memo = memo_[static_cast<size_t>(frame)];
  if (memo.hard >= 0) return memo.hard == 1;
  const bool before = std::exchange(missing_, false);
  const bool hard = ComputeHardCut(frame);
  if (!missing_) memo.hard = hard ? 1 : 0;
  missing_ = missing_ || before;
  return hard;
}

float CutRules::DissolveScore(int64_t frame) {
  Memo& memo = memo_[static_cast<size_t>(frame)];
  if (memo.dissolve >= 0) return memo.dissolve;
  const bool before = std::exchange(missing_, false);
  const float score = ComputeDissolve(frame);
  if (!missing_) memo.dissolve = score;
  missing_ = missing_ || before;
  return score;
}

// Whether `frame` has little to do with the one before.
bool CutRules::Breaks(int64_t frame) {
  const CutFeatures& now = At(frame);
  const double loss = 1 - now.match;
  if (loss >= kBreak) {
    std::vector<double> others;
    for (int64_t f = frame - kNeighbours; f <= frame + kNeighbours; ++f) {
      if (f != frame && f > 0 && InFilm(f)) others.push_back(1 - At(f).match);
    }
    std::sort(others.rbegin(), others.rend());
    const double usual = others.size() > kOtherBreaks ? others[kOtherBreaks] : 0.0;
    return loss >= kBreakRatio * usual;
  }
  const CutFeatures& before = At(frame - 1);
  if (now.spread > kFlatSpread || before.spread > kFlatSpread) return false;
  const double step = ThumbnailDifference(before, now);
  if (step < kFlatBreak) return false;
  const double left = frame >= 2 ? ThumbnailDifference(At(frame - 2), before) : 0.0;
  const double right = InFilm(frame + 1) ? ThumbnailDifference(now, At(frame + 1)) : 0.0;
  return step >= 3 * std::max(left, right);
}

// Whether the break at `frame` is the begin or the end of a flash: some frames later (or earlier)
// the picture is what it was.
bool CutRules::IsFlashEdge(int64_t frame) {
  const CutFeatures& before = At(frame - 1);
  const CutFeatures& now = At(frame);
  const ThumbnailMatch jump = CompareThumbnails(before, now);
  const auto returns = [&](const CutFeatures& a, const CutFeatures& b) {
    const ThumbnailMatch back = CompareThumbnails(a, b);
    if (back.apart > kSamePicture * jump.apart) return false;
    return back.likeness > 0.8 || (a.spread < kFlatSpread && b.spread < kFlatSpread);
  };
  for (int k = 1; k <= kFlashFrames; ++k) {
    if (InFilm(frame + k) && returns(before, At(frame + k))) return true;
    if (frame - 1 - k >= 0 && returns(At(frame - 1 - k), now)) return true;
  }
  return false;
}

bool CutRules::ComputeHardCut(int64_t frame) {
  return frame > 0 && Breaks(frame) && !IsFlashEdge(frame);
}

CutRules::Blank CutRules::BlankAt(int64_t frame) {
  Blank& blank = memo_[static_cast<size_t>(frame)].blank;
  if (blank != Blank::kUnknown) return blank;
  const CutFeatures* f = store_->Find(frame);
  if (f == nullptr) {
    missing_ = true;
    return Blank::kNo;
  }
  blank = Blank::kNo;
  if (f->spread <= kBlankSpread && f->mean <= kBlackMean) blank = Blank::kBlack;
  if (f->spread <= kBlankSpread && f->mean >= kBrightMean) blank = Blank::kBright;
  return blank;
}

// Whether the picture comes back step by step beyond `edge`, the last blank frame in `direction`:
// no break on the way to a frame that differs from `bottom`.
bool CutRules::LeavesBlank(int64_t edge, int direction, const CutFeatures& bottom) {
  const double enough = bottom.mean < kBlackMean ? kBlackLeave : kBrightLeave;
  for (int k = 1; k <= kFadeFrames; ++k) {
    const int64_t f = edge + k * direction;
    if (!InFilm(f)) return false;
    if (HardCut(direction > 0 ? f : f + 1)) return false;
    if (ThumbnailDifference(At(f), bottom) >= enough) return true;
  }
  return false;
}

// Black: the darkest frame of a run of blank ones; bright: the brightest.
bool CutRules::FadeCut(int64_t frame) {
  const Blank blank = BlankAt(frame);
  if (blank == Blank::kNo) return false;
  // The run, as far as the choice of `frame` could depend on it.
  int64_t begin = frame;
  while (begin > 0 && BlankAt(begin - 1) == blank && !HardCut(begin)) --begin;
  int64_t end = frame + 1;
  while (InFilm(end) && end - frame <= kRunFrames && BlankAt(end) == blank && !HardCut(end)) ++end;
  if (missing_ || end - frame > kRunFrames) return false;
  if (begin == 0 || end == store_->frames()) return false;
  // Far from the run's end only its last frames matter: they're still held.
  const int64_t from = std::max(begin, end - kRunFrames);
  const float sign = blank == Blank::kBlack ? 1.0f : -1.0f;
  float lowest = sign * At(from).mean;
  for (int64_t f = from; f < end; ++f) lowest = std::min(lowest, sign * At(f).mean);
  int64_t first = -1;
  int64_t last = -1;
  for (int64_t f = from; f < end; ++f) {
    if (sign * At(f).mean > lowest + kPlateau) continue;
    if (first < 0) first = f;
    last = f;
  }
  const int64_t middle = std::max((first + last + 1) / 2, last - kHoldFrames);
  if (middle != frame) return false;
  const CutFeatures& bottom = At(frame);
  // A run that's longer than what is held began with a picture: `begin` isn't the film's.
  const bool comes = begin < from || LeavesBlank(first, -1, bottom);
  return comes && LeavesBlank(last, 1, bottom);
}

float CutRules::ComputeDissolve(int64_t frame) {
  float best = 0;
  std::vector<const CutFeatures*> between;
  for (int half : kHalfLengths) {
    const int64_t from = frame - half;
    const int64_t to = frame + half;
    if (!InFilm(from) || !InFilm(to)) break;
    const CutFeatures& a = At(from);
    const CutFeatures& b = At(to);
    if (HardCut(from + 1)) break;
    bool broken = false;
    for (int64_t f = from + 1; f <= to && !broken; ++f) broken = HardCut(f);
    if (broken) break;
    if (ThumbnailDifference(a, b) < kDissolveDistance) continue;
    if (BlankAt(from) != Blank::kNo || BlankAt(to) != Blank::kNo) continue;
    if (a.spread < kFlatSpread && b.spread < kFlatSpread) continue;
    between.clear();
    for (int64_t f = from + 1; f < to; ++f) between.push_back(&At(f));
    const Blend blend = FitBlend(a, between, b);
    if (blend.middle != half - 1) continue;
    if (blend.residual > kDissolveResidual || blend.backwards > kDissolveBackwards ||
        blend.largest_step > kDissolveStep) {
      continue;
    }
    if (CompareThumbnails(a, b).likeness > kDissolveLikeness) continue;
    best = std::max(best, static_cast<float>(blend.distance * (1 - blend.residual)));
  }
  return best;
}

}  // namespace stereofarm
