#include "common/exr/open_image_io.h"

#include <OpenImageIO/imageio.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

#include "absl/strings/str_format.h"
#include "common/base/file_system.h"

namespace stereofarm {

void OpenImageIoOnOneThread() {
  static std::once_flag once;
  std::call_once(once, [] {
    OIIO::attribute("threads", 1);
    OIIO::attribute("exr_threads", -1);
  });
}

absl::Status PictureWriteFailure(const std::filesystem::path& path, const std::string& error,
                                 int code) {
  unlink(path.c_str());
  if (code == ENOSPC || code == EDQUOT || code == EACCES) {
    return ErrnoStatus(code, "cannot write " + path.string());
  }
  return absl::InternalError(absl::StrFormat("cannot write %s: %s", path.string(), error));
}

}  // namespace stereofarm
