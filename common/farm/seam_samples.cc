#include "common/farm/seam_samples.h"

#include <algorithm>
#include <cmath>

#include "common/base/log.h"
#include "common/farm/byte_codec.h"

namespace stereofarm {
namespace {

constexpr uint32_t kMagic = 0x53535346;  // "FSSS"
constexpr uint32_t kVersion = 1;

struct Cell {
  double weight = 0;
  double sum = 0;
  double squares = 0;
  int pixels = 0;
};

void AppendRange(const FrameRange& range, std::string* out) {
  AppendBytes(range.begin, out);
  AppendBytes(range.end, out);
}

bool ReadRange(ByteReader* reader, FrameRange* range) {
  return reader->Read(&range->begin) && reader->Read(&range->end);
}

// What a pixel counts of which nothing is known.
constexpr float kGuess = 1.0f / 255;

absl::Status Damaged() {
  return absl::DataLossError("depth samples are damaged or of another version");
}

}  // namespace

const FrameSamples* ShardSamples::Find(int64_t frame) const {
  const auto it = std::lower_bound(
      frames.begin(), frames.end(), frame,
      [](const FrameSamples& samples, int64_t number) { return samples.frame < number; });
  return it != frames.end() && it->frame == frame ? &*it : nullptr;
}

bool KeepsSamples(const Shard& shard, int64_t frame) {
  if (!shard.full.Contains(frame)) return false;
  if (!shard.core.Contains(frame)) return true;
  if (frame % kRangeFrameStep == 0 || frame == shard.core.begin || frame == shard.core.end - 1) {
    return true;
  }
  // The overlap of the longer side: near the shot's ends the other side is clamped.
  const int64_t overlap =
      std::max(shard.core.begin - shard.full.begin, shard.full.end - shard.core.end);
  const bool near_left = shard.core.begin > shard.shot.begin && frame < shard.core.begin + overlap;
  const bool near_right = shard.core.end < shard.shot.end && frame >= shard.core.end - overlap;
  return near_left || near_right;
}

FrameSamples SampleFrame(int64_t frame, const Image& depth, const Image& confidence) {
  SF_CHECK(!depth.empty() && depth.channels() == 1);
  SF_CHECK(confidence.empty() || (confidence.SameSize(depth) && confidence.channels() == 1));
  FrameSamples out;
  out.frame = frame;
  out.values.resize(kSampleCells);
  out.weights.resize(kSampleCells);
  std::vector<Cell> cells(kSampleCells);
  double total = 0;
  double total_squares = 0;
  double total_weight = 0;
  // Cells of whole pixels; a picture smaller than the grid gives some pixels to several cells.
  const auto begin_of = [](int cell, int cells_across, int pixels) {
    return static_cast<int>(static_cast<int64_t>(cell) * pixels / cells_across);
  };
  for (int row = 0; row < kSampleRows; ++row) {
    const int y0 = begin_of(row, kSampleRows, depth.height());
    const int y1 = std::max(y0 + 1, begin_of(row + 1, kSampleRows, depth.height()));
    for (int column = 0; column < kSampleColumns; ++column) {
      const int x0 = begin_of(column, kSampleColumns, depth.width());
      const int x1 = std::max(x0 + 1, begin_of(column + 1, kSampleColumns, depth.width()));
      Cell& cell = cells[static_cast<size_t>(row * kSampleColumns + column)];
      for (int y = y0; y < y1; ++y) {
        const float* values = depth.Row(0, y);
        for (int x = x0; x < x1; ++x) {
          ++cell.pixels;
          if (!std::isfinite(values[x])) continue;
          const float sure = confidence.empty() ? 1.0f : confidence.Row(0, y)[x];
          const double w = sure > kGuess ? std::min(sure, 1.0f) : kGuess;
          cell.weight += w;
          cell.sum += w * values[x];
          cell.squares += w * values[x] * values[x];
        }
      }
      total += cell.sum;
      total_squares += cell.squares;
      total_weight += cell.weight;
    }
  }
  if (total_weight <= 0) return out;
  const double level = total / total_weight;
  const double variance = std::max(0.0, total_squares / total_weight - level * level);
  for (size_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells[i];
    if (cell.weight <= 0) continue;
    const double mean = cell.sum / cell.weight;
    const double inside = std::max(0.0, cell.squares / cell.weight - mean * mean);
    const double edge = variance > 0 ? 1.0 / (1.0 + 4.0 * inside / variance) : 1.0;
    out.values[i] = static_cast<float>(mean);
    if (!std::isfinite(out.values[i])) {
      out.values[i] = 0;
      continue;
    }
    const long weight = std::lround(255.0 * edge * cell.weight / cell.pixels);
    out.weights[i] = static_cast<uint8_t>(std::max(weight, 1L));
  }
  return out;
}

std::string EncodeShardSamples(const ShardSamples& samples) {
  std::string out;
  AppendBytes(kMagic, &out);
  AppendBytes(kVersion, &out);
  AppendBytes(static_cast<uint32_t>(kSampleColumns), &out);
  AppendBytes(static_cast<uint32_t>(kSampleRows), &out);
  AppendRange(samples.core, &out);
  AppendRange(samples.full, &out);
  AppendBytes(static_cast<uint64_t>(samples.frames.size()), &out);
  for (const FrameSamples& frame : samples.frames) {
    SF_CHECK(frame.values.size() == kSampleCells && frame.weights.size() == kSampleCells);
    AppendBytes(frame.frame, &out);
    out.append(reinterpret_cast<const char*>(frame.values.data()), kSampleCells * sizeof(float));
    out.append(reinterpret_cast<const char*>(frame.weights.data()), kSampleCells);
  }
  return out;
}

absl::StatusOr<ShardSamples> DecodeShardSamples(std::string_view bytes) {
  constexpr size_t kRecord = sizeof(int64_t) + kSampleCells * (sizeof(float) + 1);
  ByteReader reader(bytes);
  uint32_t magic = 0;
  uint32_t version = 0;
  uint32_t columns = 0;
  uint32_t rows = 0;
  uint64_t count = 0;
  ShardSamples out;
  if (!reader.Read(&magic) || !reader.Read(&version) || magic != kMagic || version != kVersion ||
      !reader.Read(&columns) || !reader.Read(&rows) || columns != kSampleColumns ||
      rows != kSampleRows || !ReadRange(&reader, &out.core) || !ReadRange(&reader, &out.full) ||
      out.core.empty() || out.core.begin < 0 || !out.full.Contains(out.core) ||
      !reader.Read(&count) || reader.left() % kRecord != 0 || reader.left() / kRecord != count) {
    return Damaged();
  }
  int64_t previous = -1;
  for (uint64_t i = 0; i < count; ++i) {
    FrameSamples frame;
    frame.values.resize(kSampleCells);
    frame.weights.resize(kSampleCells);
    if (!reader.Read(&frame.frame) || !reader.ReadArray(frame.values.data(), kSampleCells) ||
        !reader.ReadArray(frame.weights.data(), kSampleCells) || frame.frame <= previous ||
        !out.full.Contains(frame.frame)) {
      return Damaged();
    }
    for (float value : frame.values) {
      if (!std::isfinite(value)) return Damaged();
    }
    previous = frame.frame;
    out.frames.push_back(std::move(frame));
  }
  return out;
}

}  // namespace stereofarm
