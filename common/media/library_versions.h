#ifndef STEREOFARM_COMMON_MEDIA_LIBRARY_VERSIONS_H_
#define STEREOFARM_COMMON_MEDIA_LIBRARY_VERSIONS_H_

#include <string>

namespace stereofarm {

// Versions of what decodes, converts and encodes here, as they're loaded, for the numeric class:
// "ffmpeg5.1.6/zimg3.0.4".
std::string MediaLibraryVersions();

}  // namespace stereofarm

#endif  // STEREOFARM_COMMON_MEDIA_LIBRARY_VERSIONS_H_
