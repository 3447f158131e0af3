#include "common/base/byte_size.h"

#include <charconv>
#include <iterator>
#include <string_view>

#include "absl/strings/str_format.h"

namespace stereofarm {

std::string BytesText(int64_t bytes) {
  constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return absl::StrFormat("%d bytes", bytes);
  double value = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
  return value < 9.95 ? absl::StrFormat("%.1f %s", value, kUnits[unit])
                      : absl::StrFormat("%.0f %s", value, kUnits[unit]);
}

absl::StatusOr<int64_t> ParseBytes(const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const std::string_view unit(rest, static_cast<size_t>(end - rest));
  const double bytes = unit.empty() && number == 0 ? 1
                       : unit == "K"               ? 1e3
                       : unit == "M"               ? 1e6
                       : unit == "G"               ? 1e9
                       : unit == "T"               ? 1e12
                                                   : 0;
  if (error != std::errc() || bytes == 0 || !(number >= 0) || number * bytes > 1e15) {
    return absl::InvalidArgumentError("'" + text + "' is not a size such as 0, 500M or 2G");
  }
  return static_cast<int64_t>(number * bytes);
}

}  // namespace stereofarm
