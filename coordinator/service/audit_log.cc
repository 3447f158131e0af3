#include "coordinator/service/audit_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <system_error>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"
#include "common/base/log.h"
#include "nlohmann/json.hpp"

namespace stereofarm {
namespace fs = std::filesystem;
namespace {

// Lines that wait for a disk with room; what comes after them is lost.
constexpr size_t kMostUnwritten = 1 << 20;

// "2026-11-21T17:03:09.123456Z"
std::string TimeText(int64_t wall_micros) {
  const time_t seconds = static_cast<time_t>(wall_micros / 1'000'000);
  tm parts = {};
  gmtime_r(&seconds, &parts);
  char text[32] = "";
  strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
  return absl::StrFormat("%s.%06dZ", text, wall_micros % 1'000'000);
}

std::string LineOf(const AuditEntry& entry, int64_t wall_micros) {
  nlohmann::ordered_json object = {{"time", TimeText(wall_micros)}};
  for (const auto& [key, value] :
       {std::pair("peer", &entry.peer), std::pair("name", &entry.name),
        std::pair("role", &entry.role), std::pair("method", &entry.method),
        std::pair("job", &entry.job), std::pair("task", &entry.task),
        std::pair("worker", &entry.worker)}) {
    if (!value->empty()) object[key] = *value;
  }
  object["result"] = absl::StatusCodeToString(entry.status.code());
  if (!entry.status.ok()) object["why"] = std::string(entry.status.message());
  // What a caller sent needn't be UTF-8.
  return object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

fs::path Numbered(const fs::path& file, int number) {
  return number == 0 ? file : fs::path(file.string() + absl::StrFormat(".%d", number));
}

}  // namespace

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(fs::path file, Clock* clock,
                                                         int64_t most_bytes) {
  std::unique_ptr<AuditLog> log(new AuditLog(std::move(file), clock, most_bytes));
  absl::MutexLock lock(&log->mutex_);
  // A full disk is waited for, as at any later line.
  if (absl::Status status = log->Try(); !status.ok() && !absl::IsResourceExhausted(status)) {
    return status;
  }
  return log;
}

std::vector<fs::path> AuditLog::FilesOf(const fs::path& file) {
  std::vector<fs::path> files;
  for (int number = 0; number <= kKeptFiles; ++number) files.push_back(Numbered(file, number));
  return files;
}

AuditLog::~AuditLog() {
  absl::MutexLock lock(&mutex_);
  Close();
}

void AuditLog::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
}

absl::Status AuditLog::Reopen() {
  Close();
  fd_ = open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  struct stat info = {};
  if (fd_ < 0 || fstat(fd_, &info) != 0) {
    return ErrnoStatus(errno, "cannot open the audit log " + file_.string());
  }
  size_ = info.st_size;
  // A line that a full disk or a power loss cut off doesn't swallow the next one.
  char last = '\n';
  if (size_ > 0) {
    const int reader = open(file_.c_str(), O_RDONLY | O_CLOEXEC);
    if (reader >= 0) {
      if (pread(reader, &last, 1, size_ - 1) != 1) last = '\n';
      close(reader);
    }
  }
  return last == '\n' ? absl::OkStatus() : Append("\n");
}

absl::Status AuditLog::Rotate() {
  SF_RETURN_IF_ERROR(SyncPath(file_));
  Close();
  for (int number = kKeptFiles; number > 0; --number) {
    const fs::path from = Numbered(file_, number - 1);
    std::error_code error;
    if (fs::exists(from, error)) SF_RETURN_IF_ERROR(Rename(from, Numbered(file_, number)));
  }
  return Reopen();
}

absl::Status AuditLog::Append(const std::string& text) {
  const ssize_t written = write(fd_, text.data(), text.size());
  if (written == static_cast<ssize_t>(text.size())) {
    size_ += written;
    return absl::OkStatus();
  }
  const int error = written < 0 ? errno : ENOSPC;
  return ErrnoStatus(error, "cannot write the audit log " + file_.string());
}

bool AuditLog::IsThere() {
  struct stat open_file = {};
  struct stat named_file = {};
  return last_.ok() && fd_ >= 0 && fstat(fd_, &open_file) == 0 &&
         stat(file_.c_str(), &named_file) == 0 && open_file.st_dev == named_file.st_dev &&
         open_file.st_ino == named_file.st_ino;
}

absl::Status AuditLog::WriteUnwritten() {
  if (!IsThere()) SF_RETURN_IF_ERROR(Reopen());
  if (unwritten_.empty()) return absl::OkStatus();
  if (size_ > 0 && size_ + static_cast<int64_t>(unwritten_.size()) > most_bytes_) {
    SF_RETURN_IF_ERROR(Rotate());
  }
  SF_RETURN_IF_ERROR(Append(unwritten_));
  unwritten_.clear();
  return absl::OkStatus();
}

absl::Status AuditLog::Try() {
  const absl::Status status = WriteUnwritten();
  if (!status.ok() && last_.ok()) {
    SF_LOG(kError) << status.message() << "; people can change nothing until it can be written";
  }
  last_ = status;
  return status;
}

absl::Status AuditLog::Write(const AuditEntry& entry) {
  const std::string line = LineOf(entry, clock_->WallMicros());
  absl::MutexLock lock(&mutex_);
  if (unwritten_.size() + line.size() <= kMostUnwritten) unwritten_ += line;
  return Try();
}

absl::Status AuditLog::CheckWritable() {
  absl::MutexLock lock(&mutex_);
  if (IsThere() || Try().ok()) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrFormat("the farm changes nothing that it can't write down: %s; ask its operator",
                      std::string(last_.message())));
}

}  // namespace stereofarm
