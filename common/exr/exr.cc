#include "common/exr/exr.h"

#include <OpenImageIO/imageio.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/exr/open_image_io.h"
#include "common/image/half.h"

namespace stereofarm {
namespace {

constexpr char kNoDate[] = "1970:01:01 00:00:00";

absl::Status CheckFinite(const std::filesystem::path& path, const Image& image,
                         const std::vector<std::string>& channels) {
  for (int c = 0; c < image.channels(); ++c) {
    for (int y = 0; y < image.height(); ++y) {
      const float* row = image.Row(c, y);
      for (int x = 0; x < image.width(); ++x) {
        if (!std::isfinite(row[x])) {
          return absl::InvalidArgumentError(
              absl::StrFormat("%s: channel %s is not finite at %d, %d", path.string(),
                              channels[static_cast<size_t>(c)], x, y));
        }
      }
    }
  }
  return absl::OkStatus();
}

void RowAs(const float* in, uint16_t* out, int width) { FloatToHalf(in, out, width); }
void RowAs(const float* in, float* out, int width) { std::copy_n(in, width, out); }

// Samples of type Sample: uint16_t (halves) or float.
template <typename Sample>
std::vector<Sample> Interleaved(const Image& image) {
  const size_t channels = static_cast<size_t>(image.channels());
  const size_t width = static_cast<size_t>(image.width());
  std::vector<Sample> pixels(channels * width * static_cast<size_t>(image.height()));
  std::vector<Sample> row(width);
  for (int y = 0; y < image.height(); ++y) {
    for (size_t c = 0; c < channels; ++c) {
      RowAs(image.Row(static_cast<int>(c), y), row.data(), image.width());
      Sample* out = pixels.data() + static_cast<size_t>(y) * width * channels + c;
      for (size_t x = 0; x < width; ++x) out[x * channels] = row[x];
    }
  }
  return pixels;
}

absl::StatusOr<std::unique_ptr<OIIO::ImageInput>> OpenInput(const std::filesystem::path& path) {
  OpenImageIoOnOneThread();
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, "cannot open " + path.string());
  std::unique_ptr<OIIO::ImageInput> input = OIIO::ImageInput::create("openexr");
  OIIO::ImageSpec spec;
  if (!input || !input->open(path.string(), spec)) {
    const std::string error = input ? input->geterror() : OIIO::geterror();
    return absl::DataLossError(
        absl::StrFormat("%s is not a readable OpenEXR file: %s", path.string(), error));
  }
  return input;
}

ExrImage Header(const OIIO::ImageSpec& spec) {
  ExrImage result;
  result.channels = spec.channelnames;
  for (const OIIO::ParamValue& value : spec.extra_attribs) {
    result.attributes[value.name().string()] = value.get_string();
  }
  return result;
}

}  // namespace

absl::Status WriteExr(const std::filesystem::path& path, const Image& image,
                      const std::vector<std::string>& channels,
                      const std::map<std::string, std::string>& attributes, ExrPixels form) {
  OpenImageIoOnOneThread();
  if (image.empty() || static_cast<int>(channels.size()) != image.channels()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: %d channel names for %d channels", path.string(), channels.size(), image.channels()));
  }
  SF_RETURN_IF_ERROR(CheckFinite(path, image, channels));
  const OIIO::TypeDesc type =
      form == ExrPixels::kFloat ? OIIO::TypeDesc::FLOAT : OIIO::TypeDesc::HALF;
  OIIO::ImageSpec spec(image.width(), image.height(), image.channels(), type);
  spec.channelnames = channels;
  spec.attribute("compression", form == ExrPixels::kFastHalf ? "none" : "zip");
  // OpenImageIO writes the present second where none is given, and no two files would be alike.
  spec.attribute("DateTime", kNoDate);
  for (const auto& [name, value] : attributes) spec.attribute(name, value);
  std::unique_ptr<OIIO::ImageOutput> output = OIIO::ImageOutput::create("openexr");
  errno = 0;
  if (!output || !output->open(path.string(), spec)) {
    return PictureWriteFailure(path, output ? output->geterror() : OIIO::geterror(), errno);
  }
  const bool written = form == ExrPixels::kFloat
                           ? output->write_image(type, Interleaved<float>(image).data())
                           : output->write_image(type, Interleaved<uint16_t>(image).data());
  const int write_code = errno;
  if (!output->close() || !written)
    return PictureWriteFailure(path, output->geterror(), write_code);
  return absl::OkStatus();
}

absl::StatusOr<ExrImage> ReadExr(const std::filesystem::path& path) {
  SF_ASSIGN_OR_RETURN(std::unique_ptr<OIIO::ImageInput> input, OpenInput(path));
  const OIIO::ImageSpec spec = input->spec();
  constexpr int kLargest = 1 << 16;
  if (spec.width < 1 || spec.height < 1 || spec.width > kLargest || spec.height > kLargest ||
      spec.nchannels < 1 || spec.nchannels > 64) {
    return absl::DataLossError(absl::StrFormat("%s has %d x %d pixels of %d channels",
                                               path.string(), spec.width, spec.height,
                                               spec.nchannels));
  }
  ExrImage result = Header(spec);
  const size_t channels = static_cast<size_t>(spec.nchannels);
  const size_t width = static_cast<size_t>(spec.width);
  std::vector<float> pixels(channels * width * static_cast<size_t>(spec.height));
  if (!input->read_image(0, 0, 0, spec.nchannels, OIIO::TypeDesc::FLOAT, pixels.data())) {
    return absl::DataLossError(
        absl::StrFormat("%s is damaged: %s", path.string(), input->geterror()));
  }
  result.image = Image(spec.width, spec.height, spec.nchannels);
  for (int y = 0; y < spec.height; ++y) {
    const float* row = pixels.data() + static_cast<size_t>(y) * width * channels;
    for (size_t c = 0; c < channels; ++c) {
      float* out = result.image.Row(static_cast<int>(c), y);
      for (size_t x = 0; x < width; ++x) out[x] = row[x * channels + c];
    }
  }
  return result;
}

absl::StatusOr<ExrImage> ReadExrHeader(const std::filesystem::path& path, int* width, int* height) {
  SF_ASSIGN_OR_RETURN(std::unique_ptr<OIIO::ImageInput> input, OpenInput(path));
  *width = input->spec().width;
  *height = input->spec().height;
  return Header(input->spec());
}

}  // namespace stereofarm
