#ifndef STEREOFARM_COMMON_FARM_DEPTH_EXPORT_H_
#define STEREOFARM_COMMON_FARM_DEPTH_EXPORT_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "common/base/status.h"

namespace stereofarm {

// The depth that a film was made with, as files for other programs: one for each frame, as large as
// the picture. All but kExrMetres hold d, 0 far to 1 near.
enum class ExportFormat {
  kExr,        // OpenEXR, channel Z, float: just what the film was made with
  kExrHalf,    // the same in halves
  kExrMetres,  // OpenEXR, channel Z in metres, float; only with a rig
  kPng16,      // PNG of 16 bits, d * 65535
  kNpz,        // NumPy: depths [1, H, W] float32, frames [1] int64, pts [1] float64 in seconds
};

struct ExportSpec {
  ExportFormat format = ExportFormat::kExr;
  std::string folder;  // absolute
  bool operator==(const ExportSpec&) const = default;
};

// "exr", "exr-half", "exr-metres", "png16", "npz"
std::string ExportFormatName(ExportFormat format);
absl::StatusOr<ExportFormat> ParseExportFormat(const std::string& name);

// "depth.000123.exr": a frame's file in the finished folder.
std::string ExportFileName(ExportFormat format, int64_t frame);
// "export.0.000123.exr": the same in the folder of the task that makes it; `place` counts the job's
// exports.
std::string ExportPartName(size_t place, ExportFormat format, int64_t frame);

// Metres that stand for infinitely far in an export of metres.
inline constexpr float kFarthestMetres = 1e6f;
// What an export of metres says of an inverse depth (1/metre), and what that is read as again.
// MetresOf(InverseOf(MetresOf(i))) == MetresOf(i) for every i: a film that is made from
// InverseOf(MetresOf(i)) can be made again from its export, bit for bit.
inline float MetresOf(float inverse) {
  return inverse > 1 / kFarthestMetres ? 1 / inverse : kFarthestMetres;
}
inline float InverseOf(float metres) {
  return metres > 0 && metres < kFarthestMetres ? 1 / metres : 0.0f;
}

// The EXR attribute that says what a picture of depth holds,
inline constexpr char kDepthValues[] = "stereofarm:values";
// and what it may say. Any other text means metres.
inline constexpr char kInverseDepth[] = "inverse depth";
inline constexpr char kReconciledDepth[] = "reconciled depth, 0 far to 1 near";
inline constexpr char kReconciledMetres[] = "reconciled metres";
inline constexpr char kReconciledInverseMetres[] = "reconciled inverse metres";

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_FARM_DEPTH_EXPORT_H_
