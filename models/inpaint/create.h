#ifndef STEREOFARM_MODELS_INPAINT_CREATE_H_
#define STEREOFARM_MODELS_INPAINT_CREATE_H_

#include <memory>
#include <string>

#include "common/base/status.h"
#include "models/api/inpainter.h"

namespace stereofarm {

// Makes the inpainter that `name` asks for: "background", "background+mean" (which averages known
// pixels over time too) or "stretch". InvalidArgument names what's
// known.
absl::StatusOr<std::unique_ptr<Inpainter>> CreateInpainter(const std::string& name);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_INPAINT_CREATE_H_
