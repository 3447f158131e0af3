#ifndef STEREOFARM_TESTS_UNIT_MODELS_WEIGHTS_MADE_CHECKPOINT_H_
#define STEREOFARM_TESTS_UNIT_MODELS_WEIGHTS_MADE_CHECKPOINT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stereofarm {

// Opcodes of pickles (protocol 2), to be joined. A whole pickle is Pickled(value).
std::string Pickled(std::string_view value);
std::string PickledText(std::string_view text);
std::string PickledInt(int64_t value);
std::string PickledTuple(const std::vector<std::string>& items);
std::string PickledGlobal(std::string_view module, std::string_view name);
// A plain dictionary by PickledText keys.
std::string PickledDict(const std::vector<std::pair<std::string, std::string>>& items);
std::string PickledStorage(std::string_view storage_class, std::string_view key, int64_t count);
std::string PickledTensor(std::string_view storage, int64_t offset,
                          const std::vector<int64_t>& shape, const std::vector<int64_t>& strides);
// The same on a storage of its own of floats, row-major.
std::string PickledFloats(std::string_view key, const std::vector<int64_t>& shape);

// A little-endian number of so many bytes.
std::string Number(uint64_t value, int bytes);

struct ZipOptions {
  bool zip64 = false;  // sizes and places in the fields of zip64 only
  int method = 0;
  int flags = 0;
};
// An archive of stored members.
std::string MadeZip(const std::vector<std::pair<std::string, std::string>>& members,
                    const ZipOptions& options = {});

// A checkpoint: of PyTorch since 1.6, and of before. `storages`: key and bytes; of the older format
// floats all.
std::string MadeCheckpoint(std::string_view object,
                           const std::vector<std::pair<std::string, std::string>>& storages);
std::string MadeLegacyCheckpoint(std::string_view object,
                                 const std::vector<std::pair<std::string, std::string>>& storages);

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_UNIT_MODELS_WEIGHTS_MADE_CHECKPOINT_H_
