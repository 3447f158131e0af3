#ifndef STEREOFARM_WORKER_TRANSFER_REMOTE_FILM_H_
#define STEREOFARM_WORKER_TRANSFER_REMOTE_FILM_H_

#include <cstdint>
#include <mutex>
#include <string>

#include "common/base/byte_source.h"
#include "worker/transfer/attempt_transfer.h"
#include "worker/transfer/file_cache.h"

namespace stereofarm {

// A film that the coordinator has and this machine hasn't: only the parts that are asked for come
// over, in blocks that the cache keeps for the next tasks, and more of them at a time while the
// reading goes straight on. Without room in the cache it works all the same. Thread-safe.
class RemoteFilm : public ByteSource {
 public:
  static constexpr int64_t kBlock = 1 << 20;

  // What is given outlives this.
  RemoteFilm(FileFingerprint fingerprint, AttemptTransfer* transfer, FileCache* cache)
      : fingerprint_(std::move(fingerprint)), transfer_(transfer), cache_(cache) {}
  int64_t size() const override { return fingerprint_.size; }
  absl::StatusOr<size_t> ReadAt(int64_t offset, char* to, size_t count) override;

 private:
  // With mutex_ locked: makes `number` the block at hand.
  absl::Status Load(int64_t number);
  absl::Status FetchFrom(int64_t number);
  std::string NameOf(int64_t number) const;
  int64_t BytesOf(int64_t number) const;

  const FileFingerprint fingerprint_;
  AttemptTransfer* const transfer_;
  FileCache* const cache_;
  std::mutex mutex_;
  // All guarded by mutex_:
  int64_t number_ = -1;  // the block at hand
  std::string block_;
  int64_t ahead_ = 1;  // blocks that the next fetch brings
  int64_t next_ = -1;  // the block behind the last fetch
};

}  // namespace stereofarm

#endif  // STEREOFARM_WORKER_TRANSFER_REMOTE_FILM_H_
