#ifndef STEREOFARM_MODELS_WEIGHTS_ZIP_DIRECTORY_H_
#define STEREOFARM_MODELS_WEIGHTS_ZIP_DIRECTORY_H_

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "common/base/status.h"

namespace stereofarm {

// The members of a zip archive by name; they lie in the archive.
using ZipDirectory = std::map<std::string, std::span<const std::byte>>;

// More members than that aren't read.
inline constexpr size_t kMaxZipMembers = 1 << 18;

// Whether the bytes begin as an archive does.
bool LooksLikeZip(std::span<const std::byte> archive);

// Reads the central directory of an archive (zip64 too) whose members are stored, not compressed,
// as torch.save writes them. Every member lies within the archive; their check sums aren't looked
// at. InvalidArgument says what is wrong, and with which member: compressed or encrypted ones,
// names given twice, an archive that is damaged, cut off or in several parts.
absl::StatusOr<ZipDirectory> ReadZipDirectory(std::span<const std::byte> archive);

}  // namespace stereofarm

#endif  // STEREOFARM_MODELS_WEIGHTS_ZIP_DIRECTORY_H_
