#ifndef STEREOFARM_COMMON_FARM_CUT_FEATURES_H_
#define STEREOFARM_COMMON_FARM_CUT_FEATURES_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/image/image.h"

namespace stereofarm {

// Size of the small frames that cuts are found in. Every film is squeezed to it, whatever its
// shape.
inline constexpr int kCutWidth = 160;
inline constexpr int kCutHeight = 90;
// A frame's features depend on it and this many frames before it, never on where a range began.
inline constexpr int kCutLead = 1;

// The thumbnail that goes to the coordinator.
inline constexpr int kThumbWidth = 16;
inline constexpr int kThumbHeight = 9;
inline constexpr int kChromaWidth = 8;
inline constexpr int kChromaHeight = 4;

// What the coordinator needs of a frame to decide about cuts around it (docs/cuts.md). Luma is
// 0.299 R + 0.587 G + 0.114 B of code values.
struct CutFeatures {
  // Cell means of luma, 0..255.
  std::array<uint8_t, kThumbWidth * kThumbHeight> luma{};
  // Cell means of B - Y, then of R - Y; 128 is grey, 1 is 1/127.
  std::array<uint8_t, 2 * kChromaWidth * kChromaHeight> chroma{};
  float mean = 0;     // of luma, 0..1
  float spread = 0;   // standard deviation of luma
  float texture = 0;  // root mean square difference of horizontal and vertical neighbours
  // Against the frame before; the film's first frame has match 1 and difference 0.
  float match = 1;       // 0..1: how well moving blocks of the frame before explain this one,
                         // brightness and contrast set aside
  float difference = 0;  // mean absolute difference of luma without motion

  bool operator==(const CutFeatures&) const = default;
};

// Computes features of consecutive frames. To begin in the middle of a film, feed it the kCutLead
// frames before and drop what it gives for them. Deterministic. Not thread-safe.
class CutAnalyzer {
 public:
  // `rgb`: code values 0..1, 3 channels, any size (best kCutWidth x kCutHeight, averaged down).
  CutFeatures Next(const Image& rgb);

 private:
  Image luma_;    // of the frame before
  Image half_;    // at half size
  Image coarse_;  // at a quarter
};

// Versioned little-endian bytes.
std::string EncodeCutFeatures(std::span<const CutFeatures> features);
// DataLoss for anything that EncodeCutFeatures didn't write.
absl::StatusOr<std::vector<CutFeatures>> DecodeCutFeatures(std::string_view bytes);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_FARM_CUT_FEATURES_H_
