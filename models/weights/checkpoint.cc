#include "models/weights/checkpoint.h"

#include <cstring>

#include "models/weights/legacy_checkpoint.h"
#include "models/weights/state_dict.h"
#include "models/weights/zip_checkpoint.h"
#include "models/weights/zip_directory.h"

namespace stereofarm {
namespace {

bool LooksLikeTar(std::span<const std::byte> file) {
  constexpr size_t kMagicAt = 257;
  return file.size() >= kMagicAt + 5 && std::memcmp(&file[kMagicAt], "ustar", 5) == 0;
}

}  // namespace

bool LooksLikeCheckpoint(std::span<const std::byte> file) {
  return LooksLikeZip(file) || LooksLikeLegacyCheckpoint(file) || LooksLikeTar(file);
}

absl::StatusOr<StoredTensors> ReadCheckpoint(std::span<const std::byte> file) {
  if (LooksLikeZip(file)) {
    SF_ASSIGN_OR_RETURN(const SavedObject saved, ReadZipCheckpoint(file));
    return ReadStateDict(saved);
  }
  if (LooksLikeLegacyCheckpoint(file)) {
    SF_ASSIGN_OR_RETURN(const SavedObject saved, ReadLegacyCheckpoint(file));
    return ReadStateDict(saved);
  }
  return absl::InvalidArgumentError(
      LooksLikeTar(file) ? "it is a tar archive, as PyTorch before 0.1.10 saved them; load it "
                           "there and save its state dict again"
                         : "it is no checkpoint of PyTorch");
}

}  // namespace stereofarm
