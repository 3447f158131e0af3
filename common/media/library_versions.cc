#include "common/media/library_versions.h"

#include <zimg.h>

#include "absl/strings/str_format.h"
#include "common/media/ffmpeg.h"

namespace stereofarm {

std::string MediaLibraryVersions() {
  unsigned major = 0;
  unsigned minor = 0;
  unsigned micro = 0;
  zimg_get_version_info(&major, &minor, &micro);
  return absl::StrFormat("ffmpeg%s/zimg%d.%d.%d", av_version_info(), major, minor, micro);
}

}  // namespace stereofarm
