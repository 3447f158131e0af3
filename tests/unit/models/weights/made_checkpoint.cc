#include "tests/unit/models/weights/made_checkpoint.h"

namespace stereofarm {

std::string Number(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>((value >> (8 * i)) & 0xff);
  return text;
}

std::string Pickled(std::string_view value) { return "\x80\x02" + std::string(value) + "."; }

std::string PickledText(std::string_view text) {
  return "X" + Number(text.size(), 4) + std::string(text);
}

std::string PickledInt(int64_t value) {
  return "\x8a\x08" + Number(static_cast<uint64_t>(value), 8);
}

std::string PickledTuple(const std::vector<std::string>& items) {
  std::string tuple = "(";
  for (const std::string& item : items) tuple += item;
  return tuple + "t";
}

std::string PickledGlobal(std::string_view module, std::string_view name) {
  return "c" + std::string(module) + "\n" + std::string(name) + "\n";
}

std::string PickledDict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string dict = "}(";
  for (const auto& [key, value] : items) dict += PickledText(key) + value;
  return dict + "u";
}

std::string PickledStorage(std::string_view storage_class, std::string_view key, int64_t count) {
  return PickledTuple({PickledText("storage"), PickledGlobal("torch", storage_class),
                       PickledText(key), PickledText("cpu"), PickledInt(count)}) +
         "Q";
}

std::string PickledTensor(std::string_view storage, int64_t offset,
                          const std::vector<int64_t>& shape, const std::vector<int64_t>& strides) {
  const auto tuple = [](const std::vector<int64_t>& numbers) {
    std::vector<std::string> items;
    for (const int64_t number : numbers) items.push_back(PickledInt(number));
    return PickledTuple(items);
  };
  return PickledGlobal("torch._utils", "_rebuild_tensor_v2") +
         PickledTuple({std::string(storage), PickledInt(offset), tuple(shape), tuple(strides),
                       "\x89", PickledGlobal("collections", "OrderedDict") + ")R"}) +
         "R";
}

std::string PickledFloats(std::string_view key, const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t count = 1;
  for (size_t i = shape.size(); i-- > 0;) {
    strides[i] = count;
    count *= shape[i];
  }
  return PickledTensor(PickledStorage("FloatStorage", key, count), 0, shape, strides);
}

std::string MadeZip(const std::vector<std::pair<std::string, std::string>>& members,
                    const ZipOptions& options) {
  std::string archive, central;
  const auto common = [&](const std::string& name, const std::string& content, size_t extra) {
    return Number(static_cast<uint64_t>(options.flags), 2) +
           Number(static_cast<uint64_t>(options.method), 2) + Number(0, 8) +
           (options.zip64 ? Number(~0u, 4) + Number(~0u, 4)
                          : Number(content.size(), 4) + Number(content.size(), 4)) +
           Number(name.size(), 2) + Number(extra, 2);
  };
  for (const auto& [name, content] : members) {
    const uint64_t header = archive.size();
    archive += "PK\x03\x04" + Number(20, 2) + common(name, content, 4) + name + "FB" + Number(0, 2);
    archive += content;
    const std::string field = options.zip64
                                  ? Number(1, 2) + Number(24, 2) + Number(content.size(), 8) +
                                        Number(content.size(), 8) + Number(header, 8)
                                  : "";
    central += "PK\x01\x02" + Number(20, 2) + Number(20, 2) + common(name, content, field.size()) +
               Number(0, 2) + Number(0, 8) + (options.zip64 ? Number(~0u, 4) : Number(header, 4)) +
               name + field;
  }
  const uint64_t begin = archive.size();
  archive += central;
  if (options.zip64) {
    const uint64_t record = archive.size();
    archive += "PK\x06\x06" + Number(44, 8) + Number(45, 2) + Number(45, 2) + Number(0, 8) +
               Number(members.size(), 8) + Number(members.size(), 8) + Number(central.size(), 8) +
               Number(begin, 8);
    archive += "PK\x06\x07" + Number(0, 4) + Number(record, 8) + Number(1, 4);
    return archive + "PK\x05\x06" + Number(0, 4) + Number(~0u, 4) + Number(~0u, 4) +
           Number(~0u, 4) + Number(0, 2);
  }
  return archive + "PK\x05\x06" + Number(0, 4) + Number(members.size(), 2) +
         Number(members.size(), 2) + Number(central.size(), 4) + Number(begin, 4) + Number(0, 2);
}

std::string MadeCheckpoint(std::string_view object,
                           const std::vector<std::pair<std::string, std::string>>& storages) {
  std::vector<std::pair<std::string, std::string>> members = {{"made/data.pkl", Pickled(object)},
                                                              {"made/byteorder", "little"}};
  for (const auto& [key, bytes] : storages) members.emplace_back("made/data/" + key, bytes);
  members.emplace_back("made/version", "3\n");
  return MadeZip(members);
}

std::string MadeLegacyCheckpoint(std::string_view object,
                                 const std::vector<std::pair<std::string, std::string>>& storages) {
  std::string file = Pickled("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") +
                     Pickled(PickledInt(1001)) + Pickled(PickledDict({{"little_endian", "\x88"}})) +
                     Pickled(object);
  std::string keys = "](";
  std::string content;
  for (const auto& [key, bytes] : storages) {
    keys += PickledText(key);
    content += Number(bytes.size() / 4, 8) + bytes;
  }
  return file + Pickled(keys + "e") + content;
}

}  // namespace stereofarm
