#include "common/exr/gray_png.h"

#include <png.h>

#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstdint>
#include <vector>

#include "common/base/file_system.h"

namespace stereofarm {
namespace {

// The file and what libpng had to say against it.
struct Output {
  std::string bytes;
  std::string error;
};

void KeepError(png_structp png, png_const_charp message) {
  static_cast<Output*>(png_get_error_ptr(png))->error = message;
  png_longjmp(png, 1);
}

void PassOverWarning(png_structp, png_const_charp) {}

void Append(png_structp png, png_bytep data, size_t size) {
  static_cast<Output*>(png_get_io_ptr(png))->bytes.append(reinterpret_cast<char*>(data), size);
}

void Flush(png_structp) {}

// libpng leaves by longjmp() when it fails, past whatever would be cleaned up: nothing here is.
// `rows` and `texts` outlive the call.
bool Encode(png_structp png, png_infop info, const Image& image, std::vector<png_bytep>* rows,
            const std::vector<png_text>& texts) {
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_IHDR(png, info, static_cast<png_uint_32>(image.width()),
               static_cast<png_uint_32>(image.height()), 16, PNG_COLOR_TYPE_GRAY,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_PAETH);
  png_set_text(png, info, texts.data(), static_cast<int>(texts.size()));
  png_set_rows(png, info, rows->data());
  png_write_png(png, info, PNG_TRANSFORM_SWAP_ENDIAN, nullptr);
  return true;
}

std::vector<uint16_t> Samples(const Image& image) {
  std::vector<uint16_t> samples;
  samples.reserve(static_cast<size_t>(image.width()) * static_cast<size_t>(image.height()));
  for (int y = 0; y < image.height(); ++y) {
    const float* in = image.Row(0, y);
    for (int x = 0; x < image.width(); ++x) {
      samples.push_back(static_cast<uint16_t>(std::lround(std::clamp(in[x], 0.0f, 1.0f) * 65535)));
    }
  }
  return samples;
}

// libpng only reads what these point to, but says so nowhere.
std::vector<png_text> Texts(const std::map<std::string, std::string>& texts) {
  std::vector<png_text> out;
  for (const auto& [name, value] : texts) {
    png_text text = {};
    text.compression = PNG_TEXT_COMPRESSION_NONE;
    text.key = const_cast<char*>(name.c_str());
    text.text = const_cast<char*>(value.c_str());
    text.text_length = value.size();
    out.push_back(text);
  }
  return out;
}

}  // namespace

absl::Status WriteGrayPng(const std::filesystem::path& path, const Image& image,
                          const std::map<std::string, std::string>& texts) {
  Output output;
  png_structp png =
      png_create_write_struct(PNG_LIBPNG_VER_STRING, &output, KeepError, PassOverWarning);
  png_infop info = png == nullptr ? nullptr : png_create_info_struct(png);
  bool written = false;
  if (info != nullptr) {
    png_set_write_fn(png, &output, Append, Flush);
    std::vector<uint16_t> samples = Samples(image);
    std::vector<png_bytep> rows;
    for (int y = 0; y < image.height(); ++y) {
      rows.push_back(reinterpret_cast<png_bytep>(
          samples.data() + static_cast<size_t>(y) * static_cast<size_t>(image.width())));
    }
    written = Encode(png, info, image, &rows, Texts(texts));
  }
  png_destroy_write_struct(&png, &info);
  if (!written) {
    if (output.error.empty()) return OutOfMemory("no memory to make the PNG " + path.string());
    return absl::InternalError("can't make the PNG " + path.string() + ": " + output.error);
  }
  return WriteFileAtomically(path, output.bytes);
}

}  // namespace stereofarm
