#include "coordinator/cli/frame_time.h"

#include <algorithm>
#include <cmath>
#include <regex>

#include "absl/strings/str_format.h"

namespace stereofarm {
namespace {

// A frame whose timestamp was rounded may begin this much later than it should.
constexpr double kRoundingSeconds = 0.0005;

}  // namespace

absl::StatusOr<FrameTime> ParseFrameTime(const std::string& text) {
  std::smatch match;
  if (std::regex_match(text, match, std::regex("([0-9]{1,15})f"))) {
    return FrameTime(static_cast<int64_t>(std::stoll(match[1])));
  }
  static const std::regex kTime(
      "(?:(?:([0-9]{1,6}):)?([0-9]{1,6}):)?([0-9]{1,9}(?:\\.[0-9]{0,9})?)");
  if (std::regex_match(text, match, kTime)) {
    const auto number = [&](size_t i) {
      return match[i].matched ? std::stod(match[i].str()) : 0.0;
    };
    return FrameTime(number(1) * 3600 + number(2) * 60 + number(3));
  }
  return absl::InvalidArgumentError(absl::StrFormat(
      "--at: '%s' is no time; give seconds (62.5), h:m:s (0:01:02.5) or a frame (1500f)", text));
}

absl::StatusOr<int64_t> FrameAt(const FrameIndex& index, const FrameTime& time) {
  const int64_t count = index.frame_count();
  if (const int64_t* frame = std::get_if<int64_t>(&time)) {
    if (*frame < count) return *frame;
    return absl::InvalidArgumentError(
        absl::StrFormat("--at: the film has frames 0 to %d, not %d", count - 1, *frame));
  }
  const double seconds = std::get<double>(time);
  const double start = index.SecondsOf(0);
  const IndexedFrame& last = index.frames.back();
  const double end = static_cast<double>(last.pts + last.duration) * index.time_base.ToDouble();
  if (start + seconds > end + kRoundingSeconds) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "--at: the film is %.3f seconds long, which is before %.3f", end - start, seconds));
  }
  const auto later =
      std::upper_bound(index.frames.begin(), index.frames.end(), start + seconds + kRoundingSeconds,
                       [&](double at, const IndexedFrame& frame) {
                         return at < static_cast<double>(frame.pts) * index.time_base.ToDouble();
                       });
  return std::max<int64_t>(0, later - index.frames.begin() - 1);
}

}  // namespace stereofarm
