#include "common/exr/output_file.h"

#include <OpenEXR/IexBaseExc.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/base/file_system.h"

namespace stereofarm {

ExrOutputFile::ExrOutputFile(const std::filesystem::path& path)
    : Imf::OStream(path.c_str()), path_(path), file_(std::fopen(path.c_str(), "wbe")) {
  unfinished_ = file_ != nullptr;
  if (file_ == nullptr) error_ = errno;
}

ExrOutputFile::~ExrOutputFile() {
  if (file_ != nullptr) std::fclose(file_);
  if (unfinished_) unlink(path_.c_str());
}

absl::Status ExrOutputFile::status() const {
  if (error_ == 0) return absl::OkStatus();
  return ErrnoStatus(error_, "cannot write " + path_.string());
}

absl::Status ExrOutputFile::Close() {
  if (file_ != nullptr) {
    const bool flushed = std::fclose(file_) == 0;
    if (!flushed && error_ == 0) error_ = errno;
    file_ = nullptr;
  }
  if (error_ == 0) unfinished_ = false;
  return status();
}

void ExrOutputFile::Fail() {
  if (error_ == 0) error_ = errno;
  throw Iex::IoExc(std::strerror(error_));
}

void ExrOutputFile::write(const char bytes[], int count) {
  const size_t size = static_cast<size_t>(count);
  if (std::fwrite(bytes, 1, size, file_) != size) Fail();
}

uint64_t ExrOutputFile::tellp() {
  const off_t position = ftello(file_);
  if (position < 0) Fail();
  return static_cast<uint64_t>(position);
}

void ExrOutputFile::seekp(uint64_t position) {
  if (fseeko(file_, static_cast<off_t>(position), SEEK_SET) != 0) Fail();
}

}  // namespace stereofarm
