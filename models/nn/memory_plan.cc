#include "models/nn/memory_plan.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/base/byte_size.h"

namespace stereofarm {

ForwardMemory DptForwardMemory(int64_t width, int64_t features, int64_t number_bytes,
                               bool over_time) {
  // Of the tensors at the peak: in the head's last steps, where every map is as large as the
  // picture; along time those steps go in parts, and all that comes before them lies there.
  const int64_t numbers = over_time ? 8 * width + 100 * features : 227 * features + 6600;
  // A process grows by up to twice that: what is kept for later tensors, the libraries' own.
  constexpr int64_t kGrowth = 2;
  constexpr int64_t kFixed = int64_t{256} << 20;
  return {.fixed = kFixed, .per_token = kGrowth * numbers * number_bytes};
}

int64_t ForwardBytes(const ForwardMemory& memory, int64_t tokens, int64_t pictures) {
  return memory.fixed + memory.per_token * tokens * pictures;
}

absl::StatusOr<int64_t> ChooseBatch(const std::string& what, const ForwardMemory& memory,
                                    int64_t tokens, int64_t most, int64_t free) {
  for (int64_t batch = std::max<int64_t>(1, most);; batch /= 2) {
    if (ForwardBytes(memory, tokens, batch) <= free) return batch;
    if (batch == 1) break;
  }
  return OutOfMemory(
      absl::StrFormat("%s: %s, and %s are free; use a device with more memory, or a "
                      "smaller network",
                      what, NeedText(memory, tokens, 1), BytesText(free)));
}

std::string NeedText(const ForwardMemory& memory, int64_t tokens, int64_t pictures) {
  return absl::StrFormat("a forward of %d tokens needs about %s beside the weights",
                         tokens * pictures, BytesText(ForwardBytes(memory, tokens, pictures)));
}

}  // namespace stereofarm
