#include "common/exr/exr.h"

#include <OpenEXR/ImfChannelList.h>
#include <OpenEXR/ImfDoubleAttribute.h>
#include <OpenEXR/ImfFloatAttribute.h>
#include <OpenEXR/ImfFrameBuffer.h>
#include <OpenEXR/ImfHeader.h>
#include <OpenEXR/ImfInputFile.h>
#include <OpenEXR/ImfIntAttribute.h>
#include <OpenEXR/ImfOutputFile.h>
#include <OpenEXR/ImfStringAttribute.h>
#include <sys/stat.h>

#include <cerrno>
#include <cmath>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/exr/output_file.h"
#include "common/image/half.h"

namespace stereofarm {
namespace {

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

// On the calling thread: a worker's parallelism is its stages', and bytes never depend on a
// machine's cores.
absl::StatusOr<std::unique_ptr<Imf::InputFile>> OpenInput(const std::filesystem::path& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return ErrnoStatus(errno, "cannot open " + path.string());
  try {
    return std::make_unique<Imf::InputFile>(path.c_str(), /*numThreads=*/0);
  } catch (const std::exception& error) {
    return absl::DataLossError(
        absl::StrFormat("%s is not a readable OpenEXR file: %s", path.string(), error.what()));
  }
}

// None where an attribute is neither text nor a number.
std::optional<std::string> TextOf(const Imf::Attribute& attribute) {
  if (const auto* text = dynamic_cast<const Imf::StringAttribute*>(&attribute)) {
    return text->value();
  }
  if (const auto* number = dynamic_cast<const Imf::IntAttribute*>(&attribute)) {
    return absl::StrCat(number->value());
  }
  if (const auto* number = dynamic_cast<const Imf::FloatAttribute*>(&attribute)) {
    return absl::StrCat(number->value());
  }
  if (const auto* number = dynamic_cast<const Imf::DoubleAttribute*>(&attribute)) {
    return absl::StrCat(number->value());
  }
  return std::nullopt;
}

ExrImage HeaderOf(const Imf::Header& header) {
  ExrImage result;
  for (auto it = header.channels().begin(); it != header.channels().end(); ++it) {
    result.channels.push_back(it.name());
  }
  for (auto it = header.begin(); it != header.end(); ++it) {
    if (const auto text = TextOf(it.attribute())) result.attributes[it.name()] = *text;
  }
  return result;
}

struct Size {
  int64_t width, height;
};

Size SizeOf(const Imf::Header& header) {
  const Imath::Box2i& window = header.dataWindow();
  return {int64_t{window.max.x} - window.min.x + 1, int64_t{window.max.y} - window.min.y + 1};
}

// Floats whose first, at the window's corner, is the image's.
Imf::Slice SliceOf(const Image& image, int channel, const Imath::Box2i& window) {
  return Imf::Slice::Make(Imf::FLOAT, image.Plane(channel), window, sizeof(float),
                          static_cast<size_t>(image.stride()) * sizeof(float));
}

void WriteFloats(const Image& image, const std::vector<std::string>& channels,
                 Imf::OutputFile* file) {
  Imf::FrameBuffer pixels;
  for (int c = 0; c < image.channels(); ++c) {
    pixels.insert(channels[static_cast<size_t>(c)], SliceOf(image, c, file->header().dataWindow()));
  }
  file->setFrameBuffer(pixels);
  file->writePixels(image.height());
}

// Row by row, so that no second picture is held.
void WriteHalves(const Image& image, const std::vector<std::string>& channels,
                 Imf::OutputFile* file) {
  const size_t width = static_cast<size_t>(image.width());
  std::vector<uint16_t> row(width * channels.size());
  Imf::FrameBuffer pixels;
  for (size_t c = 0; c < channels.size(); ++c) {
    pixels.insert(channels[c], Imf::Slice(Imf::HALF, reinterpret_cast<char*>(&row[c * width]),
                                          sizeof(uint16_t), /*yStride=*/0));
  }
  file->setFrameBuffer(pixels);
  for (int y = 0; y < image.height(); ++y) {
    for (size_t c = 0; c < channels.size(); ++c) {
      FloatToHalf(image.Row(static_cast<int>(c), y), &row[c * width], image.width());
    }
    file->writePixels(1);
  }
}

}  // namespace

absl::Status WriteExr(const std::filesystem::path& path, const Image& image,
                      const std::vector<std::string>& channels,
                      const std::map<std::string, std::string>& attributes, ExrPixels form) {
  if (image.empty() || static_cast<int>(channels.size()) != image.channels()) {
    return absl::InvalidArgumentError(absl::StrFormat(
        "%s: %d channel names for %d channels", path.string(), channels.size(), image.channels()));
  }
  SF_RETURN_IF_ERROR(CheckFinite(path, image, channels));
  ExrOutputFile out(path);
  SF_RETURN_IF_ERROR(out.status());
  try {
    Imf::Header header(image.width(), image.height());
    header.compression() =
        form == ExrPixels::kFastHalf ? Imf::NO_COMPRESSION : Imf::ZIP_COMPRESSION;
    const Imf::PixelType type = form == ExrPixels::kFloat ? Imf::FLOAT : Imf::HALF;
    for (const std::string& channel : channels) {
      header.channels().insert(channel, Imf::Channel(type));
    }
    for (const auto& [name, value] : attributes) header.insert(name, Imf::StringAttribute(value));
    Imf::OutputFile file(out, header, /*numThreads=*/0);
    if (form == ExrPixels::kFloat) {
      WriteFloats(image, channels, &file);
    } else {
      WriteHalves(image, channels, &file);
    }
  } catch (const std::exception& error) {
    SF_RETURN_IF_ERROR(out.status());
    return absl::InternalError(absl::StrFormat("cannot write %s: %s", path.string(), error.what()));
  }
  return out.Close();
}

absl::StatusOr<ExrImage> ReadExr(const std::filesystem::path& path) {
  SF_ASSIGN_OR_RETURN(const std::unique_ptr<Imf::InputFile> file, OpenInput(path));
  const Imf::Header& header = file->header();
  ExrImage result = HeaderOf(header);
  const auto [width, height] = SizeOf(header);
  constexpr int64_t kLargest = 1 << 16;
  if (width < 1 || height < 1 || width > kLargest || height > kLargest || result.channels.empty() ||
      result.channels.size() > 64) {
    return absl::DataLossError(absl::StrFormat("%s has %d x %d pixels of %d channels",
                                               path.string(), width, height,
                                               result.channels.size()));
  }
  for (auto it = header.channels().begin(); it != header.channels().end(); ++it) {
    if (it.channel().xSampling != 1 || it.channel().ySampling != 1) {
      return absl::DataLossError(absl::StrFormat(
          "%s has fewer pixels of channel %s than of the picture", path.string(), it.name()));
    }
  }
  result.image = Image(static_cast<int>(width), static_cast<int>(height),
                       static_cast<int>(result.channels.size()));
  try {
    Imf::FrameBuffer pixels;
    for (size_t c = 0; c < result.channels.size(); ++c) {
      pixels.insert(result.channels[c],
                    SliceOf(result.image, static_cast<int>(c), header.dataWindow()));
    }
    file->setFrameBuffer(pixels);
    file->readPixels(header.dataWindow().min.y, header.dataWindow().max.y);
  } catch (const std::exception& error) {
    return absl::DataLossError(absl::StrFormat("%s is damaged: %s", path.string(), error.what()));
  }
  return result;
}

absl::StatusOr<ExrImage> ReadExrHeader(const std::filesystem::path& path, int* width, int* height) {
  SF_ASSIGN_OR_RETURN(const std::unique_ptr<Imf::InputFile> file, OpenInput(path));
  const Size size = SizeOf(file->header());
  *width = static_cast<int>(size.width);
  *height = static_cast<int>(size.height);
  return HeaderOf(file->header());
}

}  // namespace stereofarm
