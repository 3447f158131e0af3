#include "tests/unit/media/film_maker.h"

#include <stdlib.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <sstream>

#include "absl/strings/str_format.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "common/media/frame_index.h"

extern "C" const char* __lsan_default_suppressions();

namespace stereofarm {
namespace fs = std::filesystem;

bool Run(const std::string& command) {
  return system((command + " > /dev/null 2>&1 < /dev/null").c_str()) == 0;
}

std::optional<std::string> Output(const std::string& command) {
  FILE* pipe = popen((command + " 2> /dev/null < /dev/null").c_str(), "r");
  if (pipe == nullptr) return std::nullopt;
  std::string text;
  char buffer[4096];
  size_t got = 0;
  while ((got = fread(buffer, 1, sizeof(buffer), pipe)) > 0) text.append(buffer, got);
  if (pclose(pipe) != 0) return std::nullopt;
  return text;
}

bool HaveFfmpeg() {
  static const bool have = Run("ffmpeg -version") && Run("ffprobe -version");
  return have;
}

bool Ffmpeg(const std::string& arguments) {
  return Run("ffmpeg -v error -nostdin -y " + arguments);
}

std::vector<int64_t> ProbedPts(const fs::path& film) {
  const std::optional<std::string> text = Output(
      "ffprobe -v quiet -select_streams v:0 -show_entries "
      "frame=best_effort_timestamp -of csv=p=0 '" +
      film.string() + "'");
  std::vector<int64_t> pts;
  if (!text.has_value()) return pts;
  std::istringstream lines(*text);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.empty() || line.front() == ',') continue;
    pts.push_back(line.front() == 'N' ? kNoTimestamp : std::strtoll(line.c_str(), nullptr, 10));
  }
  return pts;
}

uint64_t HashOf(const Picture& picture) {
  uint64_t hash = 14695981039346656037u;  // FNV-1a
  for (int i = 0; i < picture.plane_count(); ++i) {
    const Picture::PlaneView plane = picture.plane(i);
    const int bytes = plane.width * picture.bytes_per_sample();
    for (int y = 0; y < plane.height; ++y) {
      const uint8_t* row = plane.data + y * plane.stride;
      int x = 0;
      for (; x + 8 <= bytes; x += 8) {
        uint64_t word = 0;
        std::memcpy(&word, row + x, 8);
        hash = (hash ^ word) * 1099511628211u;
        hash ^= hash >> 29;
      }
      for (; x < bytes; ++x) hash = (hash ^ row[x]) * 1099511628211u;
    }
  }
  return hash;
}

Picture TestPicture(const std::string& pixel_format, int width, int height, int number) {
  absl::StatusOr<Picture> picture = Picture::Create(pixel_format, width, height);
  SF_CHECK(picture.ok());
  int bits = 8;
  for (const int depth : {9, 10, 12, 14, 16}) {
    if (pixel_format.find(absl::StrFormat("%d", depth)) != std::string::npos &&
        picture->bytes_per_sample() == 2) {
      bits = depth;
    }
  }
  const std::unique_ptr<Random> random = SeededRandom(static_cast<uint64_t>(number) + 1);
  for (int i = 0; i < picture->plane_count(); ++i) {
    const Picture::PlaneView plane = picture->plane(i);
    uint8_t* data = picture->mutable_plane(i);
    const uint64_t offset = random->Next() % 64;
    for (int y = 0; y < plane.height; ++y) {
      for (int x = 0; x < plane.width; ++x) {
        const int shade =
            (x * (3 + i) + y * (5 - i) + number * 7 + static_cast<int>(offset)) % 200 + 28;
        if (picture->bytes_per_sample() == 1) {
          data[y * plane.stride + x] = static_cast<uint8_t>(shade);
        } else {
          const int value = shade << (bits - 8) | (x & 3);
          reinterpret_cast<uint16_t*>(data + y * plane.stride)[x] = static_cast<uint16_t>(value);
        }
      }
    }
  }
  return std::move(*picture);
}

}  // namespace stereofarm

// x265 keeps what it copied of its own parameters; nothing of that is ours to free.
extern "C" const char* __lsan_default_suppressions() { return "leak:libx265\n"; }
