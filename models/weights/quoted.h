#ifndef STEREOFARM_MODELS_WEIGHTS_QUOTED_H_
#define STEREOFARM_MODELS_WEIGHTS_QUOTED_H_

#include <string>
#include <string_view>

#include "absl/strings/escaping.h"

namespace stereofarm {

// A name out of a file, for a message: in quotes, escaped, no longer than a line.
inline std::string Quoted(std::string_view name) {
  constexpr size_t kLongest = 160;
  const std::string shown(name.substr(0, kLongest));
  return "\"" + absl::CHexEscape(shown) + (name.size() > kLongest ? "...\"" : "\"");
}

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_WEIGHTS_QUOTED_H_
