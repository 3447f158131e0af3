#ifndef STEREOFARM_COMMON_EXR_OUTPUT_FILE_H_
#define STEREOFARM_COMMON_EXR_OUTPUT_FILE_H_

#include <OpenEXR/ImfIO.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>

#include "common/base/status.h"

namespace stereofarm {

// A file that OpenEXR writes to. What goes wrong is remembered, since OpenEXR's own files swallow
// what they meet when they're closed. Unless Close says that all is well, the file is removed.
class ExrOutputFile : public Imf::OStream {
 public:
  explicit ExrOutputFile(const std::filesystem::path& path);
  ~ExrOutputFile() override;
  ExrOutputFile(const ExrOutputFile&) = delete;
  ExrOutputFile& operator=(const ExrOutputFile&) = delete;

  // The first thing that went wrong, if anything did: ResourceExhausted when the disk is full.
  absl::Status status() const;
  // Hands the rest to the kernel.
  absl::Status Close();

  // OpenEXR's: they throw where they fail.
  void write(const char bytes[], int count) override;
  uint64_t tellp() override;
  void seekp(uint64_t position) override;

 private:
  [[noreturn]] void Fail();

  const std::filesystem::path path_;
  std::FILE* file_;
  int error_ = 0;
  bool unfinished_ = false;  // there is a file that must not stay
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_EXR_OUTPUT_FILE_H_
