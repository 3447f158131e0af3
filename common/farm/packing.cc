#include "common/farm/packing.h"

#include <numeric>

namespace stereofarm {
namespace {

Rational Times(Rational a, int64_t num, int64_t den) {
  num *= a.num;
  den *= a.den;
  const int64_t divisor = std::gcd(num, den);
  return {num / divisor, den / divisor};
}

int EvenHalf(int size) { return 2 * ((size + 3) / 4); }

}  // namespace

PackedSize PackingOf(Layout layout, int width, int height, Rational source_sar) {
  const Rational sar = source_sar.IsKnown() ? Times(source_sar, 1, 1) : Rational{1, 1};
  switch (layout) {
    case Layout::kSbs:
      return {2 * width, height, sar, Packing::kSideBySide};
    case Layout::kHalfSbs:
      return {2 * EvenHalf(width), height, Times(sar, 2, 1), Packing::kSideBySide};
    case Layout::kTab:
      return {width, 2 * height, sar, Packing::kTopBottom};
    case Layout::kHalfTab:
      return {width, 2 * EvenHalf(height), Times(sar, 1, 2), Packing::kTopBottom};
    case Layout::kGrid:
      return {2 * width, 2 * height, sar, Packing::kNone};
    case Layout::kAnaglyph:
    case Layout::kLeft:
    case Layout::kRight:
    case Layout::kDepth:
      break;
  }
  return {width, height, sar, Packing::kNone};
}

}  // namespace stereofarm
