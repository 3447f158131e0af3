#include "common/farm/cut_features.h"

#include <algorithm>
#include <cmath>

#include "common/base/log.h"
#include "common/farm/byte_codec.h"

namespace stereofarm {
namespace {

constexpr uint32_t kMagic = 0x46435346;  // "FSCF"
constexpr uint32_t kVersion = 1;

constexpr int kHalfWidth = kCutWidth / 2;
constexpr int kHalfHeight = kCutHeight / 2;
constexpr int kCoarseWidth = kCutWidth / 4;
constexpr int kCoarseHeight = kCutHeight / 4;
// Blocks of the half-size picture, 8 x 5 of them.
constexpr int kBlockWidth = 10;
constexpr int kBlockHeight = 9;
// How far a block is looked for around no motion and around the whole picture's motion.
constexpr int kReachX = 6;
constexpr int kReachY = 4;
// How far the whole picture may move from frame to frame, in coarse pixels.
constexpr int kPanX = 20;
constexpr int kPanY = 7;
// Spread of a block below which it has nothing to compare.
constexpr double kFlatSpread = 0.012;

// Area average of any size to any size.
Image Resample(const Image& in, int width, int height) {
  Image out(width, height, in.channels());
  const double step_x = static_cast<double>(in.width()) / width;
  const double step_y = static_cast<double>(in.height()) / height;
  for (int c = 0; c < in.channels(); ++c) {
    for (int y = 0; y < height; ++y) {
      const double y0 = y * step_y;
      const double y1 = std::min<double>(in.height(), y0 + step_y);
      for (int x = 0; x < width; ++x) {
        const double x0 = x * step_x;
        const double x1 = std::min<double>(in.width(), x0 + step_x);
        double sum = 0;
        double area = 0;
        for (int v = static_cast<int>(y0); v < y1 && v < in.height(); ++v) {
          const double h = std::min(y1, v + 1.0) - std::max(y0, static_cast<double>(v));
          for (int u = static_cast<int>(x0); u < x1 && u < in.width(); ++u) {
            const double w = std::min(x1, u + 1.0) - std::max(x0, static_cast<double>(u));
            sum += w * h * in.Row(c, v)[u];
            area += w * h;
          }
        }
        out.Row(c, y)[x] = area > 0 ? static_cast<float>(sum / area) : 0.0f;
      }
    }
  }
  return out;
}

struct Correlation {
  double ncc = 0;
  double spread_a = 0;
  double spread_b = 0;
};

// Normalised correlation of w x h pixels of `a` at (ax, ay) with those of `b` at (bx, by).
Correlation Correlate(const Image& a, int ax, int ay, const Image& b, int bx, int by, int w,
                      int h) {
  float sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (int y = 0; y < h; ++y) {
    const float* pa = a.Row(0, ay + y) + ax;
    const float* pb = b.Row(0, by + y) + bx;
    for (int x = 0; x < w; ++x) {
      const float va = pa[x];
      const float vb = pb[x];
      sa += va;
      sb += vb;
      saa += va * va;
      sbb += vb * vb;
      sab += va * vb;
    }
  }
  const double n = static_cast<double>(w) * h;
  const double var_a = std::max(0.0, saa / n - sa / n * (sa / n));
  const double var_b = std::max(0.0, sbb / n - sb / n * (sb / n));
  const double floor = kFlatSpread * kFlatSpread;
  Correlation out;
  out.spread_a = std::sqrt(var_a);
  out.spread_b = std::sqrt(var_b);
  out.ncc = (sab / n - sa / n * (sb / n)) / std::sqrt((var_a + floor / 4) * (var_b + floor / 4));
  return out;
}

struct Shift {
  int x = 0;
  int y = 0;
  double sure = 0;  // 0..1
};

// The shift of the whole picture that explains `now` best, in coarse pixels.
Shift WholeShift(const Image& before, const Image& now) {
  Shift best;
  double best_score = -2;
  for (int dy = -kPanY; dy <= kPanY; ++dy) {
    for (int dx = -kPanX; dx <= kPanX; ++dx) {
      const int w = kCoarseWidth - std::abs(dx);
      const int h = kCoarseHeight - std::abs(dy);
      const Correlation c = Correlate(before, std::max(0, -dx), std::max(0, -dy), now,
                                      std::max(0, dx), std::max(0, dy), w, h);
      // A little less for long ways, so that pictures without structure stay where they are.
      const double score = c.ncc - 0.003 * (std::abs(dx) + std::abs(dy));
      if (score > best_score) {
        best_score = score;
        best = {dx, dy, std::clamp((c.ncc - 0.6) / 0.25, 0.0, 1.0)};
      }
    }
  }
  return best;
}

// How well blocks of `before`, each moved a little around `centres`, explain `now`.
double MatchBlocks(const Image& before, const Image& now, const Shift& pan) {
  const Shift centres[] = {{0, 0}, pan};
  double sum = 0;
  double weights = 0;
  for (int by = 0; by + kBlockHeight <= kHalfHeight; by += kBlockHeight) {
    for (int bx = 0; bx + kBlockWidth <= kHalfWidth; bx += kBlockWidth) {
      double best = 0;
      double spread = 0;
      for (int c = 0; c < 2; ++c) {
        if (c == 1 && pan.x == 0 && pan.y == 0) break;
        for (int dy = -kReachY; dy <= kReachY; ++dy) {
          for (int dx = -kReachX; dx <= kReachX; ++dx) {
            const int x = bx - centres[c].x + dx;
            const int y = by - centres[c].y + dy;
            if (x < 0 || y < 0 || x + kBlockWidth > kHalfWidth || y + kBlockHeight > kHalfHeight) {
              continue;
            }
            const Correlation match =
                Correlate(before, x, y, now, bx, by, kBlockWidth, kBlockHeight);
            best = std::max(best, match.ncc);
            spread = std::max(match.spread_b, dx == 0 && dy == 0 ? match.spread_a : spread);
          }
        }
      }
      double weight = std::max(0.0, spread - kFlatSpread);
      // What the whole picture's motion has just brought in can't be explained.
      const int from_x = bx - pan.x;
      const int from_y = by - pan.y;
      if (from_x < 0 || from_y < 0 || from_x + kBlockWidth > kHalfWidth ||
          from_y + kBlockHeight > kHalfHeight) {
        weight *= 1 - pan.sure;
      }
      sum += weight * best;
      weights += weight;
    }
  }
  return weights < 1e-3 ? 1.0 : sum / weights;
}

uint8_t ToByte(double value) {
  return static_cast<uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
}

}  // namespace

CutFeatures CutAnalyzer::Next(const Image& rgb) {
  SF_CHECK(!rgb.empty() && rgb.channels() >= 3 && rgb.width() > 0 && rgb.height() > 0);
  const bool fits = rgb.width() == kCutWidth && rgb.height() == kCutHeight;
  const Image small = fits ? rgb.Clone() : Resample(rgb, kCutWidth, kCutHeight);
  Image luma(kCutWidth, kCutHeight, 1);
  Image chroma(kCutWidth, kCutHeight, 2);
  CutFeatures out;
  double sum = 0;
  double squares = 0;
  for (int y = 0; y < kCutHeight; ++y) {
    for (int x = 0; x < kCutWidth; ++x) {
      const float r = small.Row(0, y)[x];
      const float b = small.Row(2, y)[x];
      float value = 0.299f * r + 0.587f * small.Row(1, y)[x] + 0.114f * b;
      if (!std::isfinite(value)) value = 0;
      luma.Row(0, y)[x] = value;
      chroma.Row(0, y)[x] = std::isfinite(b) ? b - value : 0.0f;
      chroma.Row(1, y)[x] = std::isfinite(r) ? r - value : 0.0f;
      sum += value;
      squares += static_cast<double>(value) * value;
    }
  }
  const double n = static_cast<double>(kCutWidth) * kCutHeight;
  out.mean = static_cast<float>(sum / n);
  out.spread = static_cast<float>(std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n))));
  double gradients = 0;
  for (int y = 0; y + 1 < kCutHeight; ++y) {
    const float* row = luma.Row(0, y);
    const float* below = luma.Row(0, y + 1);
    for (int x = 0; x + 1 < kCutWidth; ++x) {
      const double gx = row[x + 1] - row[x];
      const double gy = below[x] - row[x];
      gradients += gx * gx + gy * gy;
    }
  }
  out.texture = static_cast<float>(std::sqrt(gradients / n));

  const Image thumb = Resample(luma, kThumbWidth, kThumbHeight);
  for (int y = 0; y < kThumbHeight; ++y) {
    for (int x = 0; x < kThumbWidth; ++x) {
      out.luma[static_cast<size_t>(y * kThumbWidth + x)] = ToByte(255.0 * thumb.Row(0, y)[x]);
    }
  }
  const Image colour = Resample(chroma, kChromaWidth, kChromaHeight);
  for (int c = 0; c < 2; ++c) {
    for (int y = 0; y < kChromaHeight; ++y) {
      for (int x = 0; x < kChromaWidth; ++x) {
        out.chroma[static_cast<size_t>((c * kChromaHeight + y) * kChromaWidth + x)] =
            ToByte(128.0 + 127.0 * colour.Row(c, y)[x]);
      }
    }
  }

  Image half = Resample(luma, kHalfWidth, kHalfHeight);
  Image coarse = Resample(luma, kCoarseWidth, kCoarseHeight);
  if (!luma_.empty()) {
    double difference = 0;
    for (int y = 0; y < kCutHeight; ++y) {
      for (int x = 0; x < kCutWidth; ++x) {
        difference += std::abs(luma.Row(0, y)[x] - luma_.Row(0, y)[x]);
      }
    }
    out.difference = static_cast<float>(difference / n);
    const Shift pan = WholeShift(coarse_, coarse);
    out.match = static_cast<float>(
        std::clamp(MatchBlocks(half_, half, Shift{2 * pan.x, 2 * pan.y, pan.sure}), 0.0, 1.0));
  }
  luma_ = std::move(luma);
  half_ = std::move(half);
  coarse_ = std::move(coarse);
  return out;
}

