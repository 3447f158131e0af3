#ifndef STEREOFARM_COMMON_FARM_PACKING_H_
#define STEREOFARM_COMMON_FARM_PACKING_H_

#include "common/farm/job_settings.h"
#include "common/timeline/rational.h"

namespace stereofarm {

// How two eyes lie in one picture, as codecs and containers signal it.
enum class Packing { kNone, kSideBySide, kTopBottom };

// The picture of a layout.
struct PackedSize {
  int width = 0;
  int height = 0;
  Rational sample_aspect_ratio{1, 1};
  Packing packing = Packing::kNone;
  bool operator==(const PackedSize&) const = default;
};

// The packed picture of a `width` x `height` source. Full layouts keep the source's pixel shape;
// half-sbs has pixels twice as wide, half-tab half as wide; their halves are rounded up to an even
// size, so that both eyes begin on the chroma grid. An unknown `source_sar` counts as square.
PackedSize PackingOf(Layout layout, int width, int height, Rational source_sar);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_FARM_PACKING_H_
