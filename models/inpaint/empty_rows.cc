#include "models/inpaint/empty_rows.h"

#include <algorithm>

namespace stereofarm {

void FillEmptyRows(const std::vector<bool>& empty, Image* image) {
  const int height = image->height();
  const int colours = std::min(image->channels(), 3);
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
    for (int c = 0; c < colours; ++c) {
      float* row = image->Row(c, y);
      if (source < 0) {
        std::fill_n(row, image->width(), 0.0f);
      } else {
        std::copy_n(image->Row(c, source), image->width(), row);
      }
    }
  }
}

}  // namespace stereofarm
