#include "common/artifacts/file_fingerprint.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "common/base/hash.h"

namespace stereofarm {
namespace {

constexpr int64_t kPieces = 16;
constexpr int64_t kPieceBytes = 16 << 10;

}  // namespace

absl::StatusOr<FileFingerprint> FingerprintOf(ByteSource* file) {
  FileFingerprint fingerprint;
  fingerprint.size = file->size();
  Sha256 hash;
  hash.Update(absl::StrFormat("%d\n", fingerprint.size));
  std::string piece;
  // Of a file that is no longer than all pieces, these are all of it.
  const int64_t last = std::max<int64_t>(0, fingerprint.size - kPieceBytes);
  for (int64_t i = 0; i < kPieces; ++i) {
    // Without a product that could overflow.
    const int64_t begin = last / (kPieces - 1) * i + last % (kPieces - 1) * i / (kPieces - 1);
    piece.resize(static_cast<size_t>(std::min(kPieceBytes, fingerprint.size - begin)));
    size_t have = 0;
    while (have < piece.size()) {
      SF_ASSIGN_OR_RETURN(const size_t got, file->ReadAt(begin + static_cast<int64_t>(have),
                                                         &piece[have], piece.size() - have));
      if (got == 0) return absl::DataLossError("the file became shorter while it was read");
      have += got;
    }
    hash.Update(piece);
  }
  fingerprint.sha256 = hash.Finish();
  return fingerprint;
}

}  // namespace stereofarm
