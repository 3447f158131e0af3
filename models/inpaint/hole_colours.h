#ifndef STEREOFARM_MODELS_INPAINT_HOLE_COLOURS_H_
#define STEREOFARM_MODELS_INPAINT_HOLE_COLOURS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "models/api/inpainter.h"

namespace stereofarm {

// What a frame's holes were filled with, and nothing else of the frame.
class HoleColours {
 public:
  // `filled`: holes, which alpha names, have colour and displacement. `variance`: of each hole.
  HoleColours(const WarpedFrame& filled, const Image& variance);

  struct Pixel {
    std::array<float, 3> rgb;
    float variance;
  };
  // None where (x, y) isn't a hole.
  std::optional<Pixel> At(int x, int y) const;

  // Red, green and blue at (x, y), linear between those of the four pixels around that are holes
  // whose displacement differs from `d` by less than `tolerance`. False where none is.
  bool Sample(float x, float y, float d, float tolerance, float rgb[3]) const;

 private:
  static constexpr size_t kChannels = 4;  // red, green, blue, displacement
  // Pixels begin .. end - 1 of a row, the first of which is number `first`.
  struct Run {
    int begin, end;
    size_t first;
  };

  std::optional<size_t> Find(int x, int y) const;

  std::vector<Run> runs_;
  std::vector<size_t> rows_;      // the first run of each row, and one past the last
  std::vector<uint16_t> values_;  // halves, kChannels a pixel
  std::vector<float> variances_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_HOLE_COLOURS_H_
