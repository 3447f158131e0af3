#include "common/exr/gray_png.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/file_system.h"

namespace stereofarm {
namespace {

constexpr int kCompression = 6;  // zlib's own choice between size and time
constexpr size_t kPixel = 2;     // bytes
constexpr char kPaeth = 4;       // the filter of every row

void AppendBigEndian(uint32_t number, std::string* out) {
  for (const int shift : {24, 16, 8, 0}) out->push_back(static_cast<char>(number >> shift & 0xff));
}

void AppendChunk(const std::string& type, std::string_view content, std::string* png) {
  AppendBigEndian(static_cast<uint32_t>(content.size()), png);
  const size_t begin = png->size();
  *png += type;
  *png += content;
  const auto* checked = reinterpret_cast<const Bytef*>(png->data() + begin);
  AppendBigEndian(static_cast<uint32_t>(crc32(0, checked, static_cast<uInt>(png->size() - begin))),
                  png);
}

// Of left, above and above left, the one nearest to left + above - above left (the PNG standard,
// 9.4).
uint8_t Paeth(int left, int above, int corner) {
  const int to_left = std::abs(above - corner), to_above = std::abs(left - corner);
  const int to_corner = std::abs(left + above - 2 * corner);
  if (to_left <= to_above && to_left <= to_corner) return static_cast<uint8_t>(left);
  return static_cast<uint8_t>(to_above <= to_corner ? above : corner);
}

// Each row: the filter's number, then bytes less what is foretold of them.
std::string Filtered(const Image& image) {
  const size_t bytes = static_cast<size_t>(image.width()) * kPixel;
  // With the pixel before the first, which is 0.
  std::vector<uint8_t> row(kPixel + bytes), above(kPixel + bytes);
  std::string rows;
  rows.reserve((bytes + 1) * static_cast<size_t>(image.height()));
  for (int y = 0; y < image.height(); ++y) {
    const float* in = image.Row(0, y);
    for (int x = 0; x < image.width(); ++x) {
      const auto value = static_cast<uint16_t>(std::lround(std::clamp(in[x], 0.0f, 1.0f) * 65535));
      uint8_t* out = &row[kPixel + static_cast<size_t>(x) * kPixel];
      out[0] = static_cast<uint8_t>(value >> 8);
      out[1] = static_cast<uint8_t>(value & 0xff);
    }
    rows.push_back(kPaeth);
    for (size_t i = kPixel; i < row.size(); ++i) {
      rows.push_back(
          static_cast<char>(row[i] - Paeth(row[i - kPixel], above[i], above[i - kPixel])));
    }
    std::swap(row, above);
  }
  return rows;
}

}  // namespace

absl::Status WriteGrayPng(const std::filesystem::path& path, const Image& image,
                          const std::map<std::string, std::string>& texts) {
  std::string header;
  AppendBigEndian(static_cast<uint32_t>(image.width()), &header);
  AppendBigEndian(static_cast<uint32_t>(image.height()), &header);
  header += std::string("\x10\0\0\0\0", 5);  // 16 bits, grey, the only methods, not interlaced
  const std::string rows = Filtered(image);
  uLongf size = compressBound(rows.size());
  std::string packed(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                reinterpret_cast<const Bytef*>(rows.data()), rows.size(), kCompression) != Z_OK) {
    return OutOfMemory("no memory to compress " + path.string());
  }
  std::string png = "\x89PNG\r\n\x1a\n";
  AppendChunk("IHDR", header, &png);
  for (const auto& [name, value] : texts) AppendChunk("tEXt", name + '\0' + value, &png);
  AppendChunk("IDAT", std::string_view(packed).substr(0, size), &png);
  AppendChunk("IEND", "", &png);
  return WriteFileAtomically(path, png);
}

}  // namespace stereofarm
