#include "models/inpaint/empty_rows.h"

#include <algorithm>

namespace stereofarm {

void FillEmptyRows(const std::vector<bool>& empty, Image* rgb) {
  const int height = rgb->height();
  int above = -1;
  int below = 0;
  for (int y = 0; y < height; ++y) {
    if (!empty[static_cast<size_t>(y)]) {
      above = y;
      continue;
    }
    below = std::max(below, y);
    while (below < height && empty[static_cast<size_t>(below)]) ++below;
    const bool from_below = below < height && (above < 0 || below - y < y - above);
    const int source = from_below ? below : above;
    for (int c = 0; c < rgb->channels(); ++c) {
      float* row = rgb->Row(c, y);
      if (source < 0) {
        std::fill_n(row, rgb->width(), 0.0f);
      } else {
        std::copy_n(rgb->Row(c, source), rgb->width(), row);
      }
    }
  }
}

}  // namespace stereofarm
