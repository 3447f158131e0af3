#ifndef STEREOFARM_COMMON_TIMELINE_RATIONAL_H_
#define STEREOFARM_COMMON_TIMELINE_RATIONAL_H_

#include <cstdint>

namespace stereofarm {

// A time base, frame rate or aspect ratio. {0, 1} stands for unknown.
struct Rational {
  int64_t num = 0;
  int64_t den = 1;

  double ToDouble() const {
    return den == 0 ? 0.0 : static_cast<double>(num) / static_cast<double>(den);
  }
  bool IsKnown() const { return num != 0 && den != 0; }
  bool operator==(const Rational&) const = default;
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_TIMELINE_RATIONAL_H_
