#include "models/stereo/splatter.h"

#include "models/stereo/splat.h"

#if defined(STEREOFARM_CUDA)
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "models/stereo/cuda/cuda_splatter.h"
#endif

namespace stereofarm {
namespace {

class ProcessorSplatter : public Splatter {
 public:
  absl::Status Splat(const Image& rgb, const Image& displacement, bool nearer_is_larger,
                     WarpedFrame* out) override {
    stereofarm::Splat(rgb, displacement, nearer_is_larger, out);
    return absl::OkStatus();
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<Splatter>> CreateSplatter(
    [[maybe_unused]] const std::string& device) {
#if defined(STEREOFARM_CUDA)
  absl::string_view number = device;
  if (absl::ConsumePrefix(&number, "cuda:")) {
    int index = 0;
    if (!absl::SimpleAtoi(number, &index)) {
      return absl::InvalidArgumentError(
          absl::StrFormat("'%s' is not a device; use cpu or cuda:N", device));
    }
    return CreateCudaSplatter(index);
  }
#endif
  return std::make_unique<ProcessorSplatter>();
}

}  // namespace stereofarm
