#include "models/inpaint/create.h"

#include "absl/strings/str_format.h"
#include "models/inpaint/background_inpainter.h"
#include "models/inpaint/stretch_inpainter.h"

namespace stereofarm {

absl::StatusOr<std::unique_ptr<Inpainter>> CreateInpainter(const std::string& name) {
  if (name == "background") return std::make_unique<BackgroundInpainter>();
  if (name == "background+mean") {
    return std::make_unique<BackgroundInpainter>(BackgroundSettings{.mean = true});
  }
  if (name == "stretch") return std::make_unique<StretchInpainter>();
  return absl::InvalidArgumentError(absl::StrFormat(
      "no inpainter is called \"%s\"; choose background, background+mean or stretch", name));
}

}  // namespace stereofarm
