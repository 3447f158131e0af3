#include "models/weights/zip_directory.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_format.h"
#include "models/weights/byte_cursor.h"
#include "models/weights/quoted.h"

namespace stereofarm {
namespace {

// Signatures and sizes of the format's records (APPNOTE 6.3, sections 4.3.7 to 4.3.16).
constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kCentralHeader = 0x02014b50;
constexpr uint32_t kEnd = 0x06054b50;
constexpr uint32_t kEnd64 = 0x06064b50;
constexpr uint32_t kEnd64Locator = 0x07064b50;
constexpr size_t kEndBytes = 22;
constexpr size_t kLocatorBytes = 20;
constexpr size_t kLongestComment = 0xffff;
constexpr uint16_t kZip64Field = 1;
constexpr uint16_t kEncrypted = 1;  // a flag

absl::Status Damaged(const std::string& what) {
  return absl::InvalidArgumentError("its zip archive is damaged or was cut off: " + what);
}

uint32_t SignatureAt(std::span<const std::byte> archive, size_t at) {
  uint32_t signature = 0;
  ByteCursor(archive.subspan(at)).Read(&signature);
  return signature;
}

// Where the central directory lies.
struct Central {
  uint64_t begin = 0;
  uint64_t bytes = 0;
  uint64_t members = 0;
};

// The record that a locator before the end record points to, in archives of more than 4 GB or
// 65,535 members.
absl::StatusOr<std::optional<Central>> FindCentral64(std::span<const std::byte> archive,
                                                     size_t end) {
  if (end < kLocatorBytes || SignatureAt(archive, end - kLocatorBytes) != kEnd64Locator) {
    return std::nullopt;
  }
  uint64_t at = 0;
  ByteCursor locator(archive.subspan(end - kLocatorBytes, kLocatorBytes));
  locator.Skip(8);
  locator.Read(&at);
  if (at > end) return Damaged("its zip64 record lies outside");
  ByteCursor record(archive.subspan(static_cast<size_t>(at)));
  uint32_t signature = 0;
  Central central;
  if (!record.Read(&signature) || signature != kEnd64 || !record.Skip(28) ||
      !record.Read(&central.members) || !record.Read(&central.bytes) ||
      !record.Read(&central.begin)) {
    return Damaged("it has no zip64 record");
  }
  return central;
}

absl::StatusOr<Central> FindCentral(std::span<const std::byte> archive) {
  if (archive.size() < kEndBytes) return Damaged("it has no end");
  const size_t first = archive.size() - std::min(archive.size(), kEndBytes + kLongestComment);
  for (size_t at = archive.size() - kEndBytes + 1; at-- > first;) {
    if (SignatureAt(archive, at) != kEnd) continue;
    SF_ASSIGN_OR_RETURN(const auto central64, FindCentral64(archive, at));
    if (central64) return *central64;
    ByteCursor record(archive.subspan(at + 4));
    uint16_t disk = 0, central_disk = 0, members_here = 0, members = 0;
    uint32_t bytes = 0, begin = 0;
    record.Read(&disk);
    record.Read(&central_disk);
    record.Read(&members_here);
    record.Read(&members);
    record.Read(&bytes);
    record.Read(&begin);
    if (disk != 0 || central_disk != 0 || members != members_here) {
      return absl::InvalidArgumentError("its zip archive is one of several parts");
    }
    return Central{begin, bytes, members};
  }
  return Damaged("it has no end");
}

// What the central directory says of one member.
struct Member {
  uint16_t flags = 0;
  uint16_t method = 0;
  uint64_t packed = 0;
  uint64_t size = 0;
  uint64_t header = 0;
  std::string_view name;
};

// Replaces what didn't fit 32 bits by the values of the zip64 field.
bool ReadZip64(ByteCursor extra, Member* member) {
  while (extra.left() >= 4) {
    uint16_t kind = 0, length = 0;
    std::span<const std::byte> content;
    if (!extra.Read(&kind) || !extra.Read(&length) || !extra.Take(length, &content)) return false;
    if (kind != kZip64Field) continue;
    ByteCursor field(content);
    for (uint64_t* value : {&member->size, &member->packed, &member->header}) {
      if (*value == 0xffffffff && !field.Read(value)) return false;
    }
  }
  return true;
}

absl::StatusOr<Member> ReadMember(ByteCursor* central) {
  Member member;
  uint32_t signature = 0, packed = 0, size = 0, header = 0;
  uint16_t name_bytes = 0, extra_bytes = 0, comment_bytes = 0;
  std::span<const std::byte> extra;
  if (!central->Read(&signature) || signature != kCentralHeader || !central->Skip(4) ||
      !central->Read(&member.flags) || !central->Read(&member.method) || !central->Skip(8) ||
      !central->Read(&packed) || !central->Read(&size) || !central->Read(&name_bytes) ||
      !central->Read(&extra_bytes) || !central->Read(&comment_bytes) || !central->Skip(8) ||
      !central->Read(&header) || !central->TakeText(name_bytes, &member.name) ||
      !central->Take(extra_bytes, &extra) || !central->Skip(comment_bytes)) {
    return Damaged("its directory ends early");
  }
  member.packed = packed;
  member.size = size;
  member.header = header;
  if (!ReadZip64(ByteCursor(extra), &member)) {
    return Damaged(absl::StrFormat("the zip64 field of %s", Quoted(member.name)));
  }
  return member;
}

// The bytes of a stored member, behind its own header.
absl::StatusOr<std::span<const std::byte>> ContentOf(std::span<const std::byte> archive,
                                                     const Member& member) {
  const auto refused = [&](const char* what) {
    return absl::InvalidArgumentError(
        absl::StrFormat("its member %s is %s, and torch.save stores", Quoted(member.name), what));
  };
  if ((member.flags & kEncrypted) != 0) return refused("encrypted");
  if (member.method != 0 || member.packed != member.size) return refused("compressed");
  ByteCursor local(archive);
  uint32_t signature = 0;
  uint16_t name_bytes = 0, extra_bytes = 0;
  std::string_view name;
  std::span<const std::byte> content;
  if (!local.Skip(member.header) || !local.Read(&signature) || signature != kLocalHeader ||
      !local.Skip(22) || !local.Read(&name_bytes) || !local.Read(&extra_bytes) ||
      !local.TakeText(name_bytes, &name) || name != member.name || !local.Skip(extra_bytes) ||
      !local.Take(member.size, &content)) {
    return Damaged(
        absl::StrFormat("the member %s isn't where its directory says", Quoted(member.name)));
  }
  return content;
}

}  // namespace

bool LooksLikeZip(std::span<const std::byte> archive) {
  return archive.size() >= 4 && SignatureAt(archive, 0) == kLocalHeader;
}

absl::StatusOr<ZipDirectory> ReadZipDirectory(std::span<const std::byte> archive) {
  SF_ASSIGN_OR_RETURN(const Central where, FindCentral(archive));
  if (where.begin > archive.size() || where.bytes > archive.size() - where.begin) {
    return Damaged("its directory lies outside");
  }
  if (where.members > kMaxZipMembers) {
    return absl::InvalidArgumentError(
        absl::StrFormat("its zip archive has more than %d members", kMaxZipMembers));
  }
  ByteCursor central(
      archive.subspan(static_cast<size_t>(where.begin), static_cast<size_t>(where.bytes)));
  ZipDirectory directory;
  for (uint64_t i = 0; i < where.members; ++i) {
    SF_ASSIGN_OR_RETURN(const Member member, ReadMember(&central));
    SF_ASSIGN_OR_RETURN(const auto content, ContentOf(archive, member));
    if (!directory.emplace(member.name, content).second) {
      return absl::InvalidArgumentError(
          absl::StrFormat("its zip archive holds %s twice", Quoted(member.name)));
    }
  }
  return directory;
}

}  // namespace stereofarm
