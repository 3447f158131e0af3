#include "common/media/film_fingerprint.h"

#include <cstdint>
#include <fstream>
#include <string_view>

#include "absl/strings/str_format.h"
#include "common/media/film_writer.h"
#include "common/media/source_file.h"

namespace stereofarm {
namespace {

// Names our box among all "uuid" boxes (ISO 14496-12, 4.2).
constexpr std::string_view kBoxId = "stereofarm:job:1";
static_assert(kBoxId.size() == 16);
constexpr size_t kBoxHeader = 8;
constexpr size_t kLargestFingerprint = 4096;

uint64_t BigEndian(const char* bytes, int count) {
  uint64_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

// The content of our box, from one top-level box to the next.
std::string ReadBox(const std::filesystem::path& film) {
  std::ifstream file(film, std::ios::binary);
  uint64_t at = 0;
  char header[16];
  while (file.seekg(static_cast<std::streamoff>(at)) && file.read(header, kBoxHeader)) {
    uint64_t size = BigEndian(header, 4);
    const std::string_view type(header + 4, 4);
    if (size == 1) {
      if (!file.read(header + kBoxHeader, 8)) break;
      size = BigEndian(header + kBoxHeader, 8);
    }
    if (size < kBoxHeader) break;
    if (type == "uuid" && size >= kBoxHeader + kBoxId.size() &&
        size <= kBoxHeader + kBoxId.size() + kLargestFingerprint) {
      std::string body(static_cast<size_t>(size) - kBoxHeader, '\0');
      if (!file.read(body.data(), static_cast<std::streamsize>(body.size()))) break;
      if (std::string_view(body).substr(0, kBoxId.size()) == kBoxId) {
        return body.substr(kBoxId.size());
      }
    }
    at += size;
  }
  return "";
}

}  // namespace

void TagFingerprint(const std::string& fingerprint, const Container& container,
                    AVFormatContext* film) {
  if (fingerprint.empty() || container.mp4_family) return;
  av_dict_set(&film->metadata, kFingerprintTag, fingerprint.c_str(), 0);
}

absl::Status AppendFingerprint(const std::string& fingerprint, const Container& container,
                               const std::filesystem::path& film) {
  if (fingerprint.empty() || !container.mp4_family) return absl::OkStatus();
  if (fingerprint.size() > kLargestFingerprint) {
    return absl::InvalidArgumentError("a film's fingerprint is too long");
  }
  std::string box;
  const auto size = static_cast<uint32_t>(kBoxHeader + kBoxId.size() + fingerprint.size());
  for (int shift = 24; shift >= 0; shift -= 8) box.push_back(static_cast<char>(size >> shift));
  box += "uuid";
  box += std::string(kBoxId) + fingerprint;
  std::ofstream file(film, std::ios::binary | std::ios::app);
  file.write(box.data(), static_cast<std::streamsize>(box.size()));
  file.close();
  if (!file) {
    return absl::ResourceExhaustedError(
        absl::StrFormat("cannot write %s to its end", film.string()));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFilmFingerprint(const std::filesystem::path& film) {
  SF_ASSIGN_OR_RETURN(const InputPtr input, OpenSource(film));
  const std::string tag = TagOf(input->metadata, kFingerprintTag);
  return tag.empty() ? ReadBox(film) : tag;
}

}  // namespace stereofarm
