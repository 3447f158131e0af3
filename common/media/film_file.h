#ifndef STEREOFARM_COMMON_MEDIA_FILM_FILE_H_
#define STEREOFARM_COMMON_MEDIA_FILM_FILE_H_

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "common/base/byte_source.h"
#include "common/base/file_system.h"

namespace stereofarm {

// Where a film's bytes come from: a file of this machine, or a source that is read in its place.
struct FilmFile {
  FilmFile(std::filesystem::path name, std::shared_ptr<ByteSource> source = nullptr)
      : path(std::move(name)), bytes(std::move(source)) {}
  FilmFile(const std::string& name) : path(name) {}
  FilmFile(const char* name) : path(name) {}

  absl::StatusOr<int64_t> Size() const { return bytes == nullptr ? FileSize(path) : bytes->size(); }

  std::filesystem::path path;  // with `bytes`: its name only, for messages and FFmpeg's guess
  std::shared_ptr<ByteSource> bytes;  // null: the file itself
};

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_FILM_FILE_H_
