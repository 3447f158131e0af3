#include "common/exr/gray_png.h"

#include <OpenImageIO/imageio.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "common/exr/open_image_io.h"

namespace stereofarm {

absl::Status WriteGrayPng(const std::filesystem::path& path, const Image& image,
                          const std::map<std::string, std::string>& texts) {
  OpenImageIoOnOneThread();
  OIIO::ImageSpec spec(image.width(), image.height(), 1, OIIO::TypeDesc::UINT16);
  for (const auto& [name, value] : texts) spec.attribute(name, value);
  std::vector<uint16_t> pixels;
  pixels.reserve(static_cast<size_t>(image.width()) * static_cast<size_t>(image.height()));
  for (int y = 0; y < image.height(); ++y) {
    const float* row = image.Row(0, y);
    for (int x = 0; x < image.width(); ++x) {
      pixels.push_back(
          static_cast<uint16_t>(std::lround(std::clamp(row[x], 0.0f, 1.0f) * 65535.0f)));
    }
  }
  std::unique_ptr<OIIO::ImageOutput> output = OIIO::ImageOutput::create("png");
  errno = 0;
  if (!output || !output->open(path.string(), spec)) {
    return PictureWriteFailure(path, output ? output->geterror() : OIIO::geterror(), errno);
  }
  const bool written = output->write_image(OIIO::TypeDesc::UINT16, pixels.data());
  const int code = errno;
  if (!output->close() || !written) return PictureWriteFailure(path, output->geterror(), code);
  return absl::OkStatus();
}

}  // namespace stereofarm