std::string EncodeCutFeatures(std::span<const CutFeatures> features) {
  std::string out;
  AppendBytes(kMagic, &out);
  AppendBytes(kVersion, &out);
  AppendBytes(static_cast<uint64_t>(features.size()), &out);
  for (const CutFeatures& f : features) {
    AppendBytes(f.luma, &out);
    AppendBytes(f.chroma, &out);
    for (float value : {f.mean, f.spread, f.texture, f.match, f.difference}) {
      AppendBytes(value, &out);
    }
  }
  return out;
}

absl::StatusOr<std::vector<CutFeatures>> DecodeCutFeatures(std::string_view bytes) {
  constexpr size_t kRecord = sizeof(CutFeatures::luma) + sizeof(CutFeatures::chroma) + 5 * 4;
  ByteReader reader(bytes);
  uint32_t magic = 0;
  uint32_t version = 0;
  uint64_t count = 0;
  if (!reader.Read(&magic) || !reader.Read(&version) || !reader.Read(&count) || magic != kMagic ||
      version != kVersion || reader.left() % kRecord != 0 || reader.left() / kRecord != count) {
    return absl::DataLossError("cut features are damaged or of another version");
  }
  std::vector<CutFeatures> out(count);
  for (CutFeatures& f : out) {
    reader.ReadArray(f.luma.data(), f.luma.size());
    reader.ReadArray(f.chroma.data(), f.chroma.size());
    for (float* value : {&f.mean, &f.spread, &f.texture, &f.match, &f.difference}) {
      reader.Read(value);
      if (!std::isfinite(*value)) {
        return absl::DataLossError("cut features hold numbers that are none");
      }
    }
  }
  return out;
}

}  // namespace stereofarm
