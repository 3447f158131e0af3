#include "models/weights/weight_file.h"

#include <utility>

#include "models/weights/checkpoint.h"
#include "models/weights/safetensors.h"

namespace stereofarm {
namespace {

absl::StatusOr<StoredTensors> ReadTensors(std::span<const std::byte> file) {
  if (LooksLikeSafetensors(file)) return ReadSafetensors(file);
  if (LooksLikeCheckpoint(file)) return ReadCheckpoint(file);
  return absl::InvalidArgumentError("it is neither a safetensors file nor a checkpoint of PyTorch");
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
