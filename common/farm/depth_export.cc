#include "common/farm/depth_export.h"

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

struct Format {
  ExportFormat format;
  const char* name;
  const char* extension;
};
constexpr Format kFormats[] = {{ExportFormat::kExr, "exr", "exr"},
                               {ExportFormat::kExrHalf, "exr-half", "exr"},
                               {ExportFormat::kExrMetres, "exr-metres", "exr"},
                               {ExportFormat::kPng16, "png16", "png"},
                               {ExportFormat::kNpz, "npz", "npz"}};

const Format& RowOf(ExportFormat format) {
  for (const Format& row : kFormats) {
    if (row.format == format) return row;
  }
  return kFormats[0];
}

}  // namespace

std::string ExportFormatName(ExportFormat format) { return RowOf(format).name; }

absl::StatusOr<ExportFormat> ParseExportFormat(const std::string& name) {
  for (const Format& row : kFormats) {
    if (name == row.name) return row.format;
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "--export-depth: '%s' is not known; use one of exr, exr-half, exr-metres, png16, npz", name));
}

std::string ExportFileName(ExportFormat format, int64_t frame) {
  return absl::StrFormat("depth.%06d.%s", frame, RowOf(format).extension);
}

std::string ExportPartName(size_t place, ExportFormat format, int64_t frame) {
  return absl::StrFormat("export.%d.%06d.%s", place, frame, RowOf(format).extension);
}

}  // namespace stereofarm
