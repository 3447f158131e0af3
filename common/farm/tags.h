#ifndef STEREOFARM_COMMON_FARM_TAGS_H_
#define STEREOFARM_COMMON_FARM_TAGS_H_

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "common/base/status.h"

namespace stereofarm {

inline constexpr size_t kMostTags = 32;
inline constexpr size_t kLongestTag = 64;

// Names by which jobs ask for workers: letters, digits, '-', '_' and '.'. InvalidArgument names
// the first that isn't one.
inline absl::Status CheckTags(const std::vector<std::string>& tags) {
  if (tags.size() > kMostTags) {
    return absl::InvalidArgumentError(
        absl::StrFormat("--tags: %d tags are given, at most %d may be", tags.size(), kMostTags));
  }
  for (const std::string& tag : tags) {
    const bool plain = std::all_of(tag.begin(), tag.end(), [](unsigned char c) {
      return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
    });
    if (tag.empty() || tag.size() > kLongestTag || !plain) {
      return absl::InvalidArgumentError(
          absl::StrFormat("--tags: '%s' is no tag; use up to %d letters, digits, '-', '_' and '.'",
                          tag.substr(0, kLongestTag), kLongestTag));
    }
  }
  return absl::OkStatus();
}

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_FARM_TAGS_H_
