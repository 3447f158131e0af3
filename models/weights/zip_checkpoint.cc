#include "models/weights/zip_checkpoint.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "models/weights/quoted.h"
#include "models/weights/zip_directory.h"

namespace stereofarm {
namespace {

bool IsText(std::span<const std::byte> bytes, std::string_view text) {
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()) == text;
}

}  // namespace

absl::StatusOr<SavedObject> ReadZipCheckpoint(std::span<const std::byte> file) {
  SF_ASSIGN_OR_RETURN(const ZipDirectory directory, ReadZipDirectory(file));
  if (directory.empty()) return absl::InvalidArgumentError("its zip archive is empty");
  const std::string& first = directory.begin()->first;
  const std::string folder = first.substr(0, first.find('/') + 1);
  const auto pickled = directory.find(folder + "data.pkl");
  if (pickled == directory.end()) {
    return absl::InvalidArgumentError("it is a zip archive, but not one of torch.save");
  }
  if (directory.contains(folder + "constants.pkl")) {
    return absl::InvalidArgumentError(
        "it is a TorchScript file, a program with its weights, not a file of weights alone");
  }
  const auto order = directory.find(folder + "byteorder");
  if (order != directory.end() && !IsText(order->second, "little")) {
    return absl::InvalidArgumentError(
        "its values are big-endian; save it again on another machine");
  }
  if (pickled->second.size() > kMaxPickleBytes) {
    return absl::InvalidArgumentError(
        absl::StrFormat("its pickle has %d bytes, over the %d that are read",
                        pickled->second.size(), kMaxPickleBytes));
  }
  SF_ASSIGN_OR_RETURN(Pickle pickle, ReadPickle(pickled->second));
  SavedObject saved{std::move(pickle), {}};
  for (const PickledValue& value : saved.pickle.values) {
    if (value.kind != PickledValue::Kind::kStorage) continue;
    const auto content = directory.find(folder + "data/" + std::string(value.text));
    if (content == directory.end()) {
      return absl::InvalidArgumentError(
          absl::StrFormat("its storage %s is missing", Quoted(value.text)));
    }
    saved.storages[value.text] = content->second;
  }
  return saved;
}

}  // namespace stereofarm
