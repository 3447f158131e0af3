#ifndef STEREOFARM_COMMON_FARM_SEAM_SAMPLES_H_
#define STEREOFARM_COMMON_FARM_SEAM_SAMPLES_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/status.h"
#include "common/image/image.h"
#include "common/timeline/frame_range.h"

namespace stereofarm {

// The grid that a frame of raw inverse depth is reduced to, whatever its size.
inline constexpr int kSampleColumns = 64;
inline constexpr int kSampleRows = 36;
inline constexpr int kSampleCells = kSampleColumns * kSampleRows;
// Core frames with such a number are kept for the shot's depth range.
inline constexpr int kRangeFrameStep = 8;

// One frame of raw inverse depth on the grid, row by row.
struct FrameSamples {
  int64_t frame = 0;
  std::vector<float> values;  // kSampleCells means of the finite pixels of a cell; finite
  // 0: the cell has no finite pixel, 1: it was guessed, 255: full confidence.
  std::vector<uint8_t> weights;

  bool operator==(const FrameSamples&) const = default;
};

// What a depth task leaves behind for reconcile, about 12 kB a frame.
struct ShardSamples {
  FrameRange core;
  FrameRange full;
  std::vector<FrameSamples> frames;  // in ascending order of frame, a subset of `full`

  // The samples of `frame`, or null.
  const FrameSamples* Find(int64_t frame) const;
  bool operator==(const ShardSamples&) const = default;
};

// Whether a shard's worker must keep the samples of `frame`: overlap frames, the core frames that
// a neighbour's overlap of the same size holds, the core's first and last, and every
// kRangeFrameStep-th.
bool KeepsSamples(const Shard& shard, int64_t frame);

// Reduces one frame. `depth` and `confidence` have one channel and the same size (`confidence` may
// be empty: 1 everywhere); confidence is clamped to 1/255..1: a guess is used where there's nothing
// better, a film of guesses is reconciled like any other. A cell is the confidence-weighted mean of
// its finite pixels: means keep what scale and shift do to a picture exactly. A cell across a
// strong depth edge counts less, since a pixel of displacement changes it most.
FrameSamples SampleFrame(int64_t frame, const Image& depth, const Image& confidence = Image());

// Versioned little-endian bytes.
std::string EncodeShardSamples(const ShardSamples& samples);
// DataLoss for anything that EncodeShardSamples didn't write.
absl::StatusOr<ShardSamples> DecodeShardSamples(std::string_view bytes);

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_FARM_SEAM_SAMPLES_H_
