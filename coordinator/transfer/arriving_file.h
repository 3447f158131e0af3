#ifndef STEREOFARM_COORDINATOR_TRANSFER_ARRIVING_FILE_H_
#define STEREOFARM_COORDINATOR_TRANSFER_ARRIVING_FILE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/hash.h"
#include "common/base/status.h"

namespace stereofarm {

// How much of a file is there.
struct Arrival {
  int64_t size = 0;
  bool complete = false;
};

// A file that comes in pieces, over several calls if need be. Until its last byte is there and its
// hash is right, it's called `path` + kPartSuffix; then it's flushed and takes its name. One at a
// time writes it.
class ArrivingFile {
 public:
  static constexpr char kPartSuffix[] = ".part";

  // What is there of the file `path`: nothing at all is a size of 0.
  static absl::StatusOr<Arrival> At(const std::filesystem::path& path);

  // Begins a piece at `offset`; at 0 what was there before is dropped. `size` and `sha256`: of the
  // whole file. Makes the folder. OutOfRange: the last piece didn't end at `offset`; Aborted:
  // another call writes the same file at the moment; ResourceExhausted: the disk is full.
  static absl::StatusOr<std::unique_ptr<ArrivingFile>> Open(const std::filesystem::path& path,
                                                            int64_t offset, int64_t size,
                                                            const std::string& sha256);
  ~ArrivingFile();
  ArrivingFile(const ArrivingFile&) = delete;
  ArrivingFile& operator=(const ArrivingFile&) = delete;

  // InvalidArgument: more than was announced; nothing of `data` is written.
  absl::Status Append(std::string_view data);
  // Ends the piece. DataLoss: all is there, but it has another hash; it's dropped.
  absl::StatusOr<Arrival> Finish();

 private:
  ArrivingFile(std::filesystem::path path, int64_t offset, int64_t size, std::string sha256);
  absl::Status OpenPart();

  const std::filesystem::path path_;
  const std::filesystem::path part_;
  const int64_t size_;
  const std::string sha256_;
  int fd_ = -1;
  int64_t at_;
  std::optional<Sha256> hash_;  // of all so far, when this piece is the first
};

}  // namespace stereofarm

#endif  // STEREOFARM_COORDINATOR_TRANSFER_ARRIVING_FILE_H_
