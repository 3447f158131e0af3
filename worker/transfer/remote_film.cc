#include "worker/transfer/remote_film.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/log.h"
#include "common/base/regular_file.h"

namespace stereofarm {
namespace {

constexpr int64_t kMostAhead = 8;

}  // namespace

std::string RemoteFilm::NameOf(int64_t number) const {
  return absl::StrFormat("films/%s/%d", fingerprint_.sha256, number);
}

int64_t RemoteFilm::BytesOf(int64_t number) const {
  return std::min(kBlock, size() - number * kBlock);
}

absl::StatusOr<size_t> RemoteFilm::ReadAt(int64_t offset, char* to, size_t count) {
  std::lock_guard lock(mutex_);
  if (count == 0 || offset >= size()) return size_t{0};
  if (number_ != offset / kBlock) {
    SF_RETURN_IF_ERROR(Load(offset / kBlock));
  }
  const auto begin = static_cast<size_t>(offset % kBlock);
  const size_t got = std::min(count, block_.size() - begin);
  std::memcpy(to, block_.data() + begin, got);
  return got;
}

absl::Status RemoteFilm::Load(int64_t number) {
  const auto bytes = static_cast<size_t>(BytesOf(number));
  if (const std::unique_ptr<RegularFile> file = cache_->Find(NameOf(number))) {
    std::string block(bytes, '\0');
    const absl::StatusOr<size_t> got = file->ReadAt(0, block.data(), bytes);
    if (got.ok() && *got == bytes) {
      block_ = std::move(block);
      number_ = number;
      return absl::OkStatus();
    }
  }
  return FetchFrom(number);
}

absl::Status RemoteFilm::FetchFrom(int64_t number) {
  ahead_ = number == next_ ? std::min(kMostAhead, 2 * ahead_) : 1;
  const int64_t blocks = (size() + kBlock - 1) / kBlock;
  int64_t end = number + 1;
  while (end < std::min(blocks, number + ahead_) && cache_->Find(NameOf(end)) == nullptr) ++end;
  next_ = end;
  number_ = -1;
  int64_t at = number;
  std::string block;
  const auto take = [&](std::string_view data) {
    while (!data.empty()) {
      const auto want = static_cast<size_t>(BytesOf(at)) - block.size();
      const std::string_view part = data.substr(0, want);
      block += part;
      data.remove_prefix(part.size());
      if (part.size() < want) break;
      if (absl::Status kept = cache_->Put(NameOf(at), block); !kept.ok()) {
        SF_LOG(kWarning) << "a part of the film isn't kept: " << kept.message();
      }
      if (at++ == number) block_ = std::move(block);
      block.clear();
    }
    return absl::OkStatus();
  };
  const int64_t begin = number * kBlock;
  SF_RETURN_IF_ERROR(transfer_->Read({FarmFileKind::kFilm, "", 0}, begin,
                                     std::min(size(), end * kBlock) - begin, take));
  if (at != end) return absl::DataLossError("the film became shorter while it was read");
  number_ = number;
  return absl::OkStatus();
}

}  // namespace stereofarm
