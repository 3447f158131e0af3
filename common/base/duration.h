#ifndef STEREOFARM_COMMON_BASE_DURATION_H_
#define STEREOFARM_COMMON_BASE_DURATION_H_

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/status.h"

namespace stereofarm {

// "500ms", "30s", "2m", "1.5h" as microseconds. InvalidArgument for anything else, for nothing at
// all and for more than a year.
inline absl::StatusOr<int64_t> ParseDuration(const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const std::string_view unit(rest, static_cast<size_t>(end - rest));
  const double micros = unit == "ms"  ? 1e3
                        : unit == "s" ? 1e6
                        : unit == "m" ? 60e6
                        : unit == "h" ? 3600e6
                                      : 0;
  constexpr double kMostMicros = 366.0 * 24 * 3600e6;
  if (error != std::errc() || micros == 0 || !(number > 0) || number * micros > kMostMicros) {
    return absl::InvalidArgumentError("'" + text +
                                      "' is not a duration such as 500ms, 30s, 2m or 1h");
  }
  return static_cast<int64_t>(number * micros);
}

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_BASE_DURATION_H_
