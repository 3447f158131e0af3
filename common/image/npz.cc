#include "common/image/npz.h"

#include <array>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"

namespace stereofarm {
namespace {

// Both formats are little-endian, as are the machines.
template <typename Number>
void Append(Number number, std::string* out) {
  char bytes[sizeof(number)];
  std::memcpy(bytes, &number, sizeof(number));
  out->append(bytes, sizeof(number));
}

constexpr std::array<uint32_t, 256> CrcTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0u);
    table[i] = crc;
  }
  return table;
}

// Of ISO 3309, as zip archives have it.
uint32_t Crc32(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = CrcTable();
  uint32_t crc = 0xffffffffu;
  for (const char byte : bytes) {
    crc = (crc >> 8) ^ kTable[(crc ^ static_cast<uint8_t>(byte)) & 0xffu];
  }
  return ~crc;
}

constexpr uint16_t kVersion = 20;     // of the format: 2.0
constexpr uint16_t kFirstDay = 0x21;  // 1980-01-01, the first that there is
constexpr uint64_t kMostBytes = 0xfffffffeu;

// What stands alike in front of a member and in the directory behind them all.
void AppendDescription(const std::string& name, uint32_t crc, uint32_t size, std::string* out) {
  Append(kVersion, out);
  Append(uint16_t{0}, out);  // flags
  Append(uint16_t{0}, out);  // stored
  Append(uint16_t{0}, out);  // midnight
  Append(kFirstDay, out);
  Append(crc, out);
  Append(size, out);
  Append(size, out);
  Append(static_cast<uint16_t>(name.size()), out);
  Append(uint16_t{0}, out);  // extra fields
}

}  // namespace

void NpzWriter::Add(const std::string& name, const std::string& type, const std::string& shape,
                    std::string_view values) {
  std::string header =
      absl::StrFormat("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", type, shape);
  constexpr size_t kPreamble = 10;
  constexpr size_t kAlign = 64;
  // The values begin at a multiple of 64 of the member, behind a line's end.
  const size_t used = kPreamble + header.size() + 1;
  header.append((kAlign - used % kAlign) % kAlign, ' ');
  header += '\n';
  Member member{name + ".npy", std::string("\x93NUMPY\x01\x00", 8)};
  member.bytes.reserve(kPreamble + header.size() + values.size());
  Append(static_cast<uint16_t>(header.size()), &member.bytes);
  member.bytes += header;
  member.bytes += values;
  members_.push_back(std::move(member));
}

void NpzWriter::AddPicture(const std::string& name, const Image& image) {
  const size_t row = static_cast<size_t>(image.width()) * sizeof(float);
  std::string values(row * static_cast<size_t>(image.height()), '\0');
  for (int y = 0; y < image.height(); ++y) {
    std::memcpy(values.data() + row * static_cast<size_t>(y), image.Row(0, y), row);
  }
  Add(name, "<f4", absl::StrFormat("(1, %d, %d)", image.height(), image.width()), values);
}

void NpzWriter::AddNumber(const std::string& name, int64_t value) {
  std::string bytes;
  Append(value, &bytes);
  Add(name, "<i8", "(1,)", bytes);
}

void NpzWriter::AddNumber(const std::string& name, double value) {
  std::string bytes;
  Append(value, &bytes);
  Add(name, "<f8", "(1,)", bytes);
}

absl::Status NpzWriter::Write(const std::filesystem::path& path) const {
  uint64_t total = 0;
  for (const Member& member : members_) total += member.bytes.size() + 256;
  if (total > kMostBytes) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s: %d bytes are too many for an .npz file", path.string(), total));
  }
  std::string archive;
  archive.reserve(total);
  std::string directory;
  for (const Member& member : members_) {
    const auto offset = static_cast<uint32_t>(archive.size());
    const uint32_t crc = Crc32(member.bytes);
    const auto size = static_cast<uint32_t>(member.bytes.size());
    Append(uint32_t{0x04034b50}, &archive);
    AppendDescription(member.name, crc, size, &archive);
    archive += member.name;
    archive += member.bytes;
    Append(uint32_t{0x02014b50}, &directory);
    Append(kVersion, &directory);  // made by
    AppendDescription(member.name, crc, size, &directory);
    Append(uint16_t{0}, &directory);  // comment
    Append(uint16_t{0}, &directory);  // disk
    Append(uint16_t{0}, &directory);  // internal attributes
    Append(uint32_t{0}, &directory);  // external attributes
    Append(offset, &directory);
    directory += member.name;
  }
  const auto begin = static_cast<uint32_t>(archive.size());
  archive += directory;
  const auto count = static_cast<uint16_t>(members_.size());
  Append(uint32_t{0x06054b50}, &archive);
  Append(uint16_t{0}, &archive);
  Append(uint16_t{0}, &archive);
  Append(count, &archive);
  Append(count, &archive);
  Append(static_cast<uint32_t>(directory.size()), &archive);
  Append(begin, &archive);
  Append(uint16_t{0}, &archive);  // comment
  return WriteFileAtomically(path, archive);
}

}  // namespace stereofarm
