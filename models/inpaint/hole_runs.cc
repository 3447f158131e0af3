#include "models/inpaint/hole_runs.h"

#include "models/stereo/float8.h"

namespace stereofarm {

void FindHoleRuns(const float* alpha, int width, std::vector<HoleRun>* runs) {
  runs->clear();
  bool open = false;
  int x = 0;
  while (x < width) {
    if (x + 8 <= width) {  // Most of a row is known, or deep in one hole.
      const uint32_t holes = Bits8(Load8(alpha + x) == Splat8(0.0f));
      if (holes == (open ? 0xffu : 0u)) {
        x += 8;
        continue;
      }
    }
    const bool hole = alpha[x] == 0;
    if (hole && !open) runs->push_back({x, x});
    if (!hole && open) runs->back().end = x;
    open = hole;
    ++x;
  }
  if (open) runs->back().end = width;
}

}  // namespace stereofarm
