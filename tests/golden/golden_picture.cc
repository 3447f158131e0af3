#include "tests/golden/golden_picture.h"

#include <ATen/ops/empty.h>
#include <OpenImageIO/imageio.h>

#include <memory>
#include <string>

#include "absl/strings/str_format.h"

namespace stereofarm {

absl::StatusOr<at::Tensor> ReadGoldenPicture(const std::filesystem::path& folder) {
  std::string found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".png") found = entry.path().string();
  }
  const std::unique_ptr<OIIO::ImageInput> file = OIIO::ImageInput::open(found);
  if (file == nullptr || file->spec().nchannels < 3) {
    return absl::NotFoundError(
        absl::StrFormat("%s: has no picture to go with its tensors", folder.string()));
  }
  at::Tensor bytes =
      at::empty({file->spec().height, file->spec().width, file->spec().nchannels}, at::kByte);
  if (!file->read_image(0, 0, 0, file->spec().nchannels, OIIO::TypeDesc::UINT8,
                        bytes.mutable_data_ptr())) {
    return absl::DataLossError(absl::StrFormat("%s: %s", found, file->geterror()));
  }
  return bytes.narrow(2, 0, 3);
}

}  // namespace stereofarm
