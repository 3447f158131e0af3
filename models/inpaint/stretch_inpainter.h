#ifndef STEREOFARM_MODELS_INPAINT_STRETCH_INPAINTER_H_
#define STEREOFARM_MODELS_INPAINT_STRETCH_INPAINTER_H_

#include "models/api/inpainter.h"

namespace stereofarm {

// Smears the nearer end of each row's hole over it (the left one of two as near), foreground or
// not: what simple converters do. A row without a known pixel takes the nearest row that has one.
class StretchInpainter : public StillInpainter {
 public:
  absl::StatusOr<Image> Fill(const WarpedFrame& warped) override;
  std::string Id() const override { return "stretch/1"; }
};

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_STRETCH_INPAINTER_H_
