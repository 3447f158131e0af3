#include "models/weights/weight_file.h"

#include <utility>

#include "models/weights/safetensors.h"

namespace stereofarm {
namespace {

absl::StatusOr<StoredTensors> ReadTensors(std::span<const std::byte> file) {
  if (LooksLikeSafetensors(file)) return ReadSafetensors(file);
  return absl::InvalidArgumentError("it is no safetensors file");
}

}  // namespace

absl::StatusOr<std::shared_ptr<const WeightFile>> WeightFile::Open(
    const std::filesystem::path& path) {
  SF_ASSIGN_OR_RETURN(MappedFile file, MappedFile::Open(path));
  auto stored = ReadTensors(file.bytes());
  if (!stored.ok()) {
    return Annotate(stored.status(), "cannot read weights from " + path.string());
  }
  return std::shared_ptr<const WeightFile>(
      new WeightFile(path, std::move(file), *std::move(stored)));
}

}  // namespace stereofarm
