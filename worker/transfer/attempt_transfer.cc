#include "worker/transfer/attempt_transfer.h"

#include <time.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/backoff.h"
#include "common/base/file_system.h"
#include "common/base/log.h"
#include "common/base/regular_file.h"

namespace stereofarm {
namespace {

constexpr int64_t kFirstPause = 100'000;
constexpr int64_t kMostPause = 2'000'000;
// Of one call: short enough to end in time for its deadline on a slow line.
constexpr int64_t kPiece = 8 << 20;
// A file that arrives with another hash so often is damaged at its source.
constexpr int kMostSendings = 3;

bool IsPassing(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) || absl::IsAborted(status);
}

}  // namespace

void AttemptTransfer::RealPause(int64_t micros, const TaskProgress& progress) {
  constexpr int64_t kLook = 50'000;
  while (micros > 0 && !progress.cancelled) {
    const timespec step = {0, std::min(micros, kLook) * 1000};
    nanosleep(&step, nullptr);
    micros -= kLook;
  }
}

AttemptTransfer::AttemptTransfer(FarmFiles* farm, const TaskLease& lease,
                                 const TaskProgress* progress, Random* random, Pause pause)
    : farm_(farm), lease_(lease), progress_(progress), random_(random), pause_(std::move(pause)) {}

absl::Status AttemptTransfer::Persist(const std::function<absl::Status(bool* moved)>& call) {
  Backoff backoff(kFirstPause, kMostPause, random_);
  while (true) {
    if (progress_->cancelled) return absl::CancelledError("the task was stopped");
    bool moved = false;
    const absl::Status status = call(&moved);
    if (!IsPassing(status)) return status;
    if (moved) backoff.Reset();
    SF_LOG(kWarning) << lease_.spec.task
                     << ": files wait for the coordinator: " << status.message();
    pause_(backoff.Next(), *progress_);
  }
}

absl::StatusOr<FarmFileFacts> AttemptTransfer::Describe(const FarmFile& file) {
  absl::StatusOr<FarmFileFacts> facts = FarmFileFacts();
  SF_RETURN_IF_ERROR(Persist([&](bool*) {
    facts = farm_->Describe(lease_, file);
    return facts.status();
  }));
  return facts;
}

absl::Status AttemptTransfer::Read(const FarmFile& file, int64_t offset, int64_t length,
                                   const FarmFiles::Take& take) {
  while (length > 0) {
    const int64_t piece = std::min(length, kPiece);
    int64_t got = 0;
    SF_RETURN_IF_ERROR(Persist([&](bool* moved) {
      if (got == piece) return absl::OkStatus();
      return farm_->Read(lease_, file, offset + got, piece - got, [&](std::string_view data) {
        *moved = true;
        got += static_cast<int64_t>(data.size());
        count_.read_bytes += static_cast<int64_t>(data.size());
        if (progress_->cancelled) return absl::CancelledError("the task was stopped");
        return take(data);
      });
    }));
    offset += got;
    length -= got;
    if (got < piece) return absl::OkStatus();  // the end of the file
  }
  return absl::OkStatus();
}

absl::Status AttemptTransfer::Fetch(const FarmFile& file, const std::filesystem::path& path) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  const auto failed = [&] {
    return ErrnoStatus(errno == 0 ? EIO : errno, "cannot write " + path.string());
  };
  if (!out) return failed();
  SF_RETURN_IF_ERROR(Read(file, 0, std::numeric_limits<int64_t>::max(), [&](std::string_view data) {
    errno = 0;
    out.write(data.data(), static_cast<std::streamsize>(data.size()));
    return out ? absl::OkStatus() : failed();
  }));
  errno = 0;
  out.close();
  return out ? absl::OkStatus() : failed();
}

absl::Status AttemptTransfer::SendOn(const WrittenFile& file, ByteSource* bytes,
                                     ArrivedBytes* arrived) {
  bool ask = false;
  return Persist([&](bool* moved) -> absl::Status {
    while (!arrived->complete) {
      if (progress_->cancelled) return absl::CancelledError("the task was stopped");
      if (ask) {
        SF_ASSIGN_OR_RETURN(*arrived, farm_->Arrived(lease_, file));
        if (arrived->size > file.size) *arrived = ArrivedBytes();
        ask = false;
        continue;
      }
      const int64_t piece = std::min(kPiece, file.size - arrived->size);
      const absl::StatusOr<ArrivedBytes> now =
          farm_->Write(lease_, file, arrived->size, piece, bytes);
      if (!now.ok()) {
        ask = true;
        if (absl::IsOutOfRange(now.status())) return absl::AbortedError(now.status().message());
        return now.status();
      }
      *moved = true;
      count_.written_bytes += now->size - arrived->size;
      *arrived = *now;
    }
    return absl::OkStatus();
  });
}

absl::Status AttemptTransfer::Send(const WrittenFile& file, const std::filesystem::path& path) {
  SF_ASSIGN_OR_RETURN(const std::unique_ptr<RegularFile> bytes, RegularFile::Open(path));
  if (bytes->size() != file.size) {
    return absl::InternalError(absl::StrFormat("%s has %d bytes where %d were made", path.string(),
                                               bytes->size(), file.size));
  }
  absl::Status status;
  for (int i = 0; i < kMostSendings; ++i) {
    ArrivedBytes arrived;
    status = SendOn(file, bytes.get(), &arrived);
    if (!absl::IsDataLoss(status)) return status;
  }
  return status;
}

}  // namespace stereofarm
