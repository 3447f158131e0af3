#include "coordinator/planning/cut_rules.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "coordinator/planning/thumbnail.h"

namespace stereofarm {
namespace {

// Hard cuts: what part of a frame's structure the frame before doesn't explain.
constexpr double kBreak = 0.26;
// ... and how much more that must be than around it.
constexpr double kBreakRatio = 1.7;
// How far apart the thumbnails must be besides, in the picture's own spread.
constexpr double kBreakApart = 0.36;
constexpr int kNeighbours = 6;
// So many of the neighbours may be as bad: other cuts nearby.
constexpr size_t kOtherBreaks = 3;
// Frames without structure on both sides: thumbnails that differ by this much.
constexpr double kFlatSpread = 0.02;
constexpr double kNothing = 0.008;
constexpr double kFlatBreak = 0.08;
constexpr double kFadedSpread = 0.35;
constexpr double kAbrupt = 2.5;

// Flashes, and other pictures that go as they came, last so many frames at most.
constexpr int kFlashFrames = 6;
constexpr double kSamePicture = 0.4;
constexpr double kSameLikeness = 0.8;

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
constexpr double kDissolveDip = 0.92;
constexpr double kAlikeLikeness = 0.85;  // for pictures that are alike, if they dip by more
constexpr double kAlikeDip = 0.85;
constexpr double kDissolveResidual = 0.34;
constexpr double kDissolveBackwards = 0.12;
constexpr double kDissolveStep = 0.6;
constexpr double kDissolvePace = 3.0;
constexpr int kDissolveNeighbours = 24;

// Whether `b` is the picture that `a` was, though `between` isn't.
bool Returns(const CutFeatures& a, const CutFeatures& b, const CutFeatures& between) {
  const ThumbnailMatch back = CompareThumbnails(a, b);
  const ThumbnailMatch away = CompareThumbnails(a, between);
  return back.apart <= kSamePicture * away.apart &&
         (back.likeness > kSameLikeness || (a.spread < kFlatSpread && b.spread < kFlatSpread));
}

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
    if (loss < kBreakRatio * usual) return false;
  }
  const CutFeatures& before = At(frame - 1);
  const double least = std::min(now.spread, before.spread);
  const double most = std::max(now.spread, before.spread);
  if (loss >= kBreak && least > kFadedSpread * most && least > kFlatSpread) {
    // A thing that passes, a jerk or a blur leaves more in its place than a cut does.
    return CompareThumbnails(before, now).apart >= kBreakApart * most;
  }
  if (loss < kBreak && most > kFlatSpread) return false;
  // One side shows little or nothing: a break goes at once, a fade step by step.
  const double step = ThumbnailDifference(before, now);
  if ((loss < kBreak || most < kNothing) && step < kFlatBreak) return false;
  // The step beside it, on the side of the picture.
  double beside = 0;
  if (now.spread <= before.spread && frame >= 2) {
    beside = ThumbnailDifference(At(frame - 2), before);
  }
  if (now.spread >= before.spread && InFilm(frame + 1)) {
    beside = std::max(beside, ThumbnailDifference(now, At(frame + 1)));
  }
  return step >= kAbrupt * beside;
}

// Whether the break at `frame` is the begin or the end of a flash: some frames later (or earlier)
// the picture is what it was.
bool CutRules::IsFlashEdge(int64_t frame) {
  const CutFeatures& before = At(frame - 1);
  const CutFeatures& now = At(frame);
  for (int k = 1; k <= kFlashFrames; ++k) {
    if (InFilm(frame + k) && Returns(before, At(frame + k), now)) return true;
    if (frame - 1 - k >= 0 && Returns(At(frame - 1 - k), now, before)) return true;
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
int64_t CutRules::LeavesBlank(int64_t edge, int direction, const CutFeatures& bottom) {
  const double enough = bottom.mean < kBlackMean ? kBlackLeave : kBrightLeave;
  for (int k = 1; k <= kFadeFrames; ++k) {
    const int64_t f = edge + k * direction;
    if (!InFilm(f) || Breaks(direction > 0 ? f : f + 1)) return -1;
    if (ThumbnailDifference(At(f), bottom) >= enough) return f;
  }
  return -1;
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
  const int64_t right = LeavesBlank(last, 1, bottom);
  if (right < 0) return false;
  // A run that's longer than what is held began with a picture: `begin` isn't the film's.
  if (begin < from) return true;
  const int64_t left = LeavesBlank(first, -1, bottom);
  if (left < 0) return false;
  // A light that goes out for a moment.
  return right - left > kFlashFrames + 1 ||
         CompareThumbnails(At(left), At(right)).likeness <= kSameLikeness;
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
    bool broken = false;
    for (int64_t f = from; f <= to && !broken; ++f) {
      broken = BlankAt(f) != Blank::kNo || (f > from && HardCut(f));
    }
    if (broken) break;
    if (ThumbnailDifference(a, b) < kDissolveDistance) continue;
    if (std::max(a.spread, b.spread) < kFlatSpread) continue;
    if (std::min(a.spread, b.spread) < kFadedSpread * std::max(a.spread, b.spread)) continue;
    const CutFeatures& middle = At(frame);
    const double ends = std::sqrt((a.texture * a.texture + b.texture * b.texture) / 2);
    const double dip = middle.texture / std::max(ends, 1e-6);
    if (dip > kDissolveDip) continue;
    const CutFeatures* const one[] = {&middle};
    if (FitBlend(a, one, b).residual > 1.5 * kDissolveResidual) continue;
    between.clear();
    for (int64_t f = from + 1; f < to; ++f) between.push_back(&At(f));
    const Blend blend = FitBlend(a, between, b);
    const int off = std::abs(blend.middle - (half - 1));
    if (off > 1 + half / 10) continue;
    if (blend.residual > kDissolveResidual || blend.backwards > kDissolveBackwards ||
        blend.largest_step > std::min(kDissolveStep, kDissolvePace / half)) {
      continue;
    }
    const double likeness = CompareThumbnails(a, b).likeness;
    if (likeness > (dip > kAlikeDip ? kDissolveLikeness : kAlikeLikeness)) continue;
    best =
        std::max(best, static_cast<float>(blend.distance * (1 - blend.residual) * (1 - 0.1 * off)));
  }
  return best;
}

}  // namespace stereofarm
